//! The pure machine of a worker: which turn its store takes next, and which calls it makes.
//!
//! ```text
//!   poll ──► Store a turn ──► stored        One turn at a time. While it is under way, calls go
//!        ├─► Drive a job  ──► ended         on and end; the next turn writes down all of them.
//!        ├─► Wait
//!        └─► Done
//! ```
//!
//! No I/O, no clock and no randomness: a driver hands them in. Times are of one monotonic clock.

use std::collections::HashMap;
use std::time::Duration;

use uuid::Uuid;

use crate::job::{Job, What};
use crate::row::Lane;
use crate::turn::{Begun, Claimed, Ended, Lease, Outcome, Task, Turn, Turned};

/// How a worker works.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// Its name in the tables and the audit.
    pub worker: String,
    /// How many calls it makes at once.
    pub concurrency: usize,
    /// The limit of one call.
    pub deadline: Duration,
    /// By how much a lease is longer than a call: what a turn may take.
    pub margin: Duration,
    /// Nothing is sent again later than this after its first send.
    pub max_key_age: Duration,
    /// How often it looks for new rows when there are none.
    pub interval: Duration,
    /// Ends when no row is open.
    pub until_empty: bool,
    /// With `until_empty`: how long a lane may be paused before the worker gives up.
    pub lane_patience: Duration,
}

impl Options {
    /// As a worker of this name usually works.
    pub fn new(worker: impl Into<String>) -> Self {
        Self {
            worker: worker.into(),
            concurrency: 8,
            deadline: Duration::from_secs(180),
            margin: Duration::from_secs(60),
            max_key_age: Duration::from_secs(24 * 3600),
            interval: Duration::from_millis(500),
            until_empty: false,
            lane_patience: Duration::from_secs(600),
        }
    }

    /// A call ends, and is written down, before somebody else may have its row.
    pub fn lease(&self) -> Duration {
        self.deadline + self.margin
    }
}

/// How long a call that has ended waits for others, so that they share a turn.
const GATHER: Duration = Duration::from_millis(2);

/// What to do next.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// Do this turn in the store, and hand what it came to to [`Outbox::stored`].
    Store(Turn),
    /// Make this call, and hand what came of it to [`Outbox::ended`].
    Drive(Box<Job>),
    /// Nothing, for at most so long, or until a call ends.
    Wait(Duration),
    /// It is over.
    Done(End),
}

/// Why a worker ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It was told to stop.
    Stopped,
    /// No row is open.
    Empty,
    /// A lane stayed paused: rows are still queued.
    GaveUp(Lane),
}

/// The pure machine of a worker.
#[derive(Debug)]
pub struct Outbox {
    options: Options,
    /// Claimed, and not begun.
    claimed: HashMap<Lease, Claimed>,
    /// To be driven.
    ready: Vec<Job>,
    /// Driven now.
    driving: HashMap<Lease, Job>,
    /// What the next turn writes down.
    ended: Vec<Ended>,
    /// Since when the first of those waits for others.
    gathers: Option<Duration>,
    release: Vec<Lease>,
    turn: Option<Under>,
    /// When to look for rows again.
    look_at: Duration,
    end: Option<End>,
    stopping: bool,
}

/// The turn that is under way.
#[derive(Debug)]
struct Under {
    turn: Turn,
    /// When it was first asked for: what it claims, it has from then on at the latest.
    since: Duration,
    /// When it is asked for again, after the store failed.
    again_at: Option<Duration>,
    failures: u32,
    out: bool,
}

impl Outbox {
    /// A worker that has done nothing yet.
    pub fn new(options: Options) -> Self {
        Self {
            options,
            claimed: HashMap::new(),
            ready: Vec::new(),
            driving: HashMap::new(),
            ended: Vec::new(),
            gathers: None,
            release: Vec::new(),
            turn: None,
            look_at: Duration::ZERO,
            end: None,
            stopping: false,
        }
    }

    /// What to do next. `token` is random, and names a turn if one begins.
    pub fn poll(&mut self, now: Duration, token: Uuid) -> Step {
        while let Some(job) = self.ready.pop() {
            if now <= job.start_by {
                self.driving.insert(job.lease, job.clone());
                return Step::Drive(Box::new(job));
            }
            self.too_late(&job);
        }
        if let Some(under) = &mut self.turn {
            return match under.again_at {
                _ if under.out => Step::Wait(self.options.interval),
                Some(at) if now < at => Step::Wait(at.saturating_sub(now)),
                _ => {
                    under.out = true;
                    Step::Store(under.turn.clone())
                }
            };
        }
        let free = self.options.concurrency.saturating_sub(self.claimed.len() + self.driving.len());
        let looks = self.end.is_none() && !self.stopping && free > 0 && now >= self.look_at;
        if self.stopping {
            self.release.extend(self.claimed.drain().map(|(_, it)| it.lease));
        }
        if !looks && self.claimed.is_empty() && self.ended.is_empty() && self.release.is_empty() {
            if !self.driving.is_empty() {
                return Step::Wait(self.until_look(now, free));
            }
            if let Some(end) = self.end.clone() {
                return Step::Done(end);
            }
            if self.stopping {
                return Step::Done(End::Stopped);
            }
            return Step::Wait(self.until_look(now, free));
        }
        if let Some(wait) = self.gather(now) {
            return Step::Wait(wait);
        }
        let turn = self.next_turn(token, if looks { free } else { 0 });
        self.turn =
            Some(Under { turn: turn.clone(), since: now, again_at: None, failures: 0, out: true });
        Step::Store(turn)
    }

