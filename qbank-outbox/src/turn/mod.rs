//! What a worker does to its store: one turn is one transaction. It writes down what has ended,
//! writes down what is about to be sent, and claims what is due, for all of a worker's slots at
//! once, so that they share a commit.
//!
//! A store only locks rows, hands them over as a [`Snapshot`] and writes the [`Changes`]. What
//! they are is decided here, and so is the same on every store. A turn may be repeated as it is:
//! where the answer to a commit was lost, nothing doubles.

mod begin;
mod claim;
mod finish;
mod lanes;
mod outcome;

use std::collections::HashSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

pub use outcome::{Failure, Outcome};

use crate::audit::{self, Event, Link};
use crate::intent::Record;
use crate::row::{AttemptRow, Lane, Row, RowId, State};

/// What a worker wants of its store.
#[derive(Debug, Clone, PartialEq)]
pub struct Turn {
    /// Names this turn; what it claims has it as its lease.
    pub token: Uuid,
    /// Who does it.
    pub worker: String,
    /// For how long a claim holds: longer than a call can last.
    pub lease: Duration,
    /// Nothing is sent later than this after its first send.
    pub max_key_age: Duration,
    /// What came of what was sent.
    pub ended: Vec<Ended>,
    /// What is about to be sent.
    pub begin: Vec<Lease>,
    /// What was claimed, and will not be sent.
    pub release: Vec<Lease>,
    /// How many rows to claim.
    pub claim: u32,
}

/// A row that a worker has claimed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Lease {
    /// The row.
    pub id: RowId,
    /// Of the turn that claimed it.
    pub token: Uuid,
}

/// What came of one send, or of one look at a payment.
#[derive(Debug, Clone, PartialEq)]
pub struct Ended {
    /// The row, and the lease that it was sent under.
    pub lease: Lease,
    /// Which send of the row it was; none of a look at a payment.
    pub n: Option<u32>,
    /// How long it took.
    pub took: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

/// Which rows a turn may claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// How many rows that are due, of no lane that is named below.
    pub rows: u32,
    /// The lanes that are paused.
    pub without: Vec<String>,
    /// Those of them of which one row is tried, in this order, as long as `rows` lets it: a lane
    /// may have none.
    pub probes: Vec<String>,
}

/// What a store has of what a turn needs, all of it locked until the end of the transaction.
#[derive(Debug, Clone)]
pub struct Snapshot {
    /// By the database's clock.
    pub now: DateTime<Utc>,
    /// The rows that [`Turn::rows`] names.
    pub rows: Vec<Row>,
    /// Of the sends of [`Turn::ended`], those whose attempt is written down already.
    pub recorded: HashSet<(Lease, u32)>,
    /// The lanes that are paused.
    pub lanes: Vec<Lane>,
    /// What this turn has claimed already, if it is repeated; else what is due.
    pub due: Vec<(Row, Record)>,
    /// Whether `due` was claimed by this turn before.
    pub repeated: bool,
    /// If less is due than was asked for: when the next row of no paused lane is to be sent, and
    /// when the next payment is to be looked at. Later than now.
    pub next_at: Option<DateTime<Utc>>,
    /// See `next_at`.
    pub next_look_at: Option<DateTime<Utc>>,
    /// Whether any row is queued, claimed, sending or waits to be sent again. Needs to be known
    /// only where rows are claimed and none of `due` is such a row.
    pub open: bool,
}

/// What a store writes.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Rows of `outbox`, whole.
    pub rows: Vec<Row>,
    /// New rows of `attempt`.
    pub attempts: Vec<AttemptRow>,
    /// New rows of `audit`.
    pub audit: Vec<Link>,
    /// Lanes that are paused, or paused for longer.
    pub paused: Vec<Lane>,
    /// Lanes that go on.
    pub resumed: Vec<String>,
}

/// What a turn came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Turned {
    /// The rows that may be sent now.
    pub begun: Vec<Begun>,
    /// What was claimed.
    pub claimed: Vec<Claimed>,
    /// The lanes that are paused now, and for how long they have been.
    pub paused: Vec<(Lane, Duration)>,
    /// How long it is until a row is due, if none is now.
    pub next_in: Option<Duration>,
    /// Whether any row is queued, claimed, sending or waits to be sent again, or may be.
    pub open: bool,
    /// Whether all that is open waits for a lane that is paused.
    pub stuck: bool,
    /// How many rows were found whose lease had run out.
    pub leases_lost: u32,
}

/// A row that was claimed, and what there is to do with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Claimed {
    /// The row, and its lease.
    pub lease: Lease,
    /// What was enqueued.
    pub intent: Record,
    /// What to do.
    pub task: Task,
}

/// A row that may be sent now: that is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Begun {
    /// The row, and its lease.
    pub lease: Lease,
    /// Which send of the row it is.
    pub n: u32,
    /// How long ago it was first sent, if it may have been. By the database's clock.
    pub first_sent: Option<Duration>,
}

