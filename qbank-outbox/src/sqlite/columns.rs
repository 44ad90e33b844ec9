//! Rows of the tables as values, and back.

use chrono::{DateTime, Utc};
use rusqlite::Row as Read;
use rusqlite::types::Type;
use uuid::Uuid;

use crate::audit::{Link, moment};
use crate::intent::Record;
use crate::row::{AttemptRow, Lane, Row};

pub(super) const OUTBOX: &str = "o.id, o.state, o.fate, o.lane, o.first_sent_at, o.next_at, \
    o.lease_token, o.lease_until, o.worker, o.claims, o.sends, o.lost, o.payment_id, \
    o.payment_status, o.bank_request_id, o.last_error, o.chain, o.chain_hash";

/// How many columns those are: what comes after them.
pub(super) const AFTER_OUTBOX: usize = 18;

pub(super) const INTENT: &str = "i.namespace, i.intent_id, i.kind, i.source_account, \
    i.amount_cents, i.payee_hash, i.idempotency_key, i.body, i.body_sha256, i.actor, \
    i.not_before, i.effective_date, i.run_id, i.replaces";

pub(super) fn outbox(row: &Read<'_>) -> rusqlite::Result<Row> {
    Ok(Row {
        id: row.get(0)?,
        state: parsed(row, 1)?,
        fate: parsed(row, 2)?,
        lane: row.get(3)?,
        first_sent_at: maybe_moment(row, 4)?,
        next_at: maybe_moment(row, 5)?,
        lease_token: maybe_parsed::<Uuid>(row, 6)?,
        lease_until: maybe_moment(row, 7)?,
        worker: row.get(8)?,
        claims: row.get(9)?,
        sends: row.get(10)?,
        lost: row.get(11)?,
        payment_id: maybe_parsed(row, 12)?,
        payment_status: row.get(13)?,
        bank_request_id: row.get(14)?,
        last_error: row.get(15)?,
        chain: row.get(16)?,
        chain_hash: row.get(17)?,
    })
}

pub(super) fn intent(row: &Read<'_>, at: usize) -> rusqlite::Result<Record> {
    Ok(Record {
        namespace: row.get(at)?,
        intent_id: row.get(at + 1)?,
        kind: parsed(row, at + 2)?,
        source_account: row.get(at + 3)?,
        amount_cents: row.get(at + 4)?,
        payee_hash: row.get(at + 5)?,
        idempotency_key: row.get(at + 6)?,
        body: bytes(row, at + 7)?,
        body_sha256: row.get(at + 8)?,
        actor: row.get(at + 9)?,
        not_before: maybe_moment(row, at + 10)?,
        effective_date: row.get(at + 11)?,
        run_id: row.get(at + 12)?,
        replaces: row.get(at + 13)?,
        hold: false,
    })
}

/// Who inserts by hand may have inserted a text.
fn bytes(row: &Read<'_>, at: usize) -> rusqlite::Result<Vec<u8>> {
    let value = row.get_ref(at)?;
    value.as_bytes().map(<[u8]>::to_vec).map_err(|error| {
        rusqlite::Error::FromSqlConversionFailure(at, value.data_type(), Box::new(error))
    })
}

pub(super) fn lane(row: &Read<'_>) -> rusqlite::Result<Lane> {
    Ok(Lane {
        id: row.get(0)?,
        paused_at: a_moment(row, 1)?,
        reason: row.get(2)?,
        retry_at: maybe_moment(row, 3)?,
        probes: row.get(4)?,
    })
}

pub(super) fn attempt(row: &Read<'_>) -> rusqlite::Result<AttemptRow> {
    Ok(AttemptRow {
        outbox_id: row.get(0)?,
        lease_token: parsed(row, 1)?,
        n: row.get(2)?,
        started_at: a_moment(row, 3)?,
        ended_at: a_moment(row, 4)?,
        http_status: row.get(5)?,
        fault: row.get(6)?,
        fate: parsed(row, 7)?,
    })
}

pub(super) fn link(row: &Read<'_>) -> rusqlite::Result<Link> {
    Ok(Link {
        outbox_id: row.get(0)?,
        n: row.get(1)?,
        timestamp: a_moment(row, 2)?,
        actor: row.get(3)?,
        request_id: row.get(4)?,
        event: row.get(5)?,
        from: maybe_parsed(row, 6)?,
        to: parsed(row, 7)?,
        detail: row.get(8)?,
        prev_hash: row.get(9)?,
        hash: row.get(10)?,
    })
}

pub(super) fn text_of(at: Option<DateTime<Utc>>) -> Option<String> {
    at.map(moment)
}

pub(super) fn a_moment(row: &Read<'_>, at: usize) -> rusqlite::Result<DateTime<Utc>> {
    parsed(row, at)
}

pub(super) fn maybe_moment(row: &Read<'_>, at: usize) -> rusqlite::Result<Option<DateTime<Utc>>> {
    maybe_parsed(row, at)
}

pub(super) fn parsed<T>(row: &Read<'_>, at: usize) -> rusqlite::Result<T>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    let text: String = row.get(at)?;
    text.parse()
        .map_err(|error| rusqlite::Error::FromSqlConversionFailure(at, Type::Text, Box::new(error)))
}

fn maybe_parsed<T>(row: &Read<'_>, at: usize) -> rusqlite::Result<Option<T>>
where
    T: std::str::FromStr<Err: std::error::Error + Send + Sync + 'static>,
{
    if row.get_ref(at)?.data_type() == Type::Null { Ok(None) } else { parsed(row, at).map(Some) }
}
