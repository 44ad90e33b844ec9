//! A worker for tokio: turns and calls are tasks, over any async driver.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use qbank_proto::{Async, Client, Driver};
use tokio::task::{Id, JoinError, JoinSet};
use tracing::{Instrument as _, info};

use super::report::{self, Report};
use super::{ATTENTION, Paused, Stop, Stopping, Worker, done, token};
use crate::failpoint;
use crate::job::Job;
use crate::machine::{End, Outbox, Step};
use crate::status::Status;
use crate::store::StoreError;
use crate::turn::{Ended, Outcome, Turn, Turned};

/// What a worker in a task needs of its store.
pub trait AsyncStore {
    /// Does a turn, in one transaction.
    fn turn(&self, turn: &Turn) -> impl Future<Output = Result<Turned, StoreError>> + Send;

    /// What it has in it.
    fn status(&self) -> impl Future<Output = Result<Status, StoreError>> + Send;
}

#[cfg(feature = "postgres")]
impl AsyncStore for crate::postgres::Postgres {
    async fn turn(&self, turn: &Turn) -> Result<Turned, StoreError> {
        Self::turn(self, turn).await
    }

    async fn status(&self) -> Result<Status, StoreError> {
        Self::status(self).await
    }
}

impl<D, S> Worker<D, S>
where
    D: Driver<Flavor = Async>,
    S: AsyncStore,
{
    /// Works in a task of tokio until it is told to stop, or, with
    /// [`until_empty`](Self::until_empty), until no row is open. A store that restarts is waited
    /// for. A future that is dropped leaves its rows as a worker that is killed does: they are
    /// sent again, with the same keys, when their leases have run out.
    pub async fn run_async(self, stop: &Stop) -> Result<End, StoreError> {
        let Self { client, store, options, grace, report_every, on_pause } = self;
        let mut paused = Paused::new(on_pause);
        let mut report = Report::new(report_every);
        let mut stopping = Stopping::new(stop, grace);
        let mut calls = Calls::default();
        let mut outbox = Outbox::new(options);
        let began = Instant::now();
        loop {
            stopping.see(&mut outbox, began.elapsed());
            while let Some(ended) = calls.try_next() {
                outbox.ended(ended);
            }
            if report.is_due(began.elapsed()) {
                report::status(store.status().await);
            }
            match outbox.poll(began.elapsed(), token(&client)) {
                Step::Store(turn) => {
                    let result = done(store.turn(&turn).await, &turn, &mut paused)?;
                    outbox.stored(began.elapsed(), result);
                }
                Step::Drive(job) => calls.start(&client, *job),
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
        let span = job.span();
        let call = span.in_scope(|| {
            let machine = job.machine(client.session(), client.now(), driver.jitter());
            machine.map(|machine| driver.drive(machine))
        });
        let of = job.clone();
        let task = async move {
            failpoint::pass("call.before");
            let result = match call {
                Ok(call) => call.await,
                Err(error) => Err(error),
            };
            failpoint::pass("call.after");
            of.ended(began.elapsed(), &result)
        };
        let task = self.tasks.spawn(task.instrument(span));
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
