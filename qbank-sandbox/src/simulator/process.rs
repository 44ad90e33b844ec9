//! A process of the client's: its clocks, its session, what runs in it, and what of it
//! is on disk.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use qbank_proto::{IdempotencyKey, Now, PaymentId, Session};

use super::plan::{JobPlan, ProcessPlan};
use super::running::{Flag, Running};
use super::tokens::TokenWatch;

/// What a crash leaves is `plan` and `jobs`; everything else is memory.
pub(super) struct Process {
    pub(super) plan: ProcessPlan,
    pub(super) jobs: Vec<Job>,
    pub(super) clock: Clock,
    /// None while it is down.
    pub(super) session: Option<Session>,
    pub(super) tokens: TokenWatch,
    /// What runs, by job: at most one machine each.
    pub(super) tasks: Vec<Option<Task>>,
    /// Counts its lives.
    pub(super) life: u32,
    /// Steps of its life, over all lives: it may crash between any two.
    pub(super) steps: u32,
    pub(super) crashes: usize,
}

/// What the application keeps of a job, on disk.
pub(super) struct Job {
    pub(super) plan: JobPlan,
    pub(super) phase: Phase,
    /// The keys that were used, each with the bytes and the moment of its first send.
    pub(super) keys: Vec<Saved>,
    pub(super) again: u32,
    pub(super) resumes: u32,
    pub(super) runs: u32,
    /// A gateway responded with another payment than its own.
    pub(super) misled: bool,
}

/// Written down before the first send.
#[derive(Debug, Clone)]
pub(super) struct Saved {
    pub(super) key: IdempotencyKey,
    pub(super) body: Bytes,
    pub(super) first_sent: DateTime<Utc>,
}

/// Where the application is with a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Planned,
    /// The last key is saved; it may have been sent.
    Sending,
    /// The bank has the payment.
    Waiting(PaymentId),
    Done,
}

/// A machine and its driver.
pub(super) struct Task {
    pub(super) machine: Running,
    /// Distinguishes this machine from others that ran for the same job.
    pub(super) run: u32,
    pub(super) flag: Arc<Flag>,
    pub(super) waker: Waker,
    pub(super) limit: Duration,
    pub(super) most_sends: u32,
    /// By the monotonic clock; set by the first poll.
    pub(super) deadline: Option<Duration>,
    /// Until when it sleeps, by the monotonic clock.
    pub(super) sleeps_until: Duration,
    /// Only the latest timer counts.
    pub(super) timer: u32,
    /// Its timer ended the wait, not its waker.
    pub(super) slept: bool,
    /// It waits for a token that another call asks for.
    pub(super) follows: bool,
    /// The exchange that is out.
    pub(super) out: Option<usize>,
    pub(super) token_requests: u32,
    pub(super) exchanges: u32,
    /// Exchanges that write.
    pub(super) sends: u32,
    /// What a wrong client does next.
    pub(super) spoilt: Spoilt,
}

/// What a wrong client does with its next send.
#[derive(Debug, Default)]
pub(super) struct Spoilt {
    pub(super) key: Option<IdempotencyKey>,
    pub(super) redirect: Option<String>,
}

impl Process {
    pub(super) fn new(plan: ProcessPlan) -> Self {
        let jobs: Vec<Job> = plan.jobs.iter().cloned().map(Job::new).collect();
        Self {
            clock: Clock::new(plan.wall),
            tasks: jobs.iter().map(|_| None).collect(),
            jobs,
            plan,
            session: None,
            tokens: TokenWatch::default(),
            life: 0,
            steps: 0,
            crashes: 0,
        }
    }

    /// The machine of this job, if it is this one.
    pub(super) fn task(&mut self, job: usize, run: u32) -> Option<&mut Task> {
        self.tasks.get_mut(job)?.as_mut().filter(|task| task.run == run)
    }
}

impl Job {
    fn new(plan: JobPlan) -> Self {
        Self {
            again: plan.again,
            resumes: plan.resumes,
            plan,
            phase: Phase::Planned,
            keys: Vec::new(),
            runs: 0,
            misled: false,
        }
    }
}

impl Task {
    pub(super) fn new(machine: Running, run: u32, limit: Duration, retries: u32) -> Self {
        let flag = Arc::<Flag>::default();
        Self {
            machine,
            run,
            waker: Waker::from(Arc::clone(&flag)),
            flag,
            limit,
            most_sends: retries.saturating_add(1),
            deadline: None,
            sleeps_until: Duration::ZERO,
            timer: 0,
            slept: false,
            follows: false,
            out: None,
            token_requests: 0,
            exchanges: 0,
            sends: 0,
            spoilt: Spoilt::default(),
        }
    }
}

/// The clocks of a process. What is handed in and out is the time of the simulation.
#[derive(Debug)]
pub(super) struct Clock {
    /// Where the monotonic clock of this life began.
    origin: Duration,
    /// For how long the monotonic clock stood still.
    lag: Duration,
    /// How far the wall clock is off, in milliseconds.
    wall: i64,
    asleep_until: Duration,
}

/// The wall clock's time when a schedule starts; the bank's, too.
pub(super) const START: Duration = Duration::from_secs(1_767_621_600);

impl Clock {
    fn new(wall: i64) -> Self {
        Self { origin: Duration::ZERO, lag: Duration::ZERO, wall, asleep_until: Duration::ZERO }
    }

    pub(super) fn now(&self, time: Duration) -> Now {
        let wall = Duration::from_millis(self.wall.unsigned_abs());
        let unix = START + time;
        Now {
            mono: (self.origin + time).saturating_sub(self.lag),
            unix: if self.wall < 0 { unix.saturating_sub(wall) } else { unix + wall },
        }
    }

    pub(super) fn set(&mut self, by: i64) {
        self.wall = self.wall.saturating_add(by);
    }

    pub(super) fn sleep(&mut self, time: Duration, lasts: Duration, stops_the_clock: bool) {
        // A sleep within a sleep changes nothing.
        if self.asleep_until(time).is_none() {
            self.asleep_until = time + lasts;
            if stops_the_clock {
                self.lag += lasts;
            }
        }
    }

    pub(super) fn asleep_until(&self, time: Duration) -> Option<Duration> {
        (self.asleep_until > time).then_some(self.asleep_until)
    }

    /// Another life, another origin.
    pub(super) fn restart(&mut self, origin: Duration) {
        self.origin = origin + self.lag;
    }
}
