//! The journal of a run: an outbox in a file beside the payments, which one process works on.

use std::path::{Path, PathBuf};

use qbank_files::{Checks, Earlier};
use qbank_outbox::{Command, Intent, Record, Row, Sqlite, State, Status, Store as _, StoreError};
use qbank_proto::Money;
use qbank_proto::calendar::new_york_day;
use qbank_proto::chrono::{DateTime, Utc};

use super::source::Source;
use crate::args::Run;
use crate::failure::Failure;

/// What is sent for a row.
pub(super) fn intent(request: qbank_files::Request) -> Intent {
    match request {
        qbank_files::Request::Ach(it) => Intent::new(it),
        qbank_files::Request::Wire(it) => Intent::new(it),
    }
}

/// An open journal.
pub(super) struct Journal {
    pub(super) path: PathBuf,
    pub(super) store: Sqlite,
    /// The run that is worked on: the digest of its file.
    pub(super) run: String,
}

/// How many rows a run has.
pub(super) fn rows(status: &Status) -> u64 {
    status.depth.iter().map(|(_, rows)| rows).sum()
}

impl Journal {
    /// The journal, if there is one. Nothing is made.
    pub(super) fn look(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let store = Sqlite::open_made(path)?;
        Ok(store.map(|store| Self { path: path.to_owned(), store, run: String::new() }))
    }

    pub(super) fn make(path: &Path, run: &str) -> Result<Self, Failure> {
        let store = Sqlite::migrate(path)?;
        Ok(Self { path: path.to_owned(), store, run: run.to_owned() })
    }

    pub(super) fn status(&self) -> Result<Status, Failure> {
        self.store.status_of_run(&self.run).map_err(Failure::from)
    }

    /// When the run began.
    pub(super) fn began(&self) -> Result<DateTime<Utc>, Failure> {
        let runs = self.store.runs()?;
        let found = runs.into_iter().find(|(run, _)| *run == self.run);
        Ok(found.map_or_else(Utc::now, |(_, began)| began))
    }

    /// A worker sends what is due in a journal, whatever run it is of: what somebody stopped must
    /// not be sent because another file is paid.
    pub(super) fn no_other_is_open(&mut self) -> Result<(), Failure> {
        let other = self.store.status()?.open().saturating_sub(self.status()?.open());
        if other == 0 {
            return Ok(());
        }
        Err(Failure::usage(format!(
            "another run of {} has {other} payments that are still to be sent, and this one would \
             send them as well: give the command of that run first, or another --journal; nothing \
             was sent",
            self.path.display()
        )))
    }

    /// What it has that may be repeated by mistake.
    pub(super) fn earlier(&self, checks: &mut Checks) -> Result<(), Failure> {
        self.store.each(None, |row: Row, intent: Record| {
            if !matches!(row.state, State::Refused | State::Failed | State::Cancelled) {
                let day = intent.effective_date.as_deref().and_then(|day| day.parse().ok());
                let sent = row.first_sent_at.unwrap_or_else(Utc::now);
                checks.earlier(Earlier {
                    payment_id: intent.intent_id,
                    payee_hash: intent.payee_hash,
                    amount: Money::from_cents(intent.amount_cents),
                    day: day.unwrap_or_else(|| new_york_day(sent)),
                });
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(())
    }

    /// Writes all rows down in one transaction, each with the key that it is sent with.
    pub(super) fn enqueue(
        &mut self,
        source: &Source,
        mut checks: Checks,
        hold: bool,
        actor: &str,
    ) -> Result<(), Failure> {
        let rows = source.read()?.map(|row| {
            let mut payment = row.map_err(|error| {
                Failure::rows("the file changed while it was read; nothing was sent", [error])
            })?;
            // It moves days; what it finds is known by now.
            checks.check(&mut payment);
            let intent = intent(payment.request.clone()).id(payment.payment_id);
            let intent = intent.actor(actor).run_id(&source.digest);
            Ok(if hold { intent.hold() } else { intent })
        });
        let last = std::iter::once_with(|| source.is_as_it_was());
        self.store.enqueue_each(rows.chain(last.filter_map(|same| same.err().map(Err))))?;
        Ok(())
    }

    /// The control totals hold for a run that is resumed as well.
    pub(super) fn expects(&self, args: &Run) -> Result<(), Failure> {
        let status = self.status()?;
        let rows = rows(&status);
        let total = Money::checked_sum(status.dollars.iter().map(|(_, dollars)| *dollars));
        let wrong = |what: &str| Failure::usage(format!("{what}; nothing more was sent"));
        if let Some(expected) = args.expect_count.filter(|expected| *expected != rows) {
            return Err(wrong(&format!(
                "the run has {rows} payments, and {expected} are expected"
            )));
        }
        match (args.expect_total, total) {
            (Some(expected), Some(total)) if expected != total => {
                Err(wrong(&format!("the run has {total} dollars, and {expected} are expected")))
            }
            _ => Ok(()),
        }
    }

    /// Releases what is held, as somebody else than who held it, and once that is confirmed.
    /// Whether anything was.
    pub(super) fn approve(
        &mut self,
        actor: &str,
        ask: impl FnOnce(u64, Money) -> Result<(), Failure>,
    ) -> Result<bool, Failure> {
        let (mut held, mut total, mut own) = (Vec::new(), Money::default(), false);
        self.store.each(Some(&self.run), |row: Row, intent: Record| {
            if row.state == State::Held {
                held.push(row.id);
                let amount = Money::from_cents(intent.amount_cents);
                total = total.checked_add(amount).unwrap_or(total);
                own |= intent.actor == actor;
            }
            Ok::<(), StoreError>(())
        })?;
        if own {
            return Err(Failure::usage(format!(
                "{actor} wrote this run down, and somebody else has to approve it; nothing was \
                 approved or sent"
            )));
        }
        if held.is_empty() {
            return Ok(false);
        }
        ask(held.len() as u64, total)?;
        let command = Command::Approve { actor: actor.to_owned() };
        self.store.command_each(&held, &command)?;
        Ok(true)
    }
}
