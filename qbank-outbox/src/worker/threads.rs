//! A worker of threads: one does turns, the others make calls, over any blocking driver.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Instant;

use qbank_proto::{Blocking, Client, Driver};
use tracing::info;

use super::report::{self, Report};
use super::{ATTENTION, Paused, Stop, Stopping, Worker, done, token};
use crate::failpoint;
use crate::job::Job;
use crate::machine::{End, Outbox, Step};
use crate::store::{Store, StoreError};
use crate::turn::{Ended, Outcome};

impl<D, S> Worker<D, S>
where
    D: Driver<Flavor = Blocking> + Send + Sync + 'static,
    S: Store,
{
    /// Works until it is told to stop, or, with [`until_empty`](Self::until_empty), until no row
    /// is open. A store that restarts is waited for.
    pub fn run(self, stop: &Stop) -> Result<End, StoreError> {
        let Self { client, mut store, options, grace, report_every, on_pause } = self;
        let client = Arc::new(client);
        let mut paused = Paused::new(on_pause);
        let mut report = Report::new(report_every);
        let mut stopping = Stopping::new(stop, grace);
        let began = Instant::now();
        let (jobs, take) = channel::<Job>();
        let (give, ended) = channel::<Ended>();
        let take = Arc::new(Mutex::new(take));
        for n in 0..options.concurrency.max(1) {
            let (client, take, give) = (Arc::clone(&client), Arc::clone(&take), give.clone());
            // Not joined: a call that outlasts the grace must not keep the process.
            thread::Builder::new()
                .name(format!("outbox-{n}"))
                .spawn(move || calls(&client, began, &take, &give))
                .map_err(|error| StoreError::Unavailable(Box::new(error)))?;
        }
        let mut outbox = Outbox::new(options);
        loop {
            stopping.see(&mut outbox, began.elapsed());
            while let Ok(ended) = ended.try_recv() {
                outbox.ended(ended);
            }
            if report.is_due(began.elapsed()) {
                report::status(store.status());
            }
            match outbox.poll(began.elapsed(), token(&client)) {
                Step::Store(turn) => {
                    let result = done(store.turn(&turn), &turn, &mut paused)?;
                    outbox.stored(began.elapsed(), result);
                }
                Step::Drive(job) => {
                    // The threads end after this one alone.
                    let _ = jobs.send(*job);
                }
                Step::Wait(at_most) => match ended.recv_timeout(at_most.min(ATTENTION)) {
                    Ok(ended) => outbox.ended(ended),
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {}
                },
                Step::Done(end) => {
                    info!(?end, "the worker ended");
                    return Ok(end);
                }
            }
        }
    }
}

/// Makes calls until there are none to make.
fn calls<D>(
    client: &Client<D>,
    worker_began: Instant,
    take: &Mutex<Receiver<Job>>,
    give: &Sender<Ended>,
) where
    D: Driver<Flavor = Blocking>,
{
    loop {
        let next = take.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = next else { return };
        let began = Instant::now();
        // A process may have stood still since its worker handed out the job.
        let ended = if began.duration_since(worker_began) > job.start_by {
            job.too_late()
        } else {
            // A panic in a driver or an application's supplier must not lose the row.
            let called = catch_unwind(AssertUnwindSafe(|| one(client, &job, began)));
            let why = "the call broke in this program";
            called.unwrap_or_else(|_| job.given_up(began.elapsed(), Outcome::abandoned(why)))
        };
        if give.send(ended).is_err() {
            return;
        }
    }
}

fn one<D>(client: &Client<D>, job: &Job, began: Instant) -> Ended
where
    D: Driver<Flavor = Blocking>,
{
    let _span = job.span().entered();
    let driver = client.driver();
    let machine = job.machine(client.session(), client.now(), driver.jitter());
    failpoint::pass("call.before");
    let result = machine.and_then(|machine| driver.drive(machine));
    failpoint::pass("call.after");
    job.ended(began.elapsed(), &result)
}
