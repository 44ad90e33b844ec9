//! What enqueuing comes to, the same on every store.

use chrono::{DateTime, Utc};
use qbank_proto::Error;

use crate::audit::{self, Link};
use crate::intent::Record;
use crate::row::{Row, RowId, State};
use crate::store::{Enqueued, StoreError};

/// The row of a new intent and the first link of its chain.
pub(crate) fn first(id: RowId, record: &Record, now: DateTime<Utc>) -> (Row, Link) {
    let mut row = Row::new(id, record.lane(), record.not_before.unwrap_or(now));
    if record.hold {
        row.state = State::Held;
        row.next_at = None;
    }
    let link = audit::enqueued(&mut row, record, now);
    (row, link)
}

/// What is returned for an intent whose id is known: its row, if the request is the same.
pub(crate) fn known(row: &Row, known: &Record, record: &Record) -> Result<Enqueued, StoreError> {
    // An intent that replaces another one is not the one that replaces none.
    let same = known.kind == record.kind
        && known.body_sha256 == record.body_sha256
        && known.replaces == record.replaces;
    if !same {
        let id = record.intent_id.clone();
        return Err(StoreError::IntentConflict { id, outbox_id: row.id });
    }
    Ok(Enqueued::of(row, known, false))
}

/// Where an intent stands that is to be replaced, and the id of what has replaced it already.
pub(crate) type Old = (State, Option<String>);

/// Refuses to replace an intent that may still be paid, or that was replaced before: both would
/// pay twice.
pub(crate) fn replaces(id: &str, old: Option<Old>) -> Result<(), StoreError> {
    let why = match old {
        None => format!("names {id}, and there is no such intent in this namespace"),
        Some((_, Some(by))) => format!("names {id}, which {by} has replaced already"),
        Some((State::Refused | State::Failed | State::Cancelled, None)) => return Ok(()),
        Some((state, None)) => {
            format!(
                "names {id}, which is {state}: only one that was refused, failed or was cancelled \
                 can be replaced"
            )
        }
    };
    Err(Error::invalid_input("replaces", why).into())
}
