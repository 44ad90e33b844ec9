//! Writes down what is about to be sent, before its first byte is.

use std::time::Duration;

use qbank_proto::Fate;
use serde_json::json;

use super::{Begun, Lease, Transaction};
use crate::row::{Row, State};

impl Transaction<'_> {
    /// Nothing, where it must not be sent: the lease is somebody else's by now, or has run out,
    /// or the bank may forget the key during the call. Such a row is due again.
    pub(super) fn begin(&mut self, lease: Lease) -> Option<Begun> {
        let at = self.row(lease.id)?;
        let mut row = self.rows[at].clone();
        if row.lease_token != Some(lease.token) {
            return None;
        }
        if row.state == State::Sending {
            // The turn is repeated. It was sent before this send, if its first is older.
            return Some(Begun { lease, n: row.sends, first_sent: self.in_doubt_for(&row) });
        }
        if self.is_stopped() {
            self.release(lease);
            return None;
        }
        if row.state != State::Claimed || !row.is_leased(self.now) || self.is_too_old(&row) {
            return None;
        }
        let first_sent = self.in_doubt_for(&row);
        let until = self.after(self.turn.lease);
        row.sends += 1;
        row.first_sent_at.get_or_insert(self.now);
        row.lease_until = Some(until);
        row.next_at = Some(until);
        let n = row.sends;
        self.note(&mut row, State::Sending, "sending", &json!({ "n": n }));
        self.rows[at] = row;
        Some(Begun { lease, n, first_sent })
    }

    /// How long ago a row was first sent, if it may have reached the bank.
    fn in_doubt_for(&self, row: &Row) -> Option<Duration> {
        let first = row.first_sent_at.filter(|_| row.fate >= Fate::Unknown)?;
        Some((self.now - first).to_std().unwrap_or_default())
    }

    /// Whether a call that begins now could end after the bank has forgotten the key.
    pub(super) fn is_too_old(&self, row: &Row) -> bool {
        let age = self.in_doubt_for(row);
        age.is_some_and(|age| age + self.turn.lease > self.turn.max_key_age)
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
