//! A machine that one thread drives and another can abandon.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;

use qbank_proto::bytes::Bytes;
use qbank_proto::http::Response;
use qbank_proto::http::response::Parts;
use qbank_proto::{AccessToken, BodyMode, BoxError, Driver, Fault, Machine, Now, Step, Ticket};

use crate::client::Client;

/// The work of another thread.
pub(super) struct Work<M, R> {
    pub(super) machine: Shared<M>,
    pub(super) result: Arc<Mutex<Option<R>>>,
}

impl<M: Machine, R> Work<M, R> {
    /// What is known now, unless the machine is done.
    pub(super) fn give_up(&self, client: &Client) -> Option<M::Output> {
        let mut shared = lock(&self.machine.0);
        (!shared.done).then(|| shared.machine.abandon(client.driver().now()))
    }

    pub(super) fn abandon(&self, client: &Client) -> M::Output {
        lock(&self.machine.0).machine.abandon(client.driver().now())
    }

    /// Its result, unless its thread panicked.
    pub(super) fn result(&self) -> Option<R> {
        lock(&self.result).take()
    }
}

/// A machine that two threads hold; locked during a step, never during an exchange.
pub(super) struct Shared<M>(Arc<Mutex<Inner<M>>>);

struct Inner<M> {
    machine: M,
    /// Its output was taken.
    done: bool,
}

impl<M> Shared<M> {
    pub(super) fn new(machine: M) -> Self {
        Self(Arc::new(Mutex::new(Inner { machine, done: false })))
    }
}

impl<M> Clone for Shared<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Machine> Machine for Shared<M> {
    type Output = M::Output;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<M::Output> {
        let mut shared = lock(&self.0);
        let step = shared.machine.poll(now, waker);
        shared.done |= matches!(step, Step::Done(_));
        step
    }

    fn head(&mut self, now: Now, ticket: &Ticket, head: &Parts) -> BodyMode {
        lock(&self.0).machine.head(now, ticket, head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        lock(&self.0).machine.settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        lock(&self.0).machine.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> M::Output {
        lock(&self.0).machine.abandon(now)
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
