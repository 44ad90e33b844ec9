//! What lies between the clients and the bank.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use qbank_proto::{Fault, FaultKind, IdempotencyKey, Now, PaymentId, Ticket};
use uuid::Uuid;

use super::process::START;
use super::random::Random;
use super::trace::short;
use super::trouble::{Gateway, Trouble};
use super::world::{Event, World};
use crate::faults::BankFault;

/// One exchange on its way.
pub(super) struct Carried {
    pub(super) process: usize,
    pub(super) job: usize,
    pub(super) run: u32,
    pub(super) is_token: bool,
    /// A vault asks for the token, not the session.
    pub(super) is_supplied: bool,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) trouble: Trouble,
    pub(super) sent: Now,
    pub(super) timeout: Duration,
    /// The token that its session had when it was sent.
    pub(super) generation: u64,
    /// The response is the bank's own.
    pub(super) genuine: bool,
    /// None once the driver has settled it.
    pub(super) ticket: Option<Ticket>,
    pub(super) request: Request<Bytes>,
    pub(super) outcome: Option<Result<Response<Bytes>, Fault>>,
}

impl World<'_> {
    /// Plans the way to the bank, and the outcome if the request does not get there.
    pub(super) fn carry(&mut self, id: usize, connect_timeout: Duration, random: &mut Random) {
        let there = random.millis(2, 60);
        let soon = random.millis(1, 400);
        let trouble = self.carried[id].trouble;
        let timeout = self.carried[id].timeout;
        let name = self.name(id);
        let uri = self.carried[id].request.uri().clone();
        self.note(|| match trouble {
            Trouble::None => format!("{name}: sends {}", uri.path()),
            _ => format!("{name}: sends {}; network: {trouble:?}", uri.path()),
        });
        match trouble {
            Trouble::Unsent(kind) => {
                let fault = Fault::unsent(kind, "the network let no byte through");
                let after = if kind == FaultKind::Connect { connect_timeout } else { soon };
                self.deliver(id, after, Err(fault));
            }
            Trouble::Lost { reset: true } => self.deliver(id, soon, Err(reset())),
            Trouble::Lost { reset: false } => {}
            Trouble::Before(gateway) => {
                let outcome = gateway.respond(None, START + self.time, self.stranger(id));
                if matches!(gateway, Gateway::ForeignConflict) {
                    let it = &self.carried[id];
                    self.processes[it.process].jobs[it.job].misled = true;
                }
                self.deliver(id, soon, Ok(outcome));
            }
            Trouble::ArrivesAfterReset(after) => {
                self.deliver(id, soon, Err(reset()));
                self.after(after, Event::Arrive { exchange: id, copy: false });
            }
            Trouble::LateRequest(after) => {
                self.after(after, Event::Arrive { exchange: id, copy: false });
            }
            _ => self.after(there, Event::Arrive { exchange: id, copy: false }),
        }
        if matches!(trouble, Trouble::Polled) {
            let it = &self.carried[id];
            let (process, job, run) = (it.process, it.job, it.run);
            for _ in 0..3 {
                self.after(random.millis(0, 8000), Event::Poll { process, job, run });
            }
        }
        if !matches!(trouble, Trouble::TicketLost(_)) {
            self.after(timeout, Event::GiveUp { exchange: id });
        }
    }

    /// A request reaches the bank, and the response is on its way.
    pub(super) fn arrive(&mut self, id: usize, copy: bool) {
        let now = START + self.time;
        let trouble = self.carried[id].trouble;
        match trouble {
            Trouble::TokenRevoked => {
                self.bank.inject(BankFault::revoke_token());
            }
            Trouble::InProcess if self.carried[id].key.is_some() => {
                self.bank.inject(BankFault::in_flight());
            }
            _ => {}
        }
        let request = self.carried[id].request.clone();
        let response = self.bank.handle(now, request);
        let name = self.name(id);
        let status = response.status();
        self.note(|| {
            let which = if copy { "a copy of " } else { "" };
            format!("bank: {which}{name} arrives, responds {status}")
        });
        if let Some(key) = self.carried[id].key {
            self.evidence.arrived(key, &response);
            let watched = self.evidence.watch_ledger(&self.bank);
            self.check(watched);
        }
        self.response_sets_out(id, copy, response);
    }

    fn response_sets_out(&mut self, id: usize, copy: bool, response: Response<Bytes>) {
        let back = Duration::from_millis(5 + (id as u64 * 37) % 50);
        let (date, stranger) = (START + self.time, self.stranger(id));
        let (key, timeout) = (self.carried[id].key, self.carried[id].timeout);
        let taken = key.is_none_or(|key| self.evidence.is_taken(key));
        match self.carried[id].trouble {
            // The response is lost.
            Trouble::ArrivesAfterReset(_)
            | Trouble::ResponseLost { reset: false }
            | Trouble::TicketLost(None) => {}
            Trouble::ResponseLost { reset: true } => self.deliver(id, back, Err(reset())),
            Trouble::LateResponse(after) => self.deliver(id, after, Ok(response)),
            Trouble::CutOff => {
                let (head, _) = response.into_parts();
                self.deliver(id, back, Err(reset().with_head(head)));
            }
            Trouble::SlowBody => {
                let (head, _) = response.into_parts();
                let fault = Fault::maybe(FaultKind::Timeout, "no body in time").with_head(head);
                self.deliver(id, timeout, Err(fault));
            }
            Trouble::After(gateway) => {
                self.carried[id].genuine = matches!(gateway, Gateway::ForeignLocation);
                let outcome = gateway.respond(Some(response), date, stranger);
                self.deliver(id, back, Ok(outcome));
            }
            Trouble::Copied(_) if copy => {}
            Trouble::Copied(after) => {
                self.genuine(id, back, response);
                // A copy of what was refused is not delivered.
                if taken {
                    self.after(after, Event::Arrive { exchange: id, copy: true });
                }
            }
            Trouble::Resent(after) if !copy => {
                self.after(after, Event::Arrive { exchange: id, copy: true });
            }
            // Who resent it does not know what the first copy did.
            Trouble::Resent(_)
                if response.status().is_client_error() && response.status() != 409 =>
            {
                let outcome = Gateway::Status(502).respond(None, date, stranger);
                self.deliver(id, back, Ok(outcome));
            }
            Trouble::TicketLost(Some(after)) => {
                self.carried[id].genuine = true;
                self.deliver(id, timeout + Duration::from_secs(5) + after, Ok(response));
            }
            _ => self.genuine(id, back, response),
        }
    }

    fn genuine(&mut self, id: usize, after: Duration, response: Response<Bytes>) {
        self.carried[id].genuine = true;
        self.deliver(id, after, Ok(response));
    }

    /// The driver gets this, unless it has given up before.
    fn deliver(&mut self, id: usize, after: Duration, outcome: Result<Response<Bytes>, Fault>) {
        self.carried[id].outcome = Some(outcome);
        self.after(after, Event::Settle { exchange: id });
    }

    /// A payment of the bank that this request did not make, or one that does not exist.
    fn stranger(&self, id: usize) -> Uuid {
        let it = &self.carried[id];
        let cents = self.processes[it.process].jobs[it.job].plan.cents;
        let others = self.bank.entries().iter().filter(|entry| entry.amount.cents() != cents);
        let unknown = Uuid::from_u128(0x5744_0000_0000_4000_8000_0000_0000_0001);
        others.rev().find_map(|entry| entry.payment_id).map_or(unknown, PaymentId::as_uuid)
    }

    /// A name for the trace; empty if none is written.
    pub(super) fn name(&self, id: usize) -> String {
        if !self.trace.is_written() {
            return String::new();
        }
        let it = &self.carried[id];
        let what = self.processes[it.process].jobs[it.job].plan.what.name();
        let key = it.key.map(|key| format!(" [{}]", short(key))).unwrap_or_default();
        format!("p{} {what}#{}{key} x{id}", it.process, it.job)
    }
}

fn reset() -> Fault {
    Fault::maybe(FaultKind::Disconnected, "reset")
}
