//! Machines of all operations as one type.

use std::task::Waker;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::{Response, response};
use qbank_proto::{
    AccessToken, BodyMode, BoxError, Error, Fault, Machine, Now, Reply, Step, Ticket, TokenInfo,
};

use crate::output::Data;

/// A machine of any operation.
pub(crate) type Boxed = Box<dyn Machine<Output = Outcome> + Send>;
pub(crate) type Outcome = Result<Finished, Error>;

/// What a call comes to.
pub(crate) enum Finished {
    Reply(Box<Reply<Data>>),
    Token(TokenInfo),
}

/// This machine, with what `map` makes of its output.
pub(crate) fn boxed<M, F>(machine: M, map: F) -> Boxed
where
    M: Machine + Send + 'static,
    F: Fn(M::Output) -> Outcome + Send + 'static,
{
    Box::new(Mapped { machine, map })
}

struct Mapped<M, F> {
    machine: M,
    map: F,
}

impl<M: Machine, F: Fn(M::Output) -> Outcome> Machine for Mapped<M, F> {
    type Output = Outcome;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Outcome> {
        match self.machine.poll(now, waker) {
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(limit) => Step::Wait(limit),
            Step::Done(output) => Step::Done((self.map)(output)),
        }
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

    fn abandon(&mut self, now: Now) -> Outcome {
        (self.map)(self.machine.abandon(now))
    }
}
