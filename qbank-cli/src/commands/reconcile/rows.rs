//! The rows of a store, by what is known of them.

use qbank_outbox::{Evidence, Kind, State, Store};
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
    pub(super) fn read(store: &mut dyn Store) -> Result<Self, Failure> {
        let mut rows = Self::default();
        let mut after = 0;
        loop {
            let ids = store.ids_after(after, PAGE)?;
            let Some(last) = ids.last() else { return Ok(rows) };
            after = *last;
            for id in ids {
                if let Some(evidence) = store.evidence(id)? {
                    rows.sort(evidence);
                }
            }
        }
    }

    fn sort(&mut self, evidence: Evidence) {
        let row = &evidence.row;
        match row.state {
            State::Accepted | State::Settled => self.known.push(evidence),
            State::Failed | State::Refused | State::Cancelled => {}
            State::Held | State::Queued | State::Claimed if row.fate < Fate::Unknown => {
                self.waiting.push(evidence);
            }
            _ if evidence.is_leased() => self.waiting.push(evidence),
            _ => self.doubtful.push(evidence),
        }
    }
}

/// Whether money may have moved for a row.
pub(super) fn may_be_paid(evidence: &Evidence) -> bool {
    evidence.row.state == State::Sending || evidence.row.fate >= Fate::Unknown
}

/// What to ask the bank about a row that is in doubt.
pub(super) enum Question {
    /// Where this payment stands.
    Look(PaymentId),
    /// The same once more, with its key: as a worker would.
    Resend,
    /// Nothing: what waits for a person is not sent, and after a backup was restored nobody knows
    /// what was.
    None,
}

pub(super) fn question(evidence: &Evidence) -> Question {
    let Evidence { row, intent, .. } = evidence;
    let is_payment = matches!(intent.kind, Kind::Ach | Kind::Wire);
    match row.payment_id {
        Some(payment) if is_payment => Question::Look(payment),
        _ if row.state == State::Resend && row.sends > 0 => Question::Resend,
        _ => Question::None,
    }
}
