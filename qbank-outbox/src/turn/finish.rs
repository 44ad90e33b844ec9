//! Writes down what came of a send, and decides where its row goes.
//!
//! Evidence is not fenced: what the bank said joins, whoever has the row by now. Where the row
//! goes is decided by who has it.

use std::time::Duration;

use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::{ErrorKind, Fate};
use serde_json::json;

use super::{Ended, Outcome, Transaction};
use crate::audit;
use crate::row::{AttemptRow, Row, State};

impl Transaction<'_> {
    pub(super) fn finish(&mut self, ended: &Ended, recorded: bool) {
        let Some(at) = self.row(ended.lease.id) else { return };
        let mut row = self.rows[at].clone();
        let mine = row.lease_token == Some(ended.lease.token);
        match ended.n {
            // The turn is repeated.
            Some(_) if recorded => return,
            Some(n) => self.sent(&mut row, ended, n, mine),
            None => self.looked(&mut row, ended, mine),
        }
        self.rows[at] = row;
    }

    fn sent(&mut self, row: &mut Row, ended: &Ended, n: u32, mine: bool) {
        let outcome = &ended.outcome;
        let started_at = self.now - chrono::TimeDelta::from_std(ended.took).unwrap_or_default();
        let attempt = AttemptRow {
            outbox_id: row.id,
            lease_token: ended.lease.token,
            n,
            started_at,
            ended_at: self.now,
            http_status: outcome.http_status,
            fault: outcome.fault.clone(),
            fate: outcome.fate,
        };
        let detail = json!({
            "attempt": audit::attempt_detail(&attempt),
            "payment_id": outcome.payment_id.map(|id| id.to_string()),
            "error": outcome.failure.as_ref().map(|failure| &failure.message),
            "error_kind": outcome.kind().map(ErrorKind::as_str),
            "error_code": outcome.failure.as_ref().and_then(|failure| failure.code.as_deref()),
        });
        self.changes.attempts.push(attempt);
        Self::learn(row, outcome);
        let (state, name) = if mine {
            row.let_go();
            row.lost = 0;
            (self.after_send(row, outcome), "ended")
        } else {
            (self.after_late_answer(row, outcome), "late_answer")
        };
        match &outcome.request_id {
            Some(id) => self.note_of(row, state, name, id, &detail),
            None => self.note(row, state, name, &detail),
        }
        self.pause_after(row, outcome);
        self.resume_after(row, outcome, false);
        if mine {
            self.unanswered(row, outcome, started_at);
        }
    }

    /// What joins, whoever has the row.
    fn learn(row: &mut Row, outcome: &Outcome) {
        if matches!(row.state, State::Settled | State::Failed) {
            // The bank's own record of the payment has ended it.
            return;
        }
        row.fate = row.fate.max(outcome.fate);
        if !outcome.foreign {
            row.payment_id = row.payment_id.or(outcome.payment_id);
        }
        if outcome.payment_status.is_some() && !outcome.foreign {
            row.payment_status.clone_from(&outcome.payment_status);
        }
        if outcome.request_id.is_some() {
            row.bank_request_id.clone_from(&outcome.request_id);
        }
        row.last_error = outcome.failure.as_ref().map(|failure| failure.message.clone());
    }

    fn after_send(&mut self, row: &mut Row, outcome: &Outcome) -> State {
        let kind = outcome.kind();
        row.next_at = None;
        match row.fate {
            _ if kind == Some(ErrorKind::PaymentFailed) => {
                // The bank's own record, which is the one thing that lowers what was known.
                row.fate = Fate::Refused;
                State::Failed
            }
            _ if Self::has_good_answer(row) => self.accepted_state(row),
            Fate::InProgress => State::Reconcile,
            Fate::Unknown if outcome.pauses().is_none() && settles_nothing(outcome) => {
                State::Reconcile
            }
            Fate::Unknown => {
                row.next_at = Some(self.again(row, outcome));
                State::Resend
            }
            // Nothing is in doubt. An earlier refusal was of the token, and decides nothing. Input
            // was checked at the claim: what is wrong here is this worker's configuration.
            _ if outcome.fate == Fate::Refused
                && outcome.pauses().is_none()
                && outcome.http_status != Some(425) =>
            {
                State::Refused
            }
            _ => {
                // The next send is the first that counts.
                row.first_sent_at = None;
                row.next_at = Some(self.again(row, outcome));
                State::Queued
            }
        }
    }

    /// Whether the bank has it, and what became of it will be known: by its answer, or by the id
    /// of the payment, which can be looked at.
    pub(super) fn has_good_answer(row: &Row) -> bool {
        match row.fate {
            Fate::Accepted => true,
            Fate::InProgress => row.is_payment() && row.payment_id.is_some(),
            _ => false,
        }
    }

    /// An answer that came after its lease had run out: one that ends it, ends what is open.
    fn after_late_answer(&mut self, row: &mut Row, outcome: &Outcome) -> State {
        use State::{Claimed, Queued, Reconcile, Refused, Resend, Sending};

        // Who has it now learns of it when it ends.
        let waits = matches!(row.state, Queued | Resend | Reconcile | Refused)
            || (matches!(row.state, Claimed | Sending) && !row.is_leased(self.now));
        let failed = outcome.kind() == Some(ErrorKind::PaymentFailed);
        if !waits || !(failed || Self::has_good_answer(row)) {
            return row.state;
        }
        row.let_go();
        row.next_at = None;
        if failed {
            row.fate = Fate::Refused;
            return State::Failed;
        }
        self.accepted_state(row)
    }

    /// When it is sent again.
    fn again(&self, row: &Row, outcome: &Outcome) -> chrono::DateTime<chrono::Utc> {
        if outcome.pauses().is_some() {
            // Its lane says when.
            return self.now;
        }
        let doubled = Duration::from_secs(1 << row.sends.saturating_sub(1).min(8));
        let backoff = doubled.min(Duration::from_secs(300));
        // Spread, so that what failed together does not come back together.
        let spread = backoff.mul_f64(
            0.5 + f64::from(row.chain_hash.bytes().map(u32::from).sum::<u32>() % 64) / 128.0,
        );
        self.after(spread.max(outcome.retry_after().unwrap_or_default()))
    }

    /// A late answer was all that was missing.
    pub(super) fn accept(&mut self, row: &mut Row) {
        row.next_at = None;
        row.let_go();
        let state = self.accepted_state(row);
        self.note(row, state, "accepted", &json!({}));
    }

    /// The bank has it: where it stands by the bank's own word, and when to look again.
    fn accepted_state(&self, row: &mut Row) -> State {
        let status = row.payment_status.as_deref().map(PaymentStatus::from);
        match status {
            Some(PaymentStatus::Failed) => {
                row.fate = Fate::Refused;
                State::Failed
            }
            Some(status) if status.is_final() => State::Settled,
            _ => {
                let looks = row.is_payment() && row.payment_id.is_some();
                row.next_at = looks.then(|| self.look_again(row));
                State::Accepted
            }
        }
    }

    /// Payments take seconds or days: the longer it takes, the rarer it is looked at.
    fn look_again(&self, row: &Row) -> chrono::DateTime<chrono::Utc> {
        let age = row.first_sent_at.map(|first| (self.now - first).to_std().unwrap_or_default());
        let wait = age.unwrap_or_default() / 2;
        self.after(wait.clamp(Duration::from_secs(1), Duration::from_secs(300)))
    }

    /// Of a row that waits for a person: the bank's own record of its payment decides it.
    fn looked_for_somebody(&mut self, row: &mut Row, outcome: &Outcome) {
        let failed = outcome.kind() == Some(ErrorKind::PaymentFailed);
        let is_its_own = row.payment_id.is_some() && row.payment_id == outcome.payment_id;
        if outcome.foreign || !is_its_own || !(failed || outcome.failure.is_none()) {
            return;
        }
        if outcome.payment_status.is_some() {
            row.payment_status.clone_from(&outcome.payment_status);
        }
        if outcome.request_id.is_some() {
            row.bank_request_id.clone_from(&outcome.request_id);
        }
        row.last_error = outcome.failure.as_ref().map(|failure| failure.message.clone());
        row.next_at = None;
        let state = if failed {
            row.fate = Fate::Refused;
            State::Failed
        } else {
            row.fate = Fate::Accepted;
            self.accepted_state(row)
        };
        let status = outcome.payment_status.clone();
        self.note(row, state, "looked", &json!({ "payment_status": status }));
    }

    fn looked(&mut self, row: &mut Row, ended: &Ended, mine: bool) {
        let outcome = &ended.outcome;
        if row.state == State::Reconcile {
            self.looked_for_somebody(row, outcome);
            return;
        }
        if row.state != State::Accepted {
            return;
        }
        if mine {
            row.let_go();
            row.next_at = Some(self.look_again(row));
        }
        self.resume_after(row, outcome, true);
        row.last_error = outcome.failure.as_ref().map(|failure| failure.message.clone());
        let failed = outcome.kind() == Some(ErrorKind::PaymentFailed);
        if outcome.failure.is_some() && !failed {
            let of_credential = outcome.pauses().map(|(of_credential, _)| of_credential);
            if of_credential == Some(true) {
                self.pause_after(row, outcome);
            } else if mine {
                // Without the right to look, a webhook tells.
                let usual = Duration::from_secs(if of_credential.is_some() { 300 } else { 15 });
                row.next_at =
                    Some(self.after(outcome.retry_after().unwrap_or_default().max(usual)));
            }
            return;
        }
        if outcome.foreign {
            row.next_at = None;
            let why = "the payment that the bank named is of another amount or type";
            row.last_error = Some(why.to_owned());
            // Not looked at again, whatever is decided.
            let other = row.payment_id.take().map(|id| id.to_string());
            let detail = json!({ "reason": why, "other_payment_id": other });
            self.note(row, State::Reconcile, "looked", &detail);
            return;
        }
        if outcome.payment_status.is_some() {
            row.payment_status.clone_from(&outcome.payment_status);
        }
        let before = row.next_at;
        row.next_at = None;
        let state = self.accepted_state(row);
        if state == State::Accepted {
            row.next_at = before;
            return;
        }
        let status = outcome.payment_status.clone();
        self.note(row, state, "looked", &json!({ "payment_status": status }));
    }
}

/// Sent again, it would be answered in the same way, and what an earlier send came to would
/// still not be known.
fn settles_nothing(outcome: &Outcome) -> bool {
    let redirected = outcome.http_status.is_some_and(|status| (300..400).contains(&status));
    let refused = matches!(
        outcome.kind(),
        Some(
            ErrorKind::InvalidRequest
                | ErrorKind::NotFound
                | ErrorKind::Conflict
                | ErrorKind::InvalidInput
        )
    );
    redirected || refused
}
