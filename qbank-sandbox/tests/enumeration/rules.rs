//! What must hold after every sequence: the invariants of `exactly-once.md`.

use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::LOCATION;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{ErrorKind, Exchange, Fate, IdempotencyKey, Machine, PaymentId, Step};
use qbank_sandbox::PaymentStatus;

use crate::network::json;
use crate::operation::{CENTS, Ended, Operation, Running};
use crate::outcome::Resend;
use crate::sequence::{Calling, World, key_of};

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rule {
    /// At most one unreversed entry in the ledger for the intent, over all its keys.
    PaidOnce,
    /// Every send of a key has the same bytes, and a resend the same key.
    OneKey,
    /// The fate is the join of all attempts, from unknown if it was resumed.
    Fate,
    /// Each attempt's fate, the kind, and whether it is sent again are what the table says.
    Table,
    /// No call sends more often than it may.
    RetryLimit,
    /// No call sends or waits beyond its deadline.
    Deadline,
    /// Every wait is longer than zero.
    BoundedWait,
    /// What is accepted is in the bank's books.
    AcceptedIsThere,
    /// What is in progress is in the bank's books.
    InProgressIsThere,
    /// What was refused or never sent moved no money, then or later.
    MovedNothing,
    /// What was never sent never arrived.
    NeverArrived,
    /// The payment that is named is the intent's own.
    OwnPayment,
    /// No money comes or goes but by entries.
    MoneyIsConserved,
    /// After the end the fate stays what it is.
    FateIsFinal,
    /// The application gets to an end.
    ComesToAnEnd,
}

/// A broken rule, and by what.
#[derive(Debug, Clone)]
pub struct Broken {
    pub rule: Rule,
    pub what: String,
}

pub(crate) fn broken<T>(rule: Rule, what: impl Into<String>) -> Result<T, Broken> {
    Err(Broken { rule, what: what.into() })
}

/// What the application has written down of a key, what it got, and what the bank knows.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) key: IdempotencyKey,
    pub(crate) body: Bytes,
    pub(crate) first_sent: DateTime<Utc>,
    arrived: u32,
    payment: Option<PaymentId>,
    /// The last fate that the application got.
    pub(crate) claim: Option<Fate>,
    pub(crate) named: Option<PaymentId>,
}

impl Key {
    pub(crate) fn new(key: IdempotencyKey, body: Bytes, first_sent: DateTime<Utc>) -> Self {
        Self { key, body, first_sent, arrived: 0, payment: None, claim: None, named: None }
    }

    /// The bank has met it, and this is its own response.
    pub(crate) fn arrived(&mut self, response: &Response<Bytes>) {
        self.arrived += 1;
        let located = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        let located = located.and_then(|it| it.rsplit('/').next()?.parse().ok());
        let in_body = || {
            let body = json(response.body());
            let id = body.get("paymentId").or_else(|| body.get("transaction_id"))?;
            id.as_str()?.parse().ok()
        };
        self.payment = located.or_else(in_body).or(self.payment);
    }
}

