//! The whole sans-IO boundary: one trait, and the values that cross it.

mod clock;
mod entropy;
mod exchange;
mod fault;

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, response};

pub use clock::Now;
pub use entropy::Entropy;
pub(crate) use exchange::next_id;
pub use exchange::{BodyMode, Exchange, Ticket};
pub use fault::{Fault, Sent};

use crate::types::{AccessToken, BoxError};

/// Something to be done that a driver can drive to its end.
///
/// ```text
///            ┌──────── poll ────────┐
///            ▼                      │
///   Send(exchange) ──► the driver does one HTTP exchange ──► settle
///   Authorize ───────► the driver asks the application's supplier ──► supply
///   Wait(at most) ───► the driver sleeps, or is woken
///   Done(output) ────► finished
/// ```
///
/// **No sequence of calls blocks, panics or hangs.** A poll while a ticket is
/// in flight waits; once the exchange's timeout and a grace have passed, the ticket
/// counts as lost and its exchange as maybe sent. A ticket that comes back late
/// is ignored. After `Done` every poll is `Done` with an error that says so.
pub trait Machine {
    /// What it comes to.
    type Output;

    /// What to do next. `waker` is woken when a `Wait` may end early.
    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output>;

    /// The head of the response is here: read its body, or settle with the head alone
    /// and leave the body to the caller?
    fn head(&mut self, now: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        let _ = (now, ticket, head);
        BodyMode::Buffer
    }

    /// What came of the exchange that [`Step::Send`] asked for.
    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>);

    /// What the application's token supplier gave after [`Step::Authorize`].
    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>);

    /// Gives up now with what is known. An exchange that is in flight counts as
    /// maybe sent.
    fn abandon(&mut self, now: Now) -> Self::Output;

    /// The same machine with another output, such as one type for calls of all kinds,
    /// to be boxed and kept in one place.
    fn map<U, F: FnMut(Self::Output) -> U>(self, map: F) -> Map<Self, F>
    where
        Self: Sized,
    {
        Map { machine: self, map }
    }
}

/// A machine whose kind is not known: calls of all kinds in one place, driven by
/// one piece of code.
impl<M: Machine + ?Sized> Machine for Box<M> {
    type Output = M::Output;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        (**self).poll(now, waker)
    }

    fn head(&mut self, now: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        (**self).head(now, ticket, head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        (**self).settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        (**self).supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        (**self).abandon(now)
    }
}

/// What a driver does next.
#[must_use = "a step that is not taken stops the call"]
#[expect(clippy::large_enum_variant, reason = "a box per exchange costs more than the move")]
#[derive(Debug)]
pub enum Step<T> {
    /// Do this HTTP exchange once, then [`Machine::settle`].
    Send(Exchange),
    /// Ask the application's token supplier, within `timeout`, then
    /// [`Machine::supply`].
    Authorize {
        /// To hand back with the token.
        ticket: Ticket,
        /// How long the supplier may take.
        timeout: Duration,
    },
    /// Sleep until this time has passed or the waker is woken, whichever is
    /// first. Always bounded.
    Wait(Duration),
    /// Finished.
    Done(T),
}

impl<T> Step<T> {
    /// The same step of a machine that comes to something else.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Step<U> {
        match self.into_output() {
            Ok(output) => Step::Done(f(output)),
            Err(step) => step,
        }
    }

    /// The output; or the step to take before there is one, as the step of any machine
    /// around this one.
    #[expect(clippy::result_large_err, reason = "a step on its way out, as in `poll`")]
    pub fn into_output<U>(self) -> Result<T, Step<U>> {
        match self {
            Self::Done(output) => Ok(output),
            Self::Send(exchange) => Err(Step::Send(exchange)),
            Self::Authorize { ticket, timeout } => Err(Step::Authorize { ticket, timeout }),
            Self::Wait(at_most) => Err(Step::Wait(at_most)),
        }
    }
}

/// A machine, and what becomes of its output: [`Machine::map`].
#[derive(Debug)]
pub struct Map<M, F> {
    machine: M,
    map: F,
}

impl<M: Machine, U, F: FnMut(M::Output) -> U> Machine for Map<M, F> {
    type Output = U;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<U> {
        self.machine.poll(now, waker).map(&mut self.map)
    }

    fn head(&mut self, now: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        self.machine.head(now, ticket, head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.machine.settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.machine.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> U {
        (self.map)(self.machine.abandon(now))
    }
}
