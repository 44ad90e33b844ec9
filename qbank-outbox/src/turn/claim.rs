//! Claims what is due.

use qbank_proto::{Fate, IdempotencyKey};
use serde_json::json;

use super::{Claimed, Lease, Task, Transaction};
use crate::audit;
use crate::digest::digest;
use crate::intent::{Record, Request};
use crate::row::{Row, State};

/// A row whose workers were lost so often, one after the other, may be what ends them.
const MOST_LOST: u32 = 5;

impl Transaction<'_> {
    /// Claims a row, or parks it where it must not be sent.
    pub(super) fn claim(
        &mut self,
        mut row: Row,
        intent: Record,
        repeated: bool,
    ) -> Option<Claimed> {
        let lease = Lease { id: row.id, token: self.turn.token };
        if repeated {
            return Some(Claimed { lease, task: Self::task(&row)?, intent });
        }
        if self.rows.iter().any(|other| other.id == row.id) || !self.may_claim(&row) {
            return None;
        }
        if row.chain == 0 {
            self.changes.audit.push(audit::enqueued(&mut row, &intent, self.now));
        }
        let sends = row.state.is_open();
        let claimed = self.claimed(&mut row, &intent);
        if sends && claimed.is_none() {
            self.not_tried(&row);
        }
        self.changes.rows.push(row);
        claimed.map(|task| Claimed { lease, intent, task })
    }

    fn claimed(&mut self, row: &mut Row, intent: &Record) -> Option<Task> {
        let until = self.after(self.turn.lease);
        if row.state != State::Accepted {
            self.lost(row);
            if Self::has_good_answer(row) {
                // It came late, while somebody else had the row.
                self.accept(row);
                return None;
            }
            if let Some((state, why)) = self.parked(row, intent) {
                row.last_error = Some(why.clone());
                row.next_at = None;
                self.note(row, state, "parked", &json!({ "reason": why }));
                return None;
            }
            row.claims += 1;
            self.note(row, State::Claimed, "claimed", &json!({}));
        }
        row.lease_token = Some(self.turn.token);
        row.lease_until = Some(until);
        row.worker = Some(self.turn.worker.clone());
        row.next_at = Some(until);
        Self::task(row)
    }

    /// A worker had it, and let its lease run out: what it was about to send, it may have sent.
    fn lost(&mut self, row: &mut Row) {
        if !matches!(row.state, State::Claimed | State::Sending) {
            return;
        }
        row.lost += 1;
        self.leases_lost += 1;
        let back = if row.state == State::Sending {
            row.fate = row.fate.max(Fate::Unknown);
            State::Resend
        } else if row.fate < Fate::Unknown {
            State::Queued
        } else {
            State::Resend
        };
        let worker = row.worker.take();
        row.let_go();
        self.note(row, back, "lease_expired", &json!({ "worker": worker }));
    }

    /// Where a row goes that must not be sent, and why.
    fn parked(&self, row: &Row, intent: &Record) -> Option<(State, String)> {
        if self.is_too_old(row) {
            let why = "in doubt for too long: the bank may have forgotten its key. Look for it at the bank, and decide";
            return Some((State::Reconcile, why.to_owned()));
        }
        if row.lost >= MOST_LOST {
            let state = if row.fate < Fate::Unknown { State::Held } else { State::Reconcile };
            let why = format!("{} workers in a row ended while they had it", row.lost);
            return Some((state, why));
        }
        let why = wrong(intent)?;
        let state = if row.fate < Fate::Unknown { State::Refused } else { State::Reconcile };
        Some((state, why))
    }

    fn task(row: &Row) -> Option<Task> {
        if row.state == State::Accepted {
            return row.payment_id.map(Task::Look);
        }
        Some(Task::Send)
    }
}

/// What is wrong with an intent: of one that was inserted by hand, nothing has been checked.
fn wrong(intent: &Record) -> Option<String> {
    if digest(&intent.body) != intent.body_sha256 {
        return Some("its body is not the one that its digest is of".to_owned());
    }
    if let Err(error) = intent.idempotency_key.parse::<IdempotencyKey>() {
        return Some(format!("idempotency_key {error}"));
    }
    let body = std::str::from_utf8(&intent.body).unwrap_or_default();
    let request = match Request::read(intent.kind, body).and_then(|it| it.body().map(|_| it)) {
        Ok(request) => request,
        Err(error) => return Some(error.to_string()),
    };
    if request.source_account().to_string() != intent.source_account {
        return Some("source_account is not the one of its body".to_owned());
    }
    if request.amount().cents() != intent.amount_cents {
        return Some("amount_cents is not the one of its body".to_owned());
    }
    None
}
