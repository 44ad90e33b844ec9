//! Rows of the tables as values, and back.

use std::borrow::Cow;
use std::error::Error;
use std::str::FromStr;

use chrono::{DateTime, NaiveDate, SubsecRound as _, Utc};
use qbank_proto::PaymentId;
use tokio_postgres::Row as Read;
use tokio_postgres::types::FromSql;
use uuid::Uuid;

use super::fault::other;
use crate::audit::Link;
use crate::intent::Record;
use crate::row::{AttemptRow, Lane, Row};
use crate::store::StoreError;

pub(super) const OUTBOX: &str = "o.id, o.state, o.fate, o.lane, o.first_sent_at, o.next_at, \
    o.lease_token, o.lease_until, o.worker, o.claims, o.sends, o.lost, o.payment_id, \
    o.payment_status, o.bank_request_id, o.last_error, o.chain, o.chain_hash";

/// How many columns those are: what comes after them.
pub(super) const AFTER_OUTBOX: usize = 18;

pub(super) const INTENT: &str = "i.namespace, i.intent_id, i.kind, i.source_account, \
    i.amount_cents, i.payee_hash, i.idempotency_key, i.body, i.body_sha256, i.actor, \
    i.not_before, i.effective_date, i.run_id, i.replaces";

pub(super) fn outbox(row: &Read) -> Result<Row, StoreError> {
    Ok(Row {
        id: get(row, 0)?,
        state: parsed(row, 1)?,
        fate: parsed(row, 2)?,
        lane: get(row, 3)?,
        first_sent_at: get(row, 4)?,
        next_at: get(row, 5)?,
        lease_token: get(row, 6)?,
        lease_until: get(row, 7)?,
        worker: get(row, 8)?,
        claims: count(row, 9)?,
        sends: count(row, 10)?,
        lost: count(row, 11)?,
        payment_id: get::<Option<Uuid>>(row, 12)?.map(PaymentId::from_uuid),
        payment_status: get(row, 13)?,
        bank_request_id: get(row, 14)?,
        last_error: get(row, 15)?,
        chain: count(row, 16)?,
        chain_hash: get(row, 17)?,
    })
}

pub(super) fn intent(row: &Read, at: usize) -> Result<Record, StoreError> {
    Ok(Record {
        namespace: get(row, at)?,
        intent_id: get(row, at + 1)?,
        kind: parsed(row, at + 2)?,
        source_account: get::<Uuid>(row, at + 3)?.to_string(),
        amount_cents: get(row, at + 4)?,
        payee_hash: get(row, at + 5)?,
        idempotency_key: get::<Uuid>(row, at + 6)?.to_string(),
        body: get(row, at + 7)?,
        body_sha256: get(row, at + 8)?,
        actor: get(row, at + 9)?,
        not_before: get(row, at + 10)?,
        effective_date: get::<Option<NaiveDate>>(row, at + 11)?.map(|day| day.to_string()),
        run_id: get(row, at + 12)?,
        replaces: get(row, at + 13)?,
        hold: false,
    })
}

/// A row of `outbox`, and after it its row of `intent`.
pub(super) fn both(row: &Read) -> Result<(Row, Record), StoreError> {
    Ok((outbox(row)?, intent(row, AFTER_OUTBOX)?))
}

pub(super) fn lane(row: &Read) -> Result<Lane, StoreError> {
    Ok(Lane {
        id: get(row, 0)?,
        paused_at: get(row, 1)?,
        reason: get(row, 2)?,
        retry_at: get(row, 3)?,
        probes: count(row, 4)?,
    })
}

pub(super) fn attempt(row: &Read) -> Result<AttemptRow, StoreError> {
    let status: Option<i32> = get(row, 5)?;
    Ok(AttemptRow {
        outbox_id: get(row, 0)?,
        lease_token: get(row, 1)?,
        n: count(row, 2)?,
        started_at: get(row, 3)?,
        ended_at: get(row, 4)?,
        http_status: status.map(u16::try_from).transpose().map_err(|error| at(5, &error))?,
        fault: get(row, 6)?,
        fate: parsed(row, 7)?,
    })
}

pub(super) fn link(row: &Read) -> Result<Link, StoreError> {
    Ok(Link {
        outbox_id: get(row, 0)?,
        n: count(row, 1)?,
        timestamp: get(row, 2)?,
        actor: get(row, 3)?,
        request_id: get(row, 4)?,
        event: get(row, 5)?,
        from: get::<Option<&str>>(row, 6)?.map(|text| named(text, 6)).transpose()?,
        to: parsed(row, 7)?,
        detail: get(row, 8)?,
        prev_hash: get(row, 9)?,
        hash: get(row, 10)?,
    })
}

pub(super) fn get<'a, T: FromSql<'a>>(row: &'a Read, at: usize) -> Result<T, StoreError> {
    Ok(row.try_get(at)?)
}

pub(super) fn count(row: &Read, column: usize) -> Result<u32, StoreError> {
    u32::try_from(get::<i32>(row, column)?).map_err(|error| at(column, &error))
}

pub(super) fn parsed<T: FromStr<Err: Error>>(row: &Read, at: usize) -> Result<T, StoreError> {
    named(get(row, at)?, at)
}

fn named<T: FromStr<Err: Error>>(text: &str, column: usize) -> Result<T, StoreError> {
    text.parse().map_err(|error| at(column, &error))
}

fn at(column: usize, error: &dyn Error) -> StoreError {
    other(format!("column {column} of a row in Postgres {error}"))
}

/// What is written of a moment: as much as the audit's digests have of it.
pub(super) fn millis(at: DateTime<Utc>) -> DateTime<Utc> {
    at.trunc_subsecs(3)
}

pub(super) fn int(n: u32) -> i32 {
    i32::try_from(n).unwrap_or(i32::MAX)
}

/// A text as Postgres can have it. The bank's texts may have any character.
pub(super) fn text(text: &str) -> Cow<'_, str> {
    if text.contains('\0') {
        Cow::Owned(text.replace('\0', "\u{fffd}"))
    } else {
        Cow::Borrowed(text)
    }
}
