//! Calls that a person or a supervisor can end: on SIGINT or SIGTERM the call
//! says what is known of the money.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::{process, thread};

use qbank_proto::bytes::Bytes;
use qbank_proto::http::Response;
use qbank_proto::http::response::Parts;
use qbank_proto::{
    AccessToken, BodyMode, BoxError, Driver, Error, Fault, ListDriver, ListEndpoint, Machine, Now,
    Reply, Step, Ticket,
};
use serde::Serialize;

use crate::exit::{Failure, Head, Submitted};
use crate::output::Printer;
use crate::streamed::Streamed;
use crate::table::Rows;
use crate::transport::Client;

/// Hears the signals of the process.
pub(crate) struct Interrupts {
    events: Receiver<Event>,
    ours: Sender<Event>,
    /// Something may have been sent.
    begun: Arc<Mutex<bool>>,
}

enum Event {
    Interrupted,
    Finished,
}

impl Interrupts {
    /// Takes over SIGINT and SIGTERM. Until it begins to listen, while files and
    /// standard input are read, a signal ends the program by itself.
    pub(crate) fn listen(printer: Printer, resumed: Option<Submitted>) -> Result<Self, Failure> {
        let (ours, events) = mpsc::channel();
        let signals = ours.clone();
        let begun = Arc::new(Mutex::new(false));
        let has_begun = Arc::clone(&begun);
        ctrlc::set_handler(move || {
            // Held until the end: meanwhile nothing begins.
            let has_begun = lock(&has_begun);
            if !*has_begun {
                let failure = Failure::Interrupted { resumed };
                printer.failure(&failure);
                process::exit(failure.code().into());
            }
            // Nobody listens any more once the program is ending.
            let _ = signals.send(Event::Interrupted);
        })
        .map_err(|error| Failure::Local(format!("cannot listen for signals: {error}")))?;
        Ok(Self { events, ours, begun })
    }

    /// From here on a signal waits for who listens.
    pub(crate) fn begin(&self) {
        *lock(&self.begun) = true;
    }

    /// Waits for a signal.
    pub(crate) fn wait(&self) {
        while let Ok(Event::Finished) = self.events.recv() {}
    }

    /// Drives a machine on another thread, so that a signal can end it while it
    /// waits for the bank.
    pub(crate) fn drive<M, T>(&self, client: &Client, machine: M) -> Result<T, Failure>
    where
        M: Machine<Output = Result<T, Error>> + Send + 'static,
        T: Send + 'static,
    {
        let driver = client.clone();
        let work = self.start(machine, move |machine| driver.drive(machine))?;
        if self.is_interrupted() {
            if let Some(known) = work.give_up(client) {
                return Ok(known?);
            }
            self.let_it_finish();
        }
        match work.result() {
            Some(result) => Ok(result?),
            // Its thread broke; what it had sent, it had sent.
            None => Ok(work.abandon(client)?),
        }
    }

    /// Opens a list on another thread and prints it there, so that a signal can end
    /// it while it waits for the bank.
    pub(crate) fn stream<L, M>(
        &self,
        client: &Client,
        opening: M,
        streamed: &Streamed,
    ) -> Result<(), Failure>
    where
        L: ListEndpoint<Item: Serialize + Rows>,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let (driver, printer) = (client.driver().clone(), streamed.clone());
        let print = move |opening| printer.print(driver.open::<L, _>(opening)?);
        let work = self.start(opening, print)?;
        if self.is_interrupted() {
            match work.give_up(client) {
                Some(Err(error)) => return Err(error.into()),
                Some(Ok(reply)) => {
                    return Err(Failure::CutShort { items: 0, head: Head::of(&reply) });
                }
                None => {}
            }
            if let Some(cut) = streamed.cut() {
                return Err(cut);
            }
            self.let_it_finish();
        }
        match work.result() {
            Some(result) => result,
            None => Err(work.abandon(client).err().map_or_else(broken, Failure::from)),
        }
    }

    /// Does a machine's work on another thread.
    fn start<M, R>(
        &self,
        machine: M,
        work: impl FnOnce(Shared<M>) -> R + Send + 'static,
    ) -> Result<Work<M, R>, Failure>
    where
        M: Machine + Send + 'static,
        R: Send + 'static,
    {
        self.begin();
        let machine = Shared(Arc::new(Mutex::new(Watched { inner: machine, over: false })));
        let result = Arc::new(Mutex::new(None));
        let worker = {
            let (machine, result) = (machine.clone(), Arc::clone(&result));
            let finished = Finished(self.ours.clone());
            move || {
                let _finished = finished;
                let done = work(machine);
                *lock(&result) = Some(done);
            }
        };
        thread::Builder::new()
            .spawn(worker)
            .map_err(|error| Failure::Local(format!("cannot start a thread: {error}")))?;
        Ok(Work { machine, result })
    }

    /// Waits for the end of the work, or for a signal before it.
    fn is_interrupted(&self) -> bool {
        matches!(self.events.recv(), Ok(Event::Interrupted))
    }

    /// It finished in the moment of the signal: its answer is on its way.
    fn let_it_finish(&self) {
        while let Ok(Event::Interrupted) = self.events.recv() {}
        // For the next call, if there is one.
        let _ = self.ours.send(Event::Interrupted);
    }
}

