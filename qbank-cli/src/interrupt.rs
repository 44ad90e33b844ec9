//! Calls that a person or a supervisor can end: on SIGINT or SIGTERM the call
//! says what is known of the money.

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::{process, thread};

use qbank_proto::bytes::Bytes;
use qbank_proto::http::Response;
use qbank_proto::{AccessToken, BoxError, Drive, Fault, Machine, Now, Step, Ticket};

use crate::exit::{Failure, Submitted};
use crate::output::Printer;
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
        M: Machine<Output = Result<T, qbank_proto::Error>> + Send + 'static,
        T: Send + 'static,
    {
        self.begin();
        let shared = Shared(Arc::new(Mutex::new(Watched { inner: machine, over: false })));
        let output = Arc::new(Mutex::new(None));
        let worker = {
            let (shared, client) = (shared.clone(), client.clone());
            let (output, finished) = (Arc::clone(&output), Finished(self.ours.clone()));
            move || {
                let _finished = finished;
                let result = client.drive(shared);
                *lock(&output) = Some(result);
            }
        };
        thread::Builder::new()
            .spawn(worker)
            .map_err(|error| Failure::Local(format!("cannot start a thread: {error}")))?;
        if let Ok(Event::Interrupted) = self.events.recv() {
            let mut machine = lock(&shared.0);
            if !machine.over {
                return Ok(machine.inner.abandon(client.driver().now())?);
            }
            // It finished in the same moment: its answer is on its way.
            drop(machine);
            self.finished();
            // For the next call, if there is one.
            let _ = self.ours.send(Event::Interrupted);
        }
        let finished = lock(&output).take();
        match finished {
            Some(result) => Ok(result?),
            // Its thread broke; what it had sent, it had sent.
            None => Ok(lock(&shared.0).inner.abandon(client.driver().now())?),
        }
    }

    fn finished(&self) {
        while let Ok(Event::Interrupted) = self.events.recv() {}
    }
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
    use qbank_proto::{Config, Credentials, Environment, Error, ErrorKind, Fate};

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
