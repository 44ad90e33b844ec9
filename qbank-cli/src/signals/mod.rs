//! Calls that a signal can end: on SIGINT, SIGTERM or SIGHUP the program reports what
//! is known of the money. A signal that was ignored when the program started stays so.

mod handler;
mod shared;

use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex};
use std::{process, thread};

use qbank_proto::{Error, ListDriver, ListEndpoint, Machine, Reply};
use serde::Serialize;

use crate::client::Client;
use crate::failure::{Failure, Head, Submitted};
use crate::output::{Printer, Rows, StreamedList};

use self::shared::{Shared, Work, lock};

/// Receives the signals of the process.
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
    /// Handles SIGINT, SIGTERM and SIGHUP. Until the work begins, while files and
    /// standard input are read, a signal ends the program at once.
    pub(crate) fn listen(printer: Printer, resumed: Option<Submitted>) -> Result<Self, Failure> {
        let (ours, events) = mpsc::channel();
        let signals = ours.clone();
        let begun = Arc::new(Mutex::new(false));
        let has_begun = Arc::clone(&begun);
        handler::start(move || {
            // Locked until the process ends, so that nothing begins meanwhile.
            let has_begun = lock(&has_begun);
            if !*has_begun {
                let failure = Failure::Interrupted { resumed };
                printer.failure(&failure);
                process::exit(failure.code().into());
            }
            // The receiver is gone once the program is ending.
            let _ = signals.send(Event::Interrupted);
        })
        .map_err(|error| Failure::Local(format!("signals cannot be handled: {error}")))?;
        Ok(Self { events, ours, begun })
    }

    /// From here on a signal is an event of the work.
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
            // Its thread panicked, perhaps after a send.
            None => Ok(work.abandon(client)?),
        }
    }

    /// Does work on another thread, and tells it to stop when a signal comes. Its result, unless
    /// its thread panicked.
    pub(crate) fn until_stopped<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
        stop: impl FnOnce(),
    ) -> Result<Option<T>, Failure> {
        self.begin();
        let finished = Finished(self.ours.clone());
        let working = thread::Builder::new().spawn(move || {
            let _finished = finished;
            work()
        });
        let working =
            working.map_err(|error| Failure::Local(format!("cannot start a thread: {error}")))?;
        if self.is_interrupted() {
            stop();
        }
        Ok(working.join().ok())
    }

    /// Opens a list on another thread and prints it there, so that a signal can end
    /// it while it waits for the bank.
    pub(crate) fn stream<L, M>(
        &self,
        client: &Client,
        opening: M,
        streamed: &StreamedList,
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

    /// Runs a machine on another thread.
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
        let machine = Shared::new(machine);
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

    /// Waits for the end of the work or for a signal, whichever is first.
    fn is_interrupted(&self) -> bool {
        matches!(self.events.recv(), Ok(Event::Interrupted))
    }

    /// It finished at the moment of the signal: its result is about to arrive.
    fn let_it_finish(&self) {
        while let Ok(Event::Interrupted) = self.events.recv() {}
        // The next call, if there is one, gets the signal.
        let _ = self.ours.send(Event::Interrupted);
    }
}

fn broken() -> Failure {
    Failure::Local("the list could not be printed".to_owned())
}

/// Sends the end of a thread, also of one that panics.
struct Finished(Sender<Event>);

impl Drop for Finished {
    fn drop(&mut self) {
        let _ = self.0.send(Event::Finished);
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use qbank_proto::bytes::Bytes;
    use qbank_proto::http::Response;
    use qbank_proto::{AccessToken, BoxError, Fault, Now, Step, Ticket};

    use super::*;
    use crate::client::EitherDriver;
    use qbank_blocking::Ureq;
    use qbank_proto::{Config, Credentials, Environment, ErrorKind, Fate};

    /// Panics after a send.
    struct Panicking;

    impl Machine for Panicking {
        type Output = Result<(), Error>;

        fn poll(&mut self, _: Now, _: &Waker) -> Step<Self::Output> {
            panic!("a bug");
        }

        fn settle(&mut self, _: Now, _: Ticket, _: Result<Response<Bytes>, Fault>) {}

        fn supply(&mut self, _: Now, _: Ticket, _: Result<AccessToken, BoxError>) {}

        fn abandon(&mut self, _: Now) -> Self::Output {
            Err(Error::new(ErrorKind::Transport, Fate::InProgress, "it was sent"))
        }
    }

    /// A signal arrives at the moment of its output.
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
            Err(Error::invalid_input("it", "is done"))
        }
    }

    fn without_signals() -> (Interrupts, Client) {
        let (ours, events) = mpsc::channel();
        let interrupts = Interrupts { events, ours, begun: Arc::default() };
        let credentials = Credentials::client("id", "secret");
        let config = Config::new(Environment::Sandbox { port: 1 }, credentials);
        let client = Client::with_driver(config, EitherDriver::Blocking(Ureq::default())).unwrap();
        (interrupts, client)
    }

    #[test]
    fn a_thread_that_panics_does_not_lower_the_fate() {
        let (interrupts, client) = without_signals();
        match interrupts.drive(&client, Panicking) {
            Err(Failure::Call(error)) => assert_eq!(error.fate(), Fate::InProgress),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_signal_that_is_too_late_for_a_call_ends_the_next() {
        let (interrupts, client) = without_signals();
        let late = Late(interrupts.ours.clone());
        assert!(interrupts.drive(&client, late).is_ok());
        assert!(matches!(interrupts.events.try_recv(), Ok(Event::Interrupted)));
    }
}
