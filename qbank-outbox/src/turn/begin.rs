//! Writes down what is about to be sent, before its first byte is.

use qbank_proto::Fate;
use serde_json::json;

use super::{Lease, Transaction};
use crate::row::State;

impl Transaction<'_> {
    /// Nothing, where the lease is somebody else's by now: it must not be sent.
    pub(super) fn begin(&mut self, lease: Lease) -> Option<(Lease, u32)> {
        let at = self.row(lease.id)?;
        let mut row = self.rows[at].clone();
        if row.lease_token != Some(lease.token) {
            return None;
        }
        if row.state == State::Sending {
            // The turn is repeated.
            return Some((lease, row.sends));
        }
        if row.state != State::Claimed {
            return None;
        }
        let until = self.after(self.turn.lease);
        row.sends += 1;
        row.first_sent_at.get_or_insert(self.now);
        row.lease_until = Some(until);
        row.next_at = Some(until);
        let sends = row.sends;
        self.note(&mut row, State::Sending, "sending", &json!({ "n": sends }));
        self.rows[at] = row;
        Some((lease, sends))
    }

    /// Gives back what was claimed and not begun.
    pub(super) fn release(&mut self, lease: Lease) {
        let Some(at) = self.row(lease.id) else { return };
        let mut row = self.rows[at].clone();
        if row.lease_token != Some(lease.token) {
            return;
        }
        row.let_go();
        row.next_at = Some(self.now);
        if row.state == State::Claimed {
            let back = if row.fate >= Fate::Unknown { State::Resend } else { State::Queued };
            self.note(&mut row, back, "released", &json!({}));
        }
        self.rows[at] = row;
    }
}