/// What another thread does.
struct Work<M, R> {
    machine: Shared<M>,
    result: Arc<Mutex<Option<R>>>,
}

impl<M: Machine, R> Work<M, R> {
    /// What is known now, unless the machine has given its answer out.
    fn give_up(&self, client: &Client) -> Option<M::Output> {
        let mut machine = lock(&self.machine.0);
        (!machine.over).then(|| machine.inner.abandon(client.driver().now()))
    }

    fn abandon(&self, client: &Client) -> M::Output {
        lock(&self.machine.0).inner.abandon(client.driver().now())
    }

    /// What it came to, unless its thread broke.
    fn result(&self) -> Option<R> {
        lock(&self.result).take()
    }
}

fn broken() -> Failure {
    Failure::Local("the list could not be printed".to_owned())
}

/// Tells the end of a thread however it ends.
struct Finished(Sender<Event>);

impl Drop for Finished {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Finished);
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A machine that two threads hold. It is locked for a step, never for an
/// exchange.
struct Shared<M>(Arc<Mutex<Watched<M>>>);

struct Watched<M> {
    inner: M,
    /// Its answer was given out.
    over: bool,
}

impl<M> Clone for Shared<M> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<M: Machine> Machine for Shared<M> {
    type Output = M::Output;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<M::Output> {
        let mut machine = lock(&self.0);
        let step = machine.inner.poll(now, waker);
        machine.over |= matches!(step, Step::Done(_));
        step
    }

    fn head(&mut self, now: Now, ticket: &Ticket, head: &Parts) -> BodyMode {
        lock(&self.0).inner.head(now, ticket, head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        lock(&self.0).inner.settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        lock(&self.0).inner.supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> M::Output {
        lock(&self.0).inner.abandon(now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transport::Over;
    use qbank_blocking::Ureq;
    use qbank_proto::{Config, Credentials, Environment, ErrorKind, Fate};

    /// Its bytes have left when something breaks.
    struct Broken;

    impl Machine for Broken {
        type Output = Result<(), Error>;

        fn poll(&mut self, _: Now, _: &Waker) -> Step<Self::Output> {
            panic!("something breaks");
        }

        fn settle(&mut self, _: Now, _: Ticket, _: Result<Response<Bytes>, Fault>) {}

        fn supply(&mut self, _: Now, _: Ticket, _: Result<AccessToken, BoxError>) {}

        fn abandon(&mut self, _: Now) -> Self::Output {
            Err(Error::in_progress(ErrorKind::Transport, "it was sent"))
        }
    }

    /// A signal comes in the moment in which it has its answer.
    struct Late(Sender<Event>);

    impl Machine for Late {
        type Output = Result<(), Error>;

        fn poll(&mut self, _: Now, _: &Waker) -> Step<Self::Output> {
            self.0.send(Event::Interrupted).unwrap();
            Step::Done(Ok(()))
        }

        fn settle(&mut self, _: Now, _: Ticket, _: Result<Response<Bytes>, Fault>) {}

        fn supply(&mut self, _: Now, _: Ticket, _: Result<AccessToken, BoxError>) {}

        fn abandon(&mut self, _: Now) -> Self::Output {
            Err(Error::invalid_input("it", "is over"))
        }
    }

    fn without_signals() -> (Interrupts, Client) {
        let (ours, events) = mpsc::channel();
        let interrupts = Interrupts { events, ours, begun: Arc::default() };
        let credentials = Credentials::client("id", "secret");
        let config = Config::new(Environment::Sandbox { port: 1 }, credentials);
        let client = Client::with_driver(config, Over::Blocking(Ureq::default())).unwrap();
        (interrupts, client)
    }

    #[test]
    fn a_thread_that_breaks_does_not_lower_the_fate() {
        let (interrupts, client) = without_signals();
        match interrupts.drive(&client, Broken) {
            Err(Failure::Call(error)) => assert_eq!(error.fate(), Fate::InProgress),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_signal_that_came_too_late_for_a_call_ends_the_next() {
        let (interrupts, client) = without_signals();
        let late = Late(interrupts.ours.clone());
        assert!(interrupts.drive(&client, late).is_ok());
        assert!(matches!(interrupts.events.try_recv(), Ok(Event::Interrupted)));
    }
}
