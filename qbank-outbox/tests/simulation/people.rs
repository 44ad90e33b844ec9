//! What people and the bank do to the store: they enqueue, hold, approve, cancel, decide, stop
//! workers and restore backups; the bank tells of its payments.

use std::time::Duration;

use qbank_outbox::{Command, Intent, Outbox, State, apply_event};
use qbank_proto::endpoint::{Beneficiary, CreateAch, CreateTransfer, CreateWire};
use qbank_proto::{Amount, IdempotencyKey};
use qbank_sandbox::{OPERATING, PAYROLL};

use super::world::{Event, START, TROUBLE, World};

impl World {
    pub(super) fn enqueue(&mut self) {
        let now = self.db_now();
        for n in 0..self.left {
            let amount = Amount::from_cents(i64::try_from(100 + n).unwrap()).unwrap();
            let intent = match self.random.below(4) {
                0 => Intent::new(CreateTransfer::new(OPERATING, PAYROLL, amount)),
                1 => {
                    let to = Beneficiary::new("ACME", "021000021".parse().unwrap(), "123456789");
                    Intent::new(CreateWire::new(OPERATING, to, amount, "INV-7"))
                }
                _ => Intent::new(CreateAch::new(OPERATING, PAYROLL, amount)),
            };
            let key = IdempotencyKey::from_entropy(self.random.bytes());
            let intent = intent.id(format!("INV-{n}")).actor("maker");
            let intent = if self.random.percent(15) { intent.hold() } else { intent };
            self.model.enqueue(intent.record(key).unwrap(), now);
        }
    }

    pub(super) fn operate(&mut self) {
        let now = self.db_now();
        let id = 1 + i64::try_from(self.random.below(self.left)).unwrap();
        let actor = "checker".to_owned();
        let command = match self.random.below(4) {
            0 => Command::Hold { actor },
            1 => Command::Cancel { actor },
            _ => Command::Approve { actor },
        };
        let cancels = matches!(command, Command::Cancel { .. });
        if self.model.command(id, &command, now) && cancels {
            self.seen.cancelled.insert(id);
        }
        if self.time < TROUBLE {
            let next = self.random.any_delay();
            self.after(next, Event::Operate);
        }
    }

    /// The store is as it was; who works on it was stopped.
    pub(super) fn restore(&mut self) {
        let Some(backup) = self.backup.clone() else { return };
        for worker in 0..self.workers.len() {
            if self.workers[worker].outbox.is_some() {
                self.crash(worker);
            }
        }
        self.model = backup;
        self.seen.answered.clear();
        self.seen.cancelled.clear();
        let now = self.db_now();
        for id in 1..=i64::try_from(self.left).unwrap() {
            self.model.command(id, &Command::AfterRestore { actor: "admin".to_owned() }, now);
        }
    }

    /// Somebody has looked at the bank, when nothing was on its way any more.
    pub(super) fn decide(&mut self) {
        let now = self.db_now();
        for id in 1..=i64::try_from(self.model.rows.len()).unwrap() {
            if self.model.row(id).state != State::Reconcile {
                continue;
            }
            let key = self.model.intent(id).idempotency_key.clone();
            let paid = |entry: &qbank_sandbox::LedgerEntry| entry.intent_key.to_string() == key;
            let accepted = self.bank.entries().iter().any(paid);
            let (reason, actor) = ("the statement".to_owned(), "treasurer".to_owned());
            if self.model.command(id, &Command::Decide { accepted, reason, actor }, now) {
                self.seen.decided.insert(id);
            }
        }
        self.after(Duration::from_secs(1800), Event::Decide);
    }

    /// The bank tells where a payment stands, at any time and as often as it likes.
    pub(super) fn webhook(&mut self) {
        let now = self.db_now();
        self.bank.tick(START + self.time);
        let entries = self.bank.entries().len();
        if entries > 0 {
            let at = usize::try_from(self.random.below(entries as u64)).unwrap();
            let payment = self.bank.entries()[at].payment_id;
            if let Some(delivery) = payment.and_then(|payment| self.bank.event_for(payment)) {
                let event = qbank_proto::webhook::Event::parse(&delivery.body).unwrap();
                self.model.apply(|row, intent| {
                    let about = row.payment_id == Some(event.data.payment_id);
                    about.then(|| apply_event(row.clone(), intent, &event, now).1)
                });
            }
        }
        let next = self.random.any_delay();
        if self.time < TROUBLE * 2 {
            self.after(next, Event::Webhook);
        }
    }

    /// Told to stop, and given up after its grace.
    pub(super) fn stop(&mut self, worker: usize, life: u32) {
        self.workers[worker].outbox.as_mut().map(Outbox::stop);
        self.wake(worker, Duration::ZERO);
        self.after(Duration::from_secs(30), Event::GiveUp { worker, life });
    }

    /// What it has sent may still arrive.
    pub(super) fn give_up(&mut self, worker: usize) {
        self.workers[worker].outbox.as_mut().map(Outbox::give_up);
        self.workers[worker].calls.clear();
        self.wake(worker, Duration::ZERO);
    }

    /// The database goes on with another machine's clock.
    pub(super) fn clock_jumps(&mut self) {
        self.database_off = i64::try_from(self.random.below(7_200_000)).unwrap() - 3_600_000;
        if self.time < TROUBLE {
            let next = self.random.long_delay();
            self.after(next, Event::ClockJumps);
        }
    }
}
