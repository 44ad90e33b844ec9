//! The attempts of one intent, and their join: invariant 2 in one place.

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::machine::Now;
use crate::types::{Attempt, AttemptList, Fate};

/// It may have been sent from another machine.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(5 * 60);

/// What has been tried, and what it says of the money altogether.
#[derive(Debug)]
pub(crate) struct Attempts {
    done: AttemptList,
    join: Fate,
    first_sent: Option<DateTime<Utc>>,
}

impl Attempts {
    /// A read has no fate. A resumed write may have been sent before.
    pub(crate) fn new(write: bool, resumed: Option<DateTime<Utc>>) -> Self {
        let join = match (write, resumed) {
            (false, _) => Fate::NotApplicable,
            (true, None) => Fate::NeverSent,
            (true, Some(_)) => Fate::Unknown,
        };
        Self { done: AttemptList::default(), join, first_sent: resumed }
    }

    /// The highest rung that any attempt reached.
    pub(crate) fn join(&self) -> Fate {
        self.join
    }

    pub(crate) fn first_sent(&self) -> Option<DateTime<Utc>> {
        self.first_sent
    }

    pub(crate) fn count(&self) -> u32 {
        u32::try_from(self.done.len()).unwrap_or(u32::MAX)
    }

    /// How long ago the intent was first sent, by the wall clock, if it was and writes.
    pub(crate) fn age(&self, now: Now) -> Option<Duration> {
        let first = self.first_sent.filter(|_| self.join != Fate::NotApplicable)?;
        Some(now.utc().signed_duration_since(first).to_std().unwrap_or_default())
    }

    /// Whether the intent claims to have been sent later than clocks may differ.
    pub(crate) fn is_from_the_future(&self, now: Now) -> bool {
        self.first_sent.is_some_and(|first| {
            let ahead = first.signed_duration_since(now.utc()).to_std().unwrap_or_default();
            self.done.is_empty() && ahead > CLOCKS_DIFFER_BY
        })
    }

    /// The intent is going out now.
    pub(crate) fn sending(&mut self, now: Now) {
        if self.join != Fate::NotApplicable {
            self.first_sent.get_or_insert(now.utc());
        }
    }

    /// One attempt is over.
    pub(crate) fn add(&mut self, attempt: Attempt) {
        if self.join != Fate::NotApplicable {
            self.join = self.join.max(attempt.fate);
        }
        self.done.push(attempt);
    }

    pub(crate) fn take(&mut self) -> AttemptList {
        std::mem::take(&mut self.done)
    }
}
