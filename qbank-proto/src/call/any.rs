//! A call without the type of its operation.

use std::task::Waker;

use bytes::Bytes;
use http::{Response, response};

use super::body_mode;
use super::intent::{self, Intent, already_over};
use super::operation::{Operation, Typed};
use crate::call::Reply;
use crate::config::CallOptions;
use crate::endpoint::{Effect, Endpoint};
use crate::error::Error;
use crate::machine::{BodyMode, Entropy, Fault, Machine, Now, Step, Ticket};
use crate::session::Session;
use crate::types::{AccessToken, BoxError, IdempotencyKey};

/// An operation whose type is not known, and whose answer becomes a `T`.
pub struct AnyOperation<T> {
    mapped: Box<dyn Mapped<T> + Send>,
    writes: bool,
}

impl<T: 'static> AnyOperation<T> {
    /// This operation, with what `map` makes of its value.
    pub fn new<E: Endpoint>(endpoint: E, map: fn(E::Output) -> T) -> Self {
        let mapped = Box::new((Typed::new(endpoint), map));
        Self { mapped, writes: E::Effect::WITHOUT_KEY.is_none() }
    }
}

/// A call of [`AnyOperation`]: calls of all kinds in one place, driven by one piece of
/// code.
pub struct AnyCall<T> {
    operation: Box<dyn Mapped<T> + Send>,
    intent: Intent,
}

impl<T> AnyCall<T> {
    /// Prepares a call, as [`Call::new`](super::Call::new) does. An operation that
    /// writes gets this key, or one from `entropy`; one that reads needs none.
    pub fn new(
        session: &Session,
        operation: AnyOperation<T>,
        key: Option<IdempotencyKey>,
        options: CallOptions,
        entropy: Entropy,
    ) -> Self {
        let AnyOperation { mapped: mut operation, writes } = operation;
        let fresh = || IdempotencyKey::from_entropy(entropy.key);
        let key = writes.then(|| key.unwrap_or_else(fresh));
        let intent = Intent::new(session, operation.operation(), key, options, entropy);
        Self { operation, intent }
    }
}

/// An operation, and what its value becomes.
trait Mapped<T> {
    fn operation(&mut self) -> &mut dyn Operation;
    fn value(&mut self) -> Option<T>;
}

impl<E: Endpoint, T> Mapped<T> for (Typed<E>, fn(E::Output) -> T) {
    fn operation(&mut self) -> &mut dyn Operation {
        &mut self.0
    }

    fn value(&mut self) -> Option<T> {
        self.0.take().map(self.1)
    }
}

impl<T> AnyCall<T> {
    fn mapped(&mut self, outcome: intent::Outcome) -> Result<Reply<T>, Error> {
        let reply = outcome?;
        match self.operation.value() {
            Some(value) => Ok(reply.map(|()| value)),
            None => Err(already_over(reply.fate, reply.key)),
        }
    }
}

impl<T> Machine for AnyCall<T> {
    type Output = Result<Reply<T>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        match self.intent.poll(self.operation.operation(), now, waker) {
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(limit) => Step::Wait(limit),
            Step::Done(outcome) => Step::Done(self.mapped(outcome)),
        }
    }

    fn head(&mut self, _: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        body_mode(self.operation.operation().streams(), self.intent.is_out(ticket), head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.intent.settle(self.operation.operation(), now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.intent.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        let outcome = self.intent.abandon(self.operation.operation(), now);
        self.mapped(outcome)
    }
}

impl<T> std::fmt::Debug for AnyOperation<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnyOperation").field("writes", &self.writes).finish_non_exhaustive()
    }
}

impl<T> std::fmt::Debug for AnyCall<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("AnyCall")
            .field("key", &self.intent.key)
            .field("attempts", &self.intent.attempts)
            .finish_non_exhaustive()
    }
}
