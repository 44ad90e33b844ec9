//! The worker for tokio, over the store on Postgres and an async driver.

#![cfg(all(feature = "postgres", feature = "tokio"))]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

mod behaviour;
mod server;

use std::time::{Duration, Instant};

use behaviour::{Setup, invoice};
use qbank_outbox::{End, Options, Postgres, State, Stop, Store, Worker};
use qbank_proto::{Async, Client, Driver, Fate};
use qbank_sandbox::BankFault;
use server::Database;

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap()
}

fn until_empty(worker: &str) -> Options {
    let mut options = Options::new(worker);
    options.until_empty = true;
    options
}

async fn worker(
    setup: &Setup<Database>,
    mut options: Options,
) -> Worker<impl Driver<Flavor = Async> + use<>, Postgres> {
    options.deadline = Duration::from_secs(5);
    options.margin = Duration::from_secs(5);
    let client = Client::with_driver(setup.bank.config(), setup.bank.asynchronous()).unwrap();
    Worker::new(client, Postgres::connect(&setup.place.url()).await.unwrap()).options(options)
}

#[test]
fn tasks_pay_what_is_enqueued_once() {
    let Some(setup) = Setup::<Database>::new() else { return };
    let invoices: Vec<_> = (0..300).map(invoice).collect();
    setup.store().enqueue(&invoices).unwrap();
    setup.bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(5));
    runtime().block_on(async {
        let one = worker(&setup, until_empty("task-1")).await;
        let two = worker(&setup, until_empty("task-2")).await;
        let two = tokio::spawn(async move { two.run_async(&Stop::new()).await });
        assert_eq!(one.run_async(&Stop::new()).await.unwrap(), End::Empty);
        assert_eq!(two.await.unwrap().unwrap(), End::Empty);
    });
    assert_eq!(setup.bank.entries().len(), 300);
    let rows = setup.listed();
    assert!(rows.iter().all(|row| row.state == State::Accepted));
    assert_eq!(rows.iter().filter(|row| row.sends == 2).count(), 5);
    setup.chains_hold();
}

#[test]
fn a_task_that_is_stopped_gives_its_rows_back() {
    let Some(setup) = Setup::<Database>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    setup.bank.set_reachable(false);
    runtime().block_on(async {
        let stop = Stop::new();
        let worker = worker(&setup, Options::new("task-1")).await;
        let of_worker = stop.clone();
        let running = tokio::spawn(async move { worker.run_async(&of_worker).await });
        let began = Instant::now();
        let claimed = || setup.place.sql("SELECT sum(claims) FROM outbox").unwrap() != "0";
        while !claimed() && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.stop();
        assert_eq!(running.await.unwrap().unwrap(), End::Stopped);
    });
    let row = &setup.listed()[0];
    assert_eq!((row.state, row.fate), (State::Queued, Fate::NeverSent), "{row:?}");
    let leases = "SELECT count(*) FROM outbox WHERE lease_token IS NOT NULL";
    assert_eq!(setup.place.sql(leases).unwrap(), "0");
    setup.chains_hold();
}

/// A driver whose calls break.
struct Broken<D>(D);

impl<D: Driver<Flavor = Async>> Driver for Broken<D> {
    type Flavor = Async;

    fn drive<M>(&self, _: M) -> qbank_proto::Run<Self, M::Output>
    where
        M: qbank_proto::Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        Box::pin(async { panic!("an application's own driver breaks") })
    }

    fn entropy(&self) -> qbank_proto::Entropy {
        self.0.entropy()
    }

    fn now(&self) -> qbank_proto::Now {
        self.0.now()
    }
}

#[test]
fn a_call_that_breaks_is_of_unknown_fate_and_sent_again() {
    let Some(setup) = Setup::<Database>::new() else { return };
    setup.store().enqueue(&[invoice(1)]).unwrap();
    runtime().block_on(async {
        let stop = Stop::new();
        let driver = Broken(setup.bank.asynchronous());
        let client = Client::with_driver(setup.bank.config(), driver).unwrap();
        let store = Postgres::connect(&setup.place.url()).await.unwrap();
        let worker = Worker::new(client, store).name("task-1");
        let of_worker = stop.clone();
        let running = tokio::spawn(async move { worker.run_async(&of_worker).await });
        let began = Instant::now();
        let waits = "SELECT count(*) FROM outbox WHERE state = 'resend'";
        while setup.place.sql(waits).unwrap() == "0" && began.elapsed() < Duration::from_secs(20) {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        stop.stop();
        assert_eq!(running.await.unwrap().unwrap(), End::Stopped);
    });
    assert_eq!(setup.listed()[0].fate, Fate::Unknown);
    assert_eq!(setup.work(), End::Empty);
    assert_eq!(setup.listed()[0].state, State::Accepted);
    assert_eq!(setup.bank.entries().len(), 1);
    setup.chains_hold();
}
