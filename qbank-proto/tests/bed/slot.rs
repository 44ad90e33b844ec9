//! A call on the bed, whatever it is a call of.

use std::any::Any;
use std::marker::PhantomData;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Wake, Waker};
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use qbank_proto::{AccessToken, BoxError, Fault, Machine, Now, Step, Ticket};

/// Why a call was polled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause {
    Start,
    Settled,
    Woken,
    Slept,
}

/// A call that was started.
pub struct Handle<T>(pub(super) usize, pub(super) PhantomData<T>);

impl<T> Clone for Handle<T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for Handle<T> {}

pub(super) struct Slot {
    pub(super) machine: Option<Box<dyn Runs>>,
    pub(super) output: Option<Box<dyn Any>>,
    pub(super) flag: Arc<Flag>,
    pub(super) runnable: Option<Cause>,
    pub(super) sleeps_until: Option<Duration>,
    pub(super) stalled: bool,
    pub(super) causes: Vec<Cause>,
}

pub(super) struct Due {
    pub(super) at: Duration,
    pub(super) slot: usize,
    pub(super) ticket: Ticket,
    pub(super) what: What,
}

pub(super) enum What {
    Settle(Result<Response<Bytes>, Fault>),
    Supply(Result<AccessToken, BoxError>),
}

#[derive(Default)]
pub(super) struct Flag(pub(super) AtomicBool);

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

/// A machine of any output.
pub(super) trait Runs {
    fn step(&mut self, now: Now, waker: &Waker) -> Step<Box<dyn Any>>;
    fn give(&mut self, now: Now, ticket: Ticket, what: What);
    fn give_up(&mut self, now: Now) -> Box<dyn Any>;
}

impl<M: Machine<Output: 'static>> Runs for M {
    fn step(&mut self, now: Now, waker: &Waker) -> Step<Box<dyn Any>> {
        match self.poll(now, waker) {
            Step::Send(exchange) => Step::Send(exchange),
            Step::Authorize { ticket, timeout } => Step::Authorize { ticket, timeout },
            Step::Wait(time) => Step::Wait(time),
            Step::Done(output) => Step::Done(Box::new(output)),
        }
    }

    fn give(&mut self, now: Now, ticket: Ticket, what: What) {
        match what {
            What::Settle(outcome) => self.settle(now, ticket, outcome),
            What::Supply(token) => self.supply(now, ticket, token),
        }
    }

    fn give_up(&mut self, now: Now) -> Box<dyn Any> {
        Box::new(self.abandon(now))
    }
}

impl Slot {
    pub(super) fn is_live(&self) -> bool {
        self.machine.is_some() && !self.stalled
    }
}
