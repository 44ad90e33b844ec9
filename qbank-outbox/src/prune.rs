//! The audit of a body that is replaced by its digest, the same on every store.

use chrono::{DateTime, Utc};

use crate::audit::{self, Event, Link};
use crate::intent::Record;
use crate::row::Row;

/// The links that say that the body of a row was pruned.
pub(crate) fn pruned(row: &mut Row, intent: &Record, actor: &str, now: DateTime<Utc>) -> Vec<Link> {
    let mut links = Vec::new();
    if row.chain == 0 {
        links.push(audit::enqueued(row, intent, now));
    }
    let event = Event {
        name: "pruned",
        actor,
        request_id: &intent.idempotency_key,
        from: Some(row.state),
        detail: serde_json::json!({}),
    };
    links.push(audit::append(row, now, event));
    links
}