    /// How long the next turn waits for calls that may end now. A turn costs much the same for
    /// one row and for many, and what has ended meanwhile waits for its end.
    fn gather(&mut self, now: Duration) -> Option<Duration> {
        let gathers = !self.ended.is_empty()
            && !self.driving.is_empty()
            && self.claimed.is_empty()
            && self.release.is_empty()
            && !self.stopping;
        let since = *self.gathers.get_or_insert(now);
        let left = GATHER.saturating_sub(now.saturating_sub(since));
        if gathers && !left.is_zero() {
            return Some(left);
        }
        self.gathers = None;
        None
    }

    fn until_look(&self, now: Duration, free: usize) -> Duration {
        if free == 0 || self.stopping || self.end.is_some() {
            return self.options.interval;
        }
        self.look_at.saturating_sub(now).max(Duration::from_millis(1))
    }

    fn next_turn(&mut self, token: Uuid, claim: usize) -> Turn {
        let sends = |it: &&Claimed| it.task == Task::Send;
        let mut begin: Vec<Lease> =
            self.claimed.values().filter(sends).map(|it| it.lease).collect();
        begin.sort_unstable_by_key(|lease| lease.id);
        Turn {
            token,
            worker: self.options.worker.clone(),
            lease: self.options.lease(),
            max_key_age: self.options.max_key_age,
            ended: std::mem::take(&mut self.ended),
            begin,
            release: std::mem::take(&mut self.release),
            claim: u32::try_from(claim).unwrap_or(u32::MAX),
        }
    }

    /// What the store made of the turn. An error means that it is not known, and the same turn
    /// is taken again: stores restart, and answers to commits are lost.
    pub fn stored(&mut self, now: Duration, result: Result<Turned, ()>) {
        let Some(mut under) = self.turn.take() else { return };
        let Ok(turned) = result else {
            under.out = false;
            under.failures += 1;
            let wait = Duration::from_millis(50 << under.failures.min(6));
            under.again_at = Some(now + wait);
            self.turn = Some(under);
            return;
        };
        // What was begun is sent while its lease is sure to hold for a whole call.
        let start_by = under.since + self.options.margin / 4 * 3;
        for lease in &under.turn.begin {
            let Some(claimed) = self.claimed.remove(lease) else { continue };
            let begun = turned.begun.iter().find(|begun| begun.lease == *lease);
            // It must not be sent, or not by this worker.
            let Some(Begun { n, first_sent, .. }) = begun.copied() else { continue };
            let job = Job {
                lease: *lease,
                n: Some(n),
                limit: self.options.deadline,
                start_by,
                what: What::Send { intent: Box::new(claimed.intent), first_sent },
            };
            if self.stopping {
                self.too_late(&job);
            } else {
                self.ready.push(job);
            }
        }
        self.took(now, start_by, &under.turn, turned);
    }

    /// Nothing is sent: a call would outlast its lease, or the worker stops.
    fn too_late(&mut self, job: &Job) {
        if job.n.is_none() {
            self.release.push(job.lease);
            return;
        }
        let why = "nothing was sent: its lease had run out, or the worker stopped";
        self.ended.push(job.given_up(Duration::ZERO, Outcome::not_sent(why)));
    }

    fn took(&mut self, now: Duration, start_by: Duration, turn: &Turn, turned: Turned) {
        let found = turned.claimed.len();
        for claimed in turned.claimed {
            match claimed.task {
                Task::Look(payment) => {
                    let limit = self.options.deadline.min(Duration::from_secs(30));
                    let what = What::Look { intent: Box::new(claimed.intent), payment };
                    self.ready.push(Job { lease: claimed.lease, n: None, limit, start_by, what });
                }
                Task::Send => {
                    self.claimed.insert(claimed.lease, claimed);
                }
            }
        }
        if turn.claim == 0 {
            return;
        }
        if found < usize::try_from(turn.claim).unwrap_or(usize::MAX) {
            let next = turned.next_in.unwrap_or(self.options.interval);
            let shortest = Duration::from_millis(5).min(self.options.interval);
            self.look_at = now + next.clamp(shortest, self.options.interval);
        }
        if !self.options.until_empty || self.end.is_some() {
            return;
        }
        let patience = self.options.lane_patience;
        let patient = |(lane, since): &(Lane, Duration)| {
            lane.id != Lane::ALL && (*since).min(now) >= patience
        };
        if !turned.open && self.is_idle() {
            self.end = Some(End::Empty);
        } else if turned.stuck
            && let Some((lane, _)) = turned.paused.into_iter().find(patient)
        {
            self.end = Some(End::GaveUp(lane));
        }
    }

    /// Whether nothing is being sent.
    fn is_idle(&self) -> bool {
        let sends = |job: &Job| job.n.is_some();
        self.claimed.is_empty()
            && !self.ready.iter().any(sends)
            && !self.driving.values().any(sends)
            && !self.ended.iter().any(|ended| ended.n.is_some())
    }

    /// What came of a call.
    pub fn ended(&mut self, ended: Ended) {
        if self.driving.remove(&ended.lease).is_some() {
            self.ended.push(ended);
        }
    }

    /// No new claims: what is under way is finished.
    pub fn stop(&mut self) {
        self.stopping = true;
    }

    /// Gives up what is under way: each call counts as maybe sent. For the end of the grace.
    pub fn give_up(&mut self) {
        self.stop();
        for (_, job) in self.driving.drain() {
            let why = "the worker stopped before the bank had answered";
            self.ended.push(job.given_up(Duration::ZERO, Outcome::abandoned(why)));
        }
        while let Some(job) = self.ready.pop() {
            self.too_late(&job);
        }
    }
}
