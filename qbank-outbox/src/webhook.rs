//! What a verified webhook says of a payment.

use chrono::{DateTime, Utc};
use qbank_proto::Fate;
use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::webhook::Event;
use serde_json::json;

use crate::audit;
use crate::intent::Record;
use crate::row::{Row, State};
use crate::turn::Changes;

/// Decides what a verified event changes, on a locked row: a payment's status joins its row, and a
/// final one ends it. A payment of another amount or type is not the one that was asked for.
pub fn apply_event(
    mut row: Row,
    intent: &Record,
    event: &Event,
    now: DateTime<Utc>,
) -> (Row, Changes) {
    let mut changes = Changes::default();
    let payment = &event.data;
    let Some(status) = payment.status.as_ref().filter(|_| row.state == State::Accepted) else {
        return (row, changes);
    };
    let ours = intent.is(payment);
    if ours {
        row.payment_status = Some(status.as_str().to_owned());
    } else {
        // Not looked at again, whatever is decided.
        row.payment_id = None;
    }
    let to = match status {
        _ if !ours => Some((State::Reconcile, row.fate)),
        PaymentStatus::Failed => Some((State::Failed, Fate::Refused)),
        status if status.is_final() => Some((State::Settled, row.fate)),
        _ => None,
    };
    if let Some((state, fate)) = to {
        row.state = state;
        row.fate = fate;
        row.next_at = None;
        row.let_go();
        let event = audit::Event {
            name: "webhook",
            actor: "bank",
            request_id: &event.event_id.to_string(),
            from: Some(State::Accepted),
            detail: json!({
                "payment_id": payment.payment_id.to_string(),
                "payment_status": status.as_str(),
            }),
        };
        changes.audit.push(audit::append(&mut row, now, event));
    }
    changes.rows.push(row.clone());
    (row, changes)
}