impl World<'_> {
    /// The intent is about to be sent.
    pub(crate) fn check_send(&self, calling: &Calling, exchange: &Exchange) -> Result<(), Broken> {
        let request = &exchange.request;
        if request.uri().authority().is_none_or(|host| host != "bank.example") {
            return broken(Rule::Table, format!("it is sent to {}", request.uri()));
        }
        if let Some(saved) = self.keys.last() {
            let keys = request.headers().get_all("idempotency-key").iter().count();
            if keys != 1 || key_of(request) != Some(saved.key) || *request.body() != saved.body {
                return broken(Rule::OneKey, "it is sent with another key or other bytes");
            }
        }
        let Some(last) = calling.attempts.last() else { return Ok(()) };
        if calling.attempts.len() > self.sequence.max_retries as usize {
            return broken(Rule::RetryLimit, format!("send {}", calling.attempts.len() + 1));
        }
        let before = |resend| calling.attempts.iter().filter(|it| it.resend == resend).count();
        let may = match last.resend {
            Resend::Never => false,
            once @ (Resend::OnceForSize | Resend::OnceForToken) => before(once) == 1,
            Resend::Yes => true,
        };
        if may { Ok(()) } else { broken(Rule::Table, "it is resent, and must not be") }
    }

    /// A call has ended.
    pub(crate) fn check_end(&self, calling: &Calling, ended: &Ended) -> Result<(), Broken> {
        let fates: Vec<Fate> = calling.attempts.iter().map(|it| it.fate).collect();
        if ended.attempts != fates {
            let what = format!("attempts {:?}, expected {fates:?}", ended.attempts);
            return broken(Rule::Table, what);
        }
        let Some(last) = calling.attempts.last() else {
            return broken(Rule::Table, "it ended without a send");
        };
        let start = if calling.resumed { Fate::Unknown } else { Fate::NeverSent };
        let join = fates.iter().copied().max().unwrap_or(start).max(start);
        let of_bank = matches!(last.fate, Fate::Accepted | Fate::InProgress);
        let (writes, elapsed) =
            (self.sequence.operation.writes(), self.time.saturating_sub(calling.began));
        let (fate, kind_fits) = match ended.kind {
            _ if !writes => (Fate::NotApplicable, ended.kind == last.kind || late(ended, elapsed)),
            None => (Fate::Accepted, last.fate == Fate::Accepted || ended.followed),
            Some(ErrorKind::PaymentFailed) => (Fate::Refused, of_bank && self.own_has_failed()),
            kind => {
                (join, last.fate != Fate::Accepted && (kind == last.kind || late(ended, elapsed)))
            }
        };
        if ended.fate != fate {
            return broken(Rule::Fate, format!("fate {}, expected {fate}", ended.fate));
        }
        if !kind_fits {
            return broken(Rule::Table, format!("kind {:?}, expected {:?}", ended.kind, last.kind));
        }
        if writes {
            self.check_intent(calling, ended)?;
        }
        let left = calling.attempts.len() <= self.sequence.max_retries as usize;
        if ended.kind.is_some() && last.resend == Resend::Yes && left && elapsed < IN_TIME {
            return broken(Rule::Table, "it gives up, and may be sent again");
        }
        Ok(())
    }

    fn check_intent(&self, calling: &Calling, ended: &Ended) -> Result<(), Broken> {
        let saved = self.keys.last().map(|saved| (saved.key, saved.first_sent));
        let same = saved.zip(ended.key.zip(ended.first_sent)).is_some_and(
            |((key, first_sent), (ended, sent))| {
                key == ended && (sent == first_sent || !calling.resumed && sent > first_sent)
            },
        );
        if same { Ok(()) } else { broken(Rule::OneKey, "the result names another key or moment") }
    }

    /// A poll after the end gives the same fate.
    pub(crate) fn stays(&self, machine: &mut Running, ended: &Ended) -> Result<(), Broken> {
        match machine.poll(self.now(), std::task::Waker::noop()) {
            Step::Done(again) if again.fate == ended.fate => Ok(()),
            Step::Done(again) => {
                broken(Rule::FateIsFinal, format!("{}, then {}", ended.fate, again.fate))
            }
            _ => broken(Rule::FateIsFinal, "it goes on after its end"),
        }
    }

    pub(crate) fn watch_ledger(&self) -> Result<(), Broken> {
        let own =
            |it: &&qbank_sandbox::LedgerEntry| it.amount.cents() == CENTS && !it.is_reversed();
        match self.bank.entries().iter().filter(own).count() {
            0 | 1 => Ok(()),
            times => broken(Rule::PaidOnce, format!("the money has moved {times} times")),
        }
    }

    pub(crate) fn conserved(&self) -> Result<(), Broken> {
        if self.bank.total().cents() == self.total {
            return Ok(());
        }
        broken(Rule::MoneyIsConserved, format!("the total is {}", self.bank.total()))
    }

    /// Everything has happened that will.
    pub(crate) fn look_back(&mut self) -> Result<(), Broken> {
        self.comes_to_rest();
        self.watch_ledger()?;
        self.conserved()?;
        self.keys.iter().try_for_each(|known| self.holds(known))
    }

    /// Whether what the application got for this key is true.
    fn holds(&self, known: &Key) -> Result<(), Broken> {
        let own = || self.bank.entries().iter().filter(|entry| entry.intent_key == known.key);
        let failed = known.payment.is_some_and(|id| self.has_failed(id));
        let is_there = own().count() == 1;
        match known.claim {
            Some(Fate::Accepted) if !is_there => {
                broken(Rule::AcceptedIsThere, "accepted, and the bank does not have it")
            }
            // Whether a wire fails is decided in the response.
            Some(Fate::Accepted)
                if failed && self.sequence.operation != Operation::AchThatFails =>
            {
                broken(Rule::AcceptedIsThere, "accepted, and it has failed")
            }
            Some(Fate::InProgress) if !is_there && !self.misled => {
                broken(Rule::InProgressIsThere, "in progress, and the bank does not have it")
            }
            Some(Fate::NeverSent) if known.arrived > 0 => {
                broken(Rule::NeverArrived, "never sent, and the bank has met it")
            }
            Some(Fate::NeverSent | Fate::Refused) if own().any(|entry| !entry.is_reversed()) => {
                broken(Rule::MovedNothing, "refused or never sent, and money has moved")
            }
            Some(Fate::Accepted)
                if self.sequence.operation != Operation::Transfer
                    && known.named.is_some()
                    && known.named != known.payment =>
            {
                broken(Rule::OwnPayment, "the payment that is named is another")
            }
            _ => Ok(()),
        }
    }

    fn own_has_failed(&self) -> bool {
        let payment = self.keys.last().and_then(|known| known.payment);
        payment.is_some_and(|id| self.has_failed(id))
    }

    fn has_failed(&self, payment: PaymentId) -> bool {
        self.bank.payment_status(payment) == Some(PaymentStatus::Failed)
    }
}

/// The call's own deadline is then a possible end.
fn late(ended: &Ended, elapsed: Duration) -> bool {
    ended.kind == Some(ErrorKind::DeadlineExceeded) && elapsed > IN_TIME
}

/// Before this a resend has time: the deadline of 180 s, less the longest backoff and a
/// `Retry-After`.
const IN_TIME: Duration = Duration::from_secs(160);