/// What there is to do with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Task {
    /// Send it, after it is written down that it is sent.
    Send,
    /// Look where its payment stands.
    Look(qbank_proto::PaymentId),
}

impl Turn {
    /// The rows to lock, in order.
    pub fn rows(&self) -> Vec<RowId> {
        let ended = self.ended.iter().map(|it| it.lease.id);
        let leases = self.begin.iter().chain(&self.release).map(|it| it.id);
        let mut rows: Vec<RowId> = ended.chain(leases).collect();
        rows.sort_unstable();
        rows.dedup();
        rows
    }

    /// Which rows it may claim, by the lanes that are paused.
    pub fn wants(&self, lanes: &[Lane], now: DateTime<Utc>) -> Wanted {
        let mut wanted = Wanted { rows: self.claim, without: Vec::new(), probes: Vec::new() };
        for lane in lanes {
            let is_due = lane.retry_at.is_some_and(|retry_at| retry_at <= now);
            match lane.id.as_str() {
                Lane::ALL => wanted.rows = 0,
                Lane::CREDENTIAL => wanted.rows = wanted.rows.min(u32::from(is_due)),
                id => {
                    wanted.without.push(id.to_owned());
                    if is_due {
                        wanted.probes.push(id.to_owned());
                    }
                }
            }
        }
        wanted
    }

    /// Decides what a turn changes.
    pub fn apply(&self, snapshot: Snapshot) -> (Changes, Turned) {
        let mut at = Transaction {
            turn: self,
            now: snapshot.now,
            lanes: snapshot.lanes,
            rows: snapshot.rows,
            changes: Changes::default(),
            leases_lost: 0,
        };
        for ended in &self.ended {
            let recorded = ended.n.is_some_and(|n| snapshot.recorded.contains(&(ended.lease, n)));
            at.finish(ended, recorded);
        }
        let begun = self.begin.iter().filter_map(|lease| at.begin(*lease)).collect();
        for lease in &self.release {
            at.release(*lease);
        }
        let open = snapshot.open || snapshot.due.iter().any(|(row, _)| row.state.is_open());
        let claimed: Vec<Claimed> = snapshot
            .due
            .into_iter()
            .filter_map(|(row, intent)| at.claim(row, intent, snapshot.repeated))
            .collect();
        let Transaction { now, lanes, rows, mut changes, leases_lost, .. } = at;
        changes.rows.extend(rows);
        let since = |from: DateTime<Utc>| (now - from).to_std().unwrap_or_default();
        // Of a lane that is due and has no rows, nothing is to be waited for.
        let retries = lanes.iter().filter_map(|lane| lane.retry_at).filter(|at| *at > now);
        let next = [snapshot.next_at, snapshot.next_look_at].into_iter().flatten();
        let next_in = next.chain(retries).min().map(|at| (at - now).to_std().unwrap_or_default());
        let sends = claimed.iter().any(|claimed| claimed.task == Task::Send);
        let stuck = open && !sends && snapshot.next_at.is_none() && !lanes.is_empty();
        let turned = Turned {
            begun,
            claimed,
            paused: lanes
                .into_iter()
                .map(|lane| (lane.paused_at, lane))
                .map(|(from, lane)| (lane, since(from)))
                .collect(),
            next_in,
            open,
            stuck,
            leases_lost,
        };
        (changes, turned)
    }
}

/// What is known while a turn is applied.
struct Transaction<'a> {
    turn: &'a Turn,
    now: DateTime<Utc>,
    lanes: Vec<Lane>,
    /// Locked rows, changed as it goes on.
    rows: Vec<Row>,
    changes: Changes,
    leases_lost: u32,
}

impl Transaction<'_> {
    fn row(&mut self, id: RowId) -> Option<usize> {
        self.rows.iter().position(|row| row.id == id)
    }

    fn after(&self, wait: Duration) -> DateTime<Utc> {
        after(self.now, wait)
    }

    /// Moves a row to another state, or leaves it in its own, and notes why.
    fn note(&mut self, row: &mut Row, to: State, name: &str, detail: &serde_json::Value) {
        let own = self.turn.token.to_string();
        self.note_of(row, to, name, &own, detail);
    }

    /// The same, because of a response of the bank with this id.
    fn note_of(
        &mut self,
        row: &mut Row,
        to: State,
        name: &str,
        request_id: &str,
        detail: &serde_json::Value,
    ) {
        let from = Some(row.state);
        row.state = to;
        let event =
            Event { name, actor: &self.turn.worker, request_id, from, detail: detail.clone() };
        let link = audit::append(row, self.now, event);
        self.changes.audit.push(link);
    }
}

/// A later moment; the end of time rather than none.
pub(crate) fn after(now: DateTime<Utc>, wait: Duration) -> DateTime<Utc> {
    let wait = TimeDelta::from_std(wait).unwrap_or(TimeDelta::MAX);
    now.checked_add_signed(wait).unwrap_or(DateTime::<Utc>::MAX_UTC)
}
