//! The machines under test, of several kinds behind one face.

use std::task::Waker;

use bytes::Bytes;
use http::Response;
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateTransfer, CreateWire, Endpoint, ListAccounts,
};
use qbank_proto::{
    AccessToken, AccountId, Authenticate, Call, CallOptions, ConflictPolicy, Error, Fate, Fault,
    IdempotencyKey, Machine, Now, Reply, Session, Step, Ticket, WaitForPayment, WriteOptions,
};

use crate::drive::{FROM, PAYMENT};

/// The fate of what went well, or why it did not.
pub(super) type Outcome = Result<Fate, Error>;

/// A machine of any kind.
pub(super) struct Kind(Box<dyn Subject>);

impl Kind {
    /// One of each kind, on one session.
    pub(super) fn all(session: &Session, policies: u8) -> [Self; 6] {
        let policy = |shift: u8| match (policies >> shift) % 3 {
            0 => ConflictPolicy::FollowOwn,
            1 => ConflictPolicy::Report,
            _ => ConflictPolicy::FollowAlways,
        };
        let write = |n: u8, policy| {
            WriteOptions::new(IdempotencyKey::from_entropy([n; 16])).on_conflict(policy)
        };
        let jitter = |n: u64| n << 32;
        let from: AccountId = FROM.parse().unwrap();
        let to: AccountId = PAYMENT.parse().unwrap();
        let amount = "1000.50".parse().unwrap();
        let who = Beneficiary::new("ACME", "021000021".parse().unwrap(), "004417829316");

        let ach = CreateAch::new(from, to, amount);
        let wire = CreateWire::new(from, who, amount, "INV-7");
        let transfer = CreateTransfer::new(from, to, amount);
        let payment = PAYMENT.parse().unwrap();
        let plain = CallOptions::default;
        [
            Self::new(Call::new(session, ach, write(1, policy(0)), jitter(1))),
            Self::new(Call::new(session, wire, write(2, policy(2)), jitter(2))),
            Self::new(Call::new(session, transfer, write(3, policy(4)), jitter(3))),
            Self::new(Call::new(session, ListAccounts, plain(), jitter(4))),
            Self::new(WaitForPayment::new(session, payment, plain(), jitter(5))),
            Self::new(Authenticate::new(session, &plain(), jitter(6))),
        ]
    }

    fn new(subject: impl Subject + 'static) -> Self {
        Self(Box::new(subject))
    }

    /// The key and the bytes that every attempt of a call sends.
    pub(super) fn identity(&self) -> Option<(Option<IdempotencyKey>, Bytes)> {
        self.0.identity()
    }

    pub(super) fn poll(&mut self, now: Now) -> Step<Outcome> {
        self.0.poll_once(now)
    }

    pub(super) fn settle(
        &mut self,
        now: Now,
        ticket: Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        self.0.settle_once(now, ticket, outcome);
    }

    pub(super) fn supply(&mut self, now: Now, ticket: Ticket, good: bool) {
        let token = if good {
            AccessToken::new("supplied").map_err(Into::into)
        } else {
            Err("sealed".into())
        };
        self.0.supply_once(now, ticket, token);
    }

    pub(super) fn abandon(&mut self, now: Now) -> Outcome {
        self.0.give_up(now)
    }
}

/// A machine without the type of its output.
trait Subject {
    fn identity(&self) -> Option<(Option<IdempotencyKey>, Bytes)>;
    fn poll_once(&mut self, now: Now) -> Step<Outcome>;
    fn settle_once(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>);
    fn supply_once(
        &mut self,
        now: Now,
        ticket: Ticket,
        token: Result<AccessToken, qbank_proto::BoxError>,
    );
    fn give_up(&mut self, now: Now) -> Outcome;
}

/// What a good output says of the money.
trait Good {
    fn fate(&self) -> Fate;
}

impl<T> Good for Reply<T> {
    fn fate(&self) -> Fate {
        self.fate
    }
}

impl Good for qbank_proto::TokenInfo {
    fn fate(&self) -> Fate {
        Fate::NotApplicable
    }
}

/// Only a call has a key and bytes.
trait Identity {
    fn of(&self) -> Option<(Option<IdempotencyKey>, Bytes)> {
        None
    }
}

impl<E: Endpoint> Identity for Call<E> {
    fn of(&self) -> Option<(Option<IdempotencyKey>, Bytes)> {
        Some((self.key(), self.body().clone()))
    }
}

impl Identity for WaitForPayment {}

impl Identity for Authenticate {}

impl<T: Good, M: Machine<Output = Result<T, Error>> + Identity> Subject for M {
    fn identity(&self) -> Option<(Option<IdempotencyKey>, Bytes)> {
        self.of()
    }

    fn poll_once(&mut self, now: Now) -> Step<Outcome> {
        match self.poll(now, Waker::noop()) {
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(time) => Step::Wait(time),
            Step::Done(outcome) => Step::Done(outcome.map(|good| good.fate())),
        }
    }

    fn settle_once(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.settle(now, ticket, outcome);
    }

    fn supply_once(
        &mut self,
        now: Now,
        ticket: Ticket,
        token: Result<AccessToken, qbank_proto::BoxError>,
    ) {
        self.supply(now, ticket, token);
    }

    fn give_up(&mut self, now: Now) -> Outcome {
        self.abandon(now).map(|good| good.fate())
    }
}
