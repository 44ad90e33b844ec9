//! What a verified webhook says of a payment.

use chrono::{DateTime, Utc};
use qbank_proto::Fate;
use qbank_proto::endpoint::PaymentStatus;
use serde_json::json;

use crate::audit::{self, Event};
use crate::row::{Row, State};
use crate::turn::Changes;

/// A payment's status joins its row; a final one ends it.
pub(crate) fn told(mut row: Row, status: &str, event: &str, now: DateTime<Utc>) -> (Row, Changes) {
    if row.state != State::Accepted {
        return (row, Changes::default());
    }
    row.payment_status = Some(status.to_owned());
    let mut changes = Changes::default();
    let to = match PaymentStatus::from(status) {
        PaymentStatus::Failed => Some((State::Failed, Fate::Refused)),
        status if status.is_final() => Some((State::Settled, row.fate)),
        _ => None,
    };
    if let Some((state, fate)) = to {
        row.state = state;
        row.fate = fate;
        row.next_at = None;
        row.let_go();
        let event = Event {
            name: "webhook",
            actor: "bank",
            request_id: event,
            from: Some(State::Accepted),
            detail: json!({ "payment_status": status }).to_string(),
        };
        changes.audit.push(audit::append(&mut row, now, event));
    }
    changes.rows.push(row.clone());
    (row, changes)
}
