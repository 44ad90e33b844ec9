//! How many rows of a run came to what, and how many dollars.

use qbank_files::Outcome;
use qbank_proto::Money;

use crate::failure::{FAILED, IN_PROGRESS, UNKNOWN};

/// All outcomes, in the order in which they are counted.
const OUTCOMES: [Outcome; 9] = [
    Outcome::Accepted,
    Outcome::Refused,
    Outcome::NeverSent,
    Outcome::InProgress,
    Outcome::Unknown,
    Outcome::Reconcile,
    Outcome::Failed,
    Outcome::Held,
    Outcome::Pending,
];

/// What became of all rows.
#[derive(Default)]
pub(super) struct Counts {
    pub(super) rows: u64,
    pub(super) total: Money,
    by_outcome: [(u64, Money); OUTCOMES.len()],
}

/// What cannot overflow, since the total of the file did not.
fn add(total: &mut Money, amount: Money) {
    *total = total.checked_add(amount).unwrap_or(*total);
}

impl Counts {
    pub(super) fn add(&mut self, outcome: Outcome, amount: Money) {
        self.rows += 1;
        add(&mut self.total, amount);
        // What is settled was accepted.
        let of = if outcome == Outcome::Settled { Outcome::Accepted } else { outcome };
        for (known, (rows, dollars)) in OUTCOMES.iter().zip(&mut self.by_outcome) {
            if *known == of {
                *rows += 1;
                add(dollars, amount);
            }
        }
    }

    pub(super) fn each(&self) -> impl Iterator<Item = (Outcome, u64, Money)> {
        OUTCOMES.into_iter().zip(self.by_outcome).map(|(it, (rows, dollars))| (it, rows, dollars))
    }

    pub(super) fn of(&self, outcome: Outcome) -> u64 {
        self.each().find(|(known, ..)| *known == outcome).map_or(0, |(_, rows, _)| rows)
    }

    /// The worst row's. `unsettled` are accepted, and were waited for.
    pub(super) fn code(&self, unsettled: u64) -> u8 {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| self.of(*outcome) > 0);
        if any(&[Outcome::Unknown, Outcome::Reconcile]) {
            UNKNOWN
        } else if any(&[Outcome::InProgress]) || unsettled > 0 {
            IN_PROGRESS
        } else if any(&[Outcome::Refused, Outcome::Failed, Outcome::NeverSent, Outcome::Pending]) {
            FAILED
        } else {
            0
        }
    }
}
