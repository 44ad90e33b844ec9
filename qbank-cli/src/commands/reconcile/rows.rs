//! The rows of a store, by what is known of them.

use std::time::Duration;

use qbank_outbox::{Evidence, State, Store};
use qbank_proto::{Fate, PaymentId};

use crate::failure::Failure;

/// The rows that there is something to find out about, and those that explain debits.
#[derive(Default)]
pub(super) struct Rows {
    /// It is not known whether the bank has it.
    pub(super) doubtful: Vec<Evidence>,
    /// The bank has it.
    pub(super) known: Vec<Evidence>,
    /// Nothing was sent yet, or a worker is sending it now.
    pub(super) waiting: Vec<Evidence>,
}

/// Read at once.
const PAGE: u32 = 1000;

impl Rows {
    /// `alone`: whoever had a row is gone.
    pub(super) fn read(store: &mut dyn Store, alone: bool) -> Result<Self, Failure> {
        let mut rows = Self::default();
        let mut after = 0;
        loop {
            let ids = store.ids_after(after, PAGE)?;
            let Some(last) = ids.last() else { return Ok(rows) };
            after = *last;
            for id in ids {
                if let Some(evidence) = store.evidence(id)? {
                    rows.sort(evidence, alone);
                }
            }
        }
    }

    fn sort(&mut self, evidence: Evidence, alone: bool) {
        let row = &evidence.row;
        match row.state {
            State::Accepted | State::Settled => self.known.push(evidence),
            State::Failed | State::Refused | State::Cancelled => {}
            State::Held | State::Queued if row.fate < Fate::Unknown => self.waiting.push(evidence),
            _ if evidence.is_leased() && !alone => self.waiting.push(evidence),
            State::Claimed if row.fate < Fate::Unknown => self.waiting.push(evidence),
            _ => self.doubtful.push(evidence),
        }
    }
}

/// What to ask the bank about a row that is in doubt.
pub(super) enum Question {
    /// Where this payment stands.
    Look(PaymentId),
    /// The same once more, with its key, which may have been used first so long ago.
    Resend(Duration),
    /// Nothing: the bank may have forgotten its key.
    None,
}

/// The bank keeps a key for so long, as far as anybody knows; a call must end within it.
const KEY_AGE: Duration = Duration::from_secs(24 * 3600);

pub(super) fn question(evidence: &Evidence, call: Duration) -> Question {
    if let Some(payment) = evidence.row.payment_id {
        return Question::Look(payment);
    }
    match evidence.key_age() {
        Some(age) if age + call < KEY_AGE && !evidence.is_pruned() => Question::Resend(age),
        _ => Question::None,
    }
}
