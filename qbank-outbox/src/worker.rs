//! A worker of threads: one does turns, the others make calls, over any blocking driver.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use qbank_proto::{Blocking, Client, Driver};
use tracing::{debug, info, warn};
use uuid::Builder;

use crate::failpoint;
use crate::job::Job;
use crate::machine::{End, Options, Outbox, Step};
use crate::row::Lane;
use crate::store::{Store, StoreError};
use crate::turn::{Ended, Outcome, Turn, Turned};

/// Tells a worker to stop: from a signal handler's thread, or any other.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// Of a worker that goes on.
    pub fn new() -> Self {
        Self::default()
    }

    /// No new claims: what is under way is finished, within the grace.
    pub fn stop(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A worker: it claims rows of a store, sends them, and writes down what came of it.
pub struct Worker<D, S> {
    client: Arc<Client<D>>,
    store: S,
    options: Options,
    grace: Duration,
    on_pause: Box<dyn FnMut(&Lane) + Send>,
}

impl<D, S> fmt::Debug for Worker<D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("options", &self.options).finish_non_exhaustive()
    }
}

/// How soon a worker that waits sees that it was told to stop.
pub(crate) const ATTENTION: Duration = Duration::from_millis(50);

impl<D, S> Worker<D, S>
where
    D: Driver<Flavor = Blocking> + Send + Sync + 'static,
    S: Store,
{
    /// A worker with a client and a store of its own. Several may share a store.
    pub fn new(client: Client<D>, store: S, options: Options) -> Self {
        let grace = Duration::from_secs(30);
        let on_pause = Box::new(|lane: &Lane| {
            warn!(lane = lane.id, reason = lane.reason, "a lane is paused");
        });
        Self { client: Arc::new(client), store, options, grace, on_pause }
    }

    /// Is told of each lane that is paused, when it is first seen. Without it, it is logged.
    #[must_use]
    pub fn on_pause(mut self, told: impl FnMut(&Lane) + Send + 'static) -> Self {
        self.on_pause = Box::new(told);
        self
    }

    /// How long what is under way may take after it was told to stop.
    #[must_use]
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Works until it is told to stop, or, with [`Options::until_empty`], until no row is open.
    /// A store that restarts is waited for.
    pub fn run(self, stop: &Stop) -> Result<End, StoreError> {
        let Self { client, mut store, options, grace, mut on_pause } = self;
        let mut told: Vec<Lane> = Vec::new();
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
        let mut gives_up_at = None;
        loop {
            let now = began.elapsed();
            if stop.is_stopped() {
                outbox.stop();
                if now >= *gives_up_at.get_or_insert(now + grace) {
                    outbox.give_up();
                }
            }
            while let Ok(ended) = ended.try_recv() {
                outbox.ended(ended);
            }
            let token = Builder::from_random_bytes(client.driver().entropy().key).into_uuid();
            match outbox.poll(now, token) {
                Step::Store(turn) => {
                    let result = done(store.turn(&turn), &turn)?;
                    if let Ok(turned) = &result {
                        tell(&turned.paused, &mut told, &mut on_pause);
                    }
                    outbox.stored(began.elapsed(), result);
                }
                Step::Drive(job) => {
                    debug!(row = job.lease.id, send = job.n, "sends");
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

/// Tells of the lanes that were not told of before.
fn tell(paused: &[(Lane, Duration)], told: &mut Vec<Lane>, on_pause: &mut dyn FnMut(&Lane)) {
    told.retain(|lane| paused.iter().any(|(other, _)| other.id == lane.id));
    for (lane, _) in paused {
        // A bank's text has its request's id in it: by the lane alone it is told once.
        if !told.iter().any(|known| known.id == lane.id) {
            on_pause(lane);
            told.push(lane.clone());
        }
    }
}

/// What came of a turn. An error that passes is no error here: the turn is taken again.
pub(crate) fn done(
    result: Result<Turned, StoreError>,
    turn: &Turn,
) -> Result<Result<Turned, ()>, StoreError> {
    match result {
        Ok(turned) => {
            debug!(
                claimed = turned.claimed.len(),
                begun = turned.begun.len(),
                ended = turn.ended.len(),
                paused = turned.paused.len(),
                "turn"
            );
            for (lane, since) in &turned.paused {
                debug!(lane = lane.id, reason = lane.reason, since = since.as_secs(), "paused");
            }
            Ok(Ok(turned))
        }
        Err(error) if error.is_unavailable() => {
            warn!(%error, "a turn is taken again");
            Ok(Err(()))
        }
        Err(error) => Err(error),
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
    let driver = client.driver();
    let machine = job.machine(client.session(), client.now(), driver.jitter());
    failpoint::pass("call.before");
    let result = machine.and_then(|machine| driver.drive(machine));
    failpoint::pass("call.after");
    job.ended(began.elapsed(), &result)
}
