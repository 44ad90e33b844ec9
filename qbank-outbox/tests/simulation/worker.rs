//! A worker's process: its machine, its session, its clocks and the calls it makes.

use std::collections::BTreeMap;
use std::time::Duration;

use qbank_outbox::{Job, JobMachine, Options, Outbox};
use qbank_proto::{Config, Now, Session, Ticket};

use super::world::START;

pub(super) struct Worker {
    /// Counts its lives.
    pub(super) life: u32,
    /// None while it is down, or ended.
    pub(super) outbox: Option<Outbox>,
    pub(super) client: Config,
    pub(super) session: Session,
    pub(super) options: Options,
    pub(super) calls: BTreeMap<i64, Call>,
    /// Only the latest wake-up counts.
    pub(super) wake: u64,
    /// Whether it found the store without an open row.
    pub(super) saw_empty: bool,
    pub(super) asleep_until: Duration,
    /// How far its wall clock is off.
    pub(super) wall: i64,
    /// Where its monotonic clock began.
    pub(super) origin: Duration,
}

/// A call under way.
pub(super) struct Call {
    pub(super) job: Job,
    pub(super) machine: JobMachine,
    pub(super) began: Duration,
    /// The exchange that is out.
    pub(super) out: Option<(u64, Ticket)>,
}

impl Worker {
    pub(super) fn mono(&self, time: Duration) -> Duration {
        self.origin + time
    }

    pub(super) fn now(&self, time: Duration) -> Now {
        let wall = Duration::from_millis(self.wall.unsigned_abs());
        let unix = START + time;
        let unix = if self.wall < 0 { unix.saturating_sub(wall) } else { unix + wall };
        Now { mono: self.mono(time), unix }
    }
}
