//! What a store has in it, in numbers: what to watch.

use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::Money;

use crate::row::{Lane, State};

/// What a store has in it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Status {
    /// How many rows are in each state that any is in.
    pub depth: Vec<(State, u64)>,
    /// How much those are of, in dollars.
    pub dollars: Vec<(State, Money)>,
    /// Accepted payments that are still looked at.
    pub unsettled: u64,
    /// How often anything was about to be sent, in all.
    pub sends: u64,
    /// The leases that ran out, of rows that have not come to an end since.
    pub leases_lost: u64,
    /// For how long the row has been due that is due longest.
    pub oldest_due: Option<Duration>,
    /// How long ago the row was first sent that is longest in doubt: of which it is not known
    /// whether the bank has it, whether it is sent again or waits for a person.
    pub oldest_unknown: Option<Duration>,
    /// The lanes that are paused, and for how long they have been.
    pub paused: Vec<(Lane, Duration)>,
}

impl Status {
    /// How many rows are in this state.
    pub fn rows(&self, state: State) -> u64 {
        let found = self.depth.iter().find(|(other, _)| *other == state);
        found.map_or(0, |(_, rows)| *rows)
    }

    /// How much the rows in this state are of.
    pub fn dollars(&self, state: State) -> Money {
        let found = self.dollars.iter().find(|(other, _)| *other == state);
        found.map_or(Money::from_cents(0), |(_, dollars)| *dollars)
    }

    /// How many rows are queued, claimed, being sent, or wait to be sent again.
    pub fn open(&self) -> u64 {
        self.depth.iter().filter(|(state, _)| state.is_open()).map(|(_, rows)| rows).sum()
    }
}

/// The rows of one state.
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) struct OfState {
    pub(crate) state: State,
    pub(crate) rows: u64,
    pub(crate) cents: i64,
    /// How many of them are accepted, and still looked at.
    pub(crate) unsettled: u64,
    pub(crate) sends: u64,
    pub(crate) leases_lost: u64,
    /// When the first of them is due, if it is open.
    pub(crate) due: Option<DateTime<Utc>>,
    /// When the first of them was first sent of which it is not known whether the bank has it.
    pub(crate) in_doubt: Option<DateTime<Utc>>,
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Status {
    /// Without the lanes, which are read by themselves.
    pub(crate) fn of(mut states: Vec<OfState>, now: DateTime<Utc>) -> Self {
        states.sort_unstable_by_key(|it| it.state);
        let since = |at: Option<DateTime<Utc>>| at.and_then(|at| (now - at).to_std().ok());
        Self {
            depth: states.iter().map(|it| (it.state, it.rows)).collect(),
            dollars: states.iter().map(|it| (it.state, Money::from_cents(it.cents))).collect(),
            unsettled: states.iter().map(|it| it.unsettled).sum(),
            sends: states.iter().map(|it| it.sends).sum(),
            leases_lost: states.iter().map(|it| it.leases_lost).sum(),
            oldest_due: since(states.iter().filter_map(|it| it.due).min()),
            oldest_unknown: since(states.iter().filter_map(|it| it.in_doubt).min()),
            paused: Vec::new(),
        }
    }
}
