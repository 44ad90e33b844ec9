//! A worker for tokio: turns and calls are tasks, over any async driver.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use qbank_proto::{Async, Client, Driver};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{debug, info};
use uuid::Builder;

use crate::failpoint;
use crate::job::Job;
use crate::machine::{End, Options, Outbox, Step};
use crate::store::StoreError;
use crate::turn::{Ended, Outcome, Turn, Turned};
use crate::worker::{ATTENTION, Stop, done};

/// What a worker for tokio needs of its store.
pub trait AsyncStore {
    /// Does a turn, in one transaction.
    fn turn(&self, turn: &Turn) -> impl Future<Output = Result<Turned, StoreError>> + Send;
}

#[cfg(feature = "postgres")]
impl AsyncStore for crate::postgres::Postgres {
    async fn turn(&self, turn: &Turn) -> Result<Turned, StoreError> {
        Self::turn(self, turn).await
    }
}

/// A worker in a task of tokio: it claims rows of a store, sends them, and writes down what came
/// of it.
#[derive(Debug)]
pub struct AsyncWorker<D, S> {
    client: Client<D>,
    store: S,
    options: Options,
    grace: Duration,
}

impl<D, S> AsyncWorker<D, S>
where
    D: Driver<Flavor = Async>,
    S: AsyncStore,
{
    /// A worker with a client and a store. Several may share a store.
    pub fn new(client: Client<D>, store: S, options: Options) -> Self {
        Self { client, store, options, grace: Duration::from_secs(30) }
    }

    /// How long what is under way may take after it was told to stop.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Works until it is told to stop, or, with [`Options::until_empty`], until no row is open.
    /// A store that restarts is waited for. A future that is dropped leaves its rows as a
    /// worker that is killed does: they are sent again, with the same keys, when their leases
    /// have run out.
    pub async fn run(self, stop: &Stop) -> Result<End, StoreError> {
        let Self { client, store, options, grace } = self;
        let mut calls = Calls::default();
        let mut outbox = Outbox::new(options);
        let mut gives_up_at = None;
        let began = Instant::now();
        loop {
            let now = began.elapsed();
            if stop.is_stopped() {
                outbox.stop();
                if now >= *gives_up_at.get_or_insert(now + grace) {
                    outbox.give_up();
                }
            }
            while let Some(ended) = calls.try_next() {
                outbox.ended(ended);
            }
            let token = Builder::from_random_bytes(client.driver().entropy().key).into_uuid();
            match outbox.poll(now, token) {
                Step::Store(turn) => {
                    let result = done(store.turn(&turn).await, &turn)?;
                    outbox.stored(began.elapsed(), result);
                }
                Step::Drive(job) => {
                    debug!(row = job.lease.id, send = job.n, "sends");
                    calls.start(&client, *job);
                }
                Step::Wait(at_most) => {
                    if let Some(ended) = calls.next(at_most.min(ATTENTION)).await {
                        outbox.ended(ended);
                    }
                }
                Step::Done(end) => {
                    info!(?end, "the worker ended");
                    return Ok(end);
                }
            }
        }
    }
}

/// The calls that are under way. Those that outlast the grace end with it.
#[derive(Default)]
struct Calls {
    tasks: JoinSet<Ended>,
    /// For those that break.
    jobs: HashMap<Id, (Job, Instant)>,
}

impl Calls {
    fn start<D: Driver<Flavor = Async>>(&mut self, client: &Client<D>, job: Job) {
        let driver = client.driver();
        let began = Instant::now();
        let machine = job.machine(client.session(), client.now(), driver.jitter());
        let call = machine.map(|machine| driver.drive(machine));
        let of = job.clone();
        let task = self.tasks.spawn(async move {
            failpoint::pass("call.before");
            let result = match call {
                Ok(call) => call.await,
                Err(error) => Err(error),
            };
            failpoint::pass("call.after");
            of.ended(began.elapsed(), &result)
        });
        self.jobs.insert(task.id(), (job, began));
    }

    fn try_next(&mut self) -> Option<Ended> {
        let joined = self.tasks.try_join_next_with_id()?;
        self.ended(joined)
    }

    /// The next one that ends within so long.
    async fn next(&mut self, at_most: Duration) -> Option<Ended> {
        if self.tasks.is_empty() {
            tokio::time::sleep(at_most).await;
            return None;
        }
        let joined = tokio::time::timeout(at_most, self.tasks.join_next_with_id()).await;
        self.ended(joined.ok()??)
    }

    fn ended(&mut self, task: Result<(Id, Ended), JoinError>) -> Option<Ended> {
        match task {
            Ok((id, ended)) => {
                self.jobs.remove(&id);
                Some(ended)
            }
            // A panic in a driver or an application's supplier must not lose the row.
            Err(broken) => {
                let (job, began) = self.jobs.remove(&broken.id())?;
                let why = Outcome::abandoned("the call broke in this program");
                Some(job.given_up(began.elapsed(), why))
            }
        }
    }
}
