//! One call.

use std::task::Waker;

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::ListTransactions;
use qbank_proto::{BodyMode, ListDecoder, Now, Ticket};

use crate::input::{head, outcome, token};
use crate::operation::{Boxed, Operation, Outcome};
use crate::output::{Error, Items, Reply, Request, Step, milliseconds};

/// One call of one operation: a binding polls it, does what it asks for, and hands back what
/// came of it, until it is done or failed.
pub struct Call {
    machine: Boxed,
    operation: Operation,
    /// Of the exchange, or the question to the supplier, that is in flight.
    ticket: Option<Ticket>,
    /// The body of the request to send, or of the response that counted.
    body: Bytes,
    list: ListDecoder<ListTransactions>,
}

impl Call {
    pub(crate) fn new(machine: Boxed, operation: Operation) -> Self {
        let list = ListDecoder::new(&ListTransactions::new());
        Self { machine, operation, ticket: None, body: Bytes::new(), list }
    }

    /// What to do next. `waker` is woken when a wait may end early.
    pub fn poll(&mut self, now: Now, waker: &Waker) -> Step {
        match self.machine.poll(now, waker) {
            qbank_proto::Step::Send(exchange) => {
                let request = Request::of(&exchange);
                self.body = exchange.request.into_body();
                self.ticket = Some(exchange.ticket);
                Step::Send(request)
            }
            qbank_proto::Step::Authorize { ticket, timeout } => {
                self.ticket = Some(ticket);
                Step::Authorize(milliseconds(timeout))
            }
            qbank_proto::Step::Wait(limit) => Step::Wait(milliseconds(limit)),
            qbank_proto::Step::Done(outcome) => self.finished(outcome),
        }
    }

    fn finished(&mut self, outcome: Outcome) -> Step {
        match outcome {
            Ok(reply) => {
                self.body = reply.raw().clone();
                Step::Done(Box::new(Reply(reply)))
            }
            Err(error) => {
                let error = Error::named(error, |field| self.operation.member(field));
                self.body = error.body();
                Step::Failed(error)
            }
        }
    }

    /// The body of the request to send, or of the response that counted.
    pub const fn body(&self) -> &Bytes {
        &self.body
    }

    /// Whether the body of a response with this status is left unread, and its chunks given
    /// to [`Call::items`], after the exchange was settled with an empty one.
    pub fn streams(&mut self, now: Now, status: u16) -> bool {
        let (Some(ticket), Some(head)) = (&self.ticket, head(status)) else { return false };
        self.machine.head(now, ticket, &head) == BodyMode::Stream
    }

    /// What came of the exchange that was asked for: a response, or as much of one as came
    /// before a fault.
    pub fn settle(&mut self, now: Now, response: &str, body: Vec<u8>) {
        if let Some(ticket) = self.ticket.take() {
            self.machine.settle(now, ticket, outcome(response, body));
        }
    }

    /// What the application's token supplier gave, or why it gave nothing.
    pub fn supply(&mut self, now: Now, given: &str) {
        if let Some(ticket) = self.ticket.take() {
            self.machine.supply(now, ticket, token(given));
        }
    }

    /// Gives up now and says what is known. A request in flight counts as maybe sent.
    pub fn abandon(&mut self, now: Now) -> Step {
        let outcome = self.machine.abandon(now);
        self.finished(outcome)
    }

    /// Takes the next bytes of a streamed list and gives the items that are complete. No bytes
    /// are its end, and `broken` says why that came too early.
    pub fn items(&mut self, chunk: &[u8], broken: Option<&str>) -> Items {
        self.list.push(chunk);
        if let Some(broken) = broken {
            self.list.broken(broken);
        } else if chunk.is_empty() {
            self.list.end();
        }
        let mut items = Items::default();
        while let Some(next) = self.list.next() {
            match next {
                Ok(item) => items.items.push(item),
                Err(error) if self.list.is_over() => items.failed = Some(Error(error)),
                Err(error) => items.unreadable.push((items.items.len(), Error(error))),
            }
        }
        items
    }
}

impl std::fmt::Debug for Call {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call").field("ticket", &self.ticket).finish_non_exhaustive()
    }
}
