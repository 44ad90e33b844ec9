//! Workers: they drive the pure machine, over threads or in a task of tokio.

mod report;
#[cfg(feature = "tokio")]
mod tasks;
mod threads;

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use qbank_proto::{Client, Driver};
use tracing::{debug, warn};
use uuid::Builder;

#[cfg(feature = "tokio")]
pub use tasks::AsyncStore;

use crate::machine::{Options, Outbox};
use crate::row::Lane;
use crate::store::StoreError;
use crate::turn::{Turn, Turned};

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

    /// Whether it was told to.
    pub fn is_stopped(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// A worker: it claims rows of a store, sends them, and writes down what came of it. Several may
/// share a store.
///
/// [`run`](Self::run) works with threads over any blocking driver, `run_async` (feature `tokio`)
/// in a task of tokio over any async one.
#[must_use = "a worker does nothing until it is run"]
pub struct Worker<D, S> {
    client: Client<D>,
    store: S,
    options: Options,
    grace: Duration,
    report_every: Option<Duration>,
    on_pause: Box<dyn FnMut(&Lane) + Send>,
}

impl<D, S> fmt::Debug for Worker<D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Worker").field("options", &self.options).finish_non_exhaustive()
    }
}

impl<D: Driver, S> Worker<D, S> {
    /// A worker with a client and a store. It is named by this process, and at random.
    pub fn new(client: Client<D>, store: S) -> Self {
        let [a, b, c, ..] = client.driver().entropy().key;
        let name = format!("{}-{a:02x}{b:02x}{c:02x}", std::process::id());
        Self {
            client,
            store,
            options: Options::new(name),
            grace: Duration::from_secs(30),
            report_every: None,
            on_pause: Box::new(|lane: &Lane| {
                warn!(lane = lane.id, reason = lane.reason, "a lane is paused");
            }),
        }
    }

    /// All of the machine's options at once.
    pub fn options(mut self, options: Options) -> Self {
        self.options = options;
        self
    }

    /// Its name in the tables and the audit.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.options.worker = name.into();
        self
    }

    /// How many calls it makes at once: 8 by default.
    pub const fn concurrency(mut self, calls: usize) -> Self {
        self.options.concurrency = calls;
        self
    }

    /// The limit of one call: 180 s by default. A lease is longer than this by the
    /// [margin](Self::margin).
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = deadline;
        self
    }

    /// By how much a lease is longer than a call, for what a turn of the store may take: 60 s by
    /// default.
    pub const fn margin(mut self, margin: Duration) -> Self {
        self.options.margin = margin;
        self
    }

    /// Nothing is sent again later than this after its first send, by the database's clock: 24 h
    /// by default, for as long as the bank keeps a key.
    pub const fn max_key_age(mut self, age: Duration) -> Self {
        self.options.max_key_age = age;
        self
    }

    /// How often it looks for new rows when there are none: 0.5 s by default.
    pub const fn interval(mut self, interval: Duration) -> Self {
        self.options.interval = interval;
        self
    }

    /// Ends when nothing is queued, being sent or waiting to be sent again.
    pub const fn until_empty(mut self) -> Self {
        self.options.until_empty = true;
        self
    }

    /// With [`until_empty`](Self::until_empty): for how long a lane may be paused before the
    /// worker gives up, 600 s by default.
    pub const fn lane_patience(mut self, patience: Duration) -> Self {
        self.options.lane_patience = patience;
        self
    }

    /// How long what is under way may take after it was told to stop: 30 s by default. What
    /// takes longer counts as maybe sent, and is sent again with the same key.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.grace = grace;
        self
    }

    /// Is called with each lane that is paused, when it is first seen. Without it, it is logged.
    pub fn on_pause(mut self, call: impl FnMut(&Lane) + Send + 'static) -> Self {
        self.on_pause = Box::new(call);
        self
    }

    /// Measures the store so often: the depth by state and what is longest in doubt, to `tracing`
    /// and, with the feature `metrics`, as gauges. It reads all of `outbox`; once a minute does
    /// for most. Of several workers, one needs to.
    pub const fn report_every(mut self, interval: Duration) -> Self {
        self.report_every = Some(interval);
        self
    }
}

/// How soon a worker that waits sees that it was told to stop.
const ATTENTION: Duration = Duration::from_millis(50);

fn token(client: &Client<impl Driver>) -> uuid::Uuid {
    Builder::from_random_bytes(client.driver().entropy().key).into_uuid()
}

/// Stops a machine that was told to, and gives up what is under way at the end of the grace.
struct Stopping<'a> {
    stop: &'a Stop,
    grace: Duration,
    gives_up_at: Option<Duration>,
}

impl<'a> Stopping<'a> {
    const fn new(stop: &'a Stop, grace: Duration) -> Self {
        Self { stop, grace, gives_up_at: None }
    }

    fn see(&mut self, outbox: &mut Outbox, now: Duration) {
        if self.stop.is_stopped() {
            outbox.stop();
            if now >= *self.gives_up_at.get_or_insert(now + self.grace) {
                outbox.give_up();
            }
        }
    }
}

/// Which lanes are paused, and who wants to know of each.
struct Paused {
    known: Vec<String>,
    on_pause: Box<dyn FnMut(&Lane) + Send>,
}

impl Paused {
    const fn new(on_pause: Box<dyn FnMut(&Lane) + Send>) -> Self {
        Self { known: Vec::new(), on_pause }
    }

    /// Calls with the lanes that were not there before.
    fn see(&mut self, paused: &[(Lane, Duration)]) {
        self.known.retain(|known| paused.iter().any(|(lane, _)| lane.id == *known));
        for (lane, _) in paused {
            if !self.known.contains(&lane.id) {
                (self.on_pause)(lane);
                self.known.push(lane.id.clone());
            }
        }
    }
}

/// What came of a turn. An error that passes is no error here: the turn is taken again.
fn done(
    result: Result<Turned, StoreError>,
    turn: &Turn,
    paused: &mut Paused,
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
            if turned.leases_lost > 0 {
                warn!(rows = turned.leases_lost, "their workers were lost, or too slow");
            }
            report::turn(turn, &turned);
            paused.see(&turned.paused);
            Ok(Ok(turned))
        }
        Err(error) if error.is_unavailable() => {
            warn!(%error, "a turn is taken again");
            report::store_failed();
            Ok(Err(()))
        }
        Err(error) => Err(error),
    }
}
