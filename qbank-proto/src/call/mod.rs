//! One intent, from its first attempt to its final answer.
//!
//! ```text
//!            ┌────────────────────────────────┐
//!            ▼                                │ resend: same key, same bytes
//!   Ready ──────► Out ──────► judged ──────► Resting
//!     │ token,     │ ticket     │
//!     │ hold-back  │ lost       ├── conflict with our own attempt ──► Following
//!     ▼            ▼            ▼                                       │
//!   Over ◄───────────────────────────────────────────────────────────────┘
//! ```

mod any;
mod attempts;
mod authenticate;
mod classification;
mod following;
mod intent;
mod operation;
mod reply;
mod waiting;

use std::task::Waker;

use bytes::Bytes;
use http::{Response, response};

pub use any::{AnyCall, AnyOperation};
pub(crate) use attempts::Attempts;
pub use authenticate::{Authenticate, TokenInfo};
pub(crate) use following::{Goal, Watch, Watched};
pub(crate) use intent::{already_over, payment_failed};
pub(crate) use operation::{Meaning, Operation};
pub use reply::Reply;
pub use waiting::WaitForPayment;

use crate::config::CallOptions;
use crate::endpoint::{Effect, Endpoint};
use crate::error::Error;
use crate::machine::{BodyMode, Entropy, Fault, Machine, Now, Step, Ticket};
use crate::session::Session;
use crate::types::{AccessToken, BoxError, IdempotencyKey};

use intent::Intent;
use operation::Typed;

/// One call of one operation: a [`Machine`] that keeps its key and its bytes.
///
/// Key and body are there before anything is sent, so that an application can
/// write them to its own database first and [`resume`](crate::Resume) after a
/// crash.
pub struct Call<E: Endpoint> {
    operation: Typed<E>,
    intent: Intent,
}

impl<E: Endpoint> Call<E> {
    /// Prepares a call. Input that the bank would refuse makes a call that is
    /// over from the start, without anything being sent.
    pub fn new(
        session: &Session,
        endpoint: E,
        key: <E::Effect as Effect>::Key,
        options: CallOptions,
        entropy: Entropy,
    ) -> Self {
        let operation = Typed::new(endpoint);
        let intent = Intent::new(session, &operation, key.into(), options, entropy);
        Self { operation, intent }
    }

    /// The key of the intent, if it writes.
    pub fn key(&self) -> Option<IdempotencyKey> {
        self.intent.key
    }

    /// The body that every attempt sends.
    pub fn body(&self) -> &Bytes {
        &self.intent.body
    }

    /// Puts the value back into the reply.
    fn typed(&mut self, outcome: intent::Outcome) -> Result<Reply<E::Output>, Error> {
        let reply = outcome?;
        match self.operation.take() {
            Some(value) => Ok(reply.map(|()| value)),
            None => Err(already_over(reply.fate, reply.key)),
        }
    }
}

impl<E: Endpoint> Machine for Call<E> {
    type Output = Result<Reply<E::Output>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        match self.intent.poll(&mut self.operation, now, waker) {
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(limit) => Step::Wait(limit),
            Step::Done(outcome) => Step::Done(self.typed(outcome)),
        }
    }

    fn head(&mut self, _: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        body_mode(E::STREAMS, self.intent.is_out(ticket), head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.intent.settle(&mut self.operation, now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.intent.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        let outcome = self.intent.abandon(&mut self.operation, now);
        self.typed(outcome)
    }
}

/// Only the good answer to the call itself is left to whoever made the call.
fn body_mode(streams: bool, ours: bool, head: &response::Parts) -> BodyMode {
    if streams && ours && head.status.is_success() { BodyMode::Stream } else { BodyMode::Buffer }
}

impl<E: Endpoint> std::fmt::Debug for Call<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("operation", &format_args!("{} {}", E::METHOD, E::PATH))
            .field("key", &self.intent.key)
            .field("attempts", &self.intent.attempts)
            .finish_non_exhaustive()
    }
}
