//! Writes intents down, with their keys and their bytes.

use std::collections::HashMap;

use chrono::{DateTime, NaiveDate, Utc};
use qbank_proto::IdempotencyKey;
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::{self, INTENT, OUTBOX, get, parsed};
use super::fault::{other, unavailable};
use super::session::{Session, Value};
use super::write;
use crate::enqueue::{Old, first, known, replaces};
use crate::failpoint;
use crate::intent::{Intent, Record};
use crate::random;
use crate::row::{Row, RowId};
use crate::store::{Enqueued, StoreError};
use crate::turn::Changes;

/// How many at once: a statement with more would need much memory on both sides.
const AT_ONCE: usize = 500;

pub(super) async fn enqueue(
    session: &Session<'_>,
    intents: &[Intent],
) -> Result<Vec<Enqueued>, StoreError> {
    let mut records = Vec::with_capacity(intents.len());
    for intent in intents {
        let mut record = intent.record(IdempotencyKey::from_entropy(random::bytes()?))?;
        record.not_before = record.not_before.map(columns::millis);
        records.push(record);
    }
    let mut enqueued = Vec::with_capacity(records.len());
    for records in records.chunks(AT_ONCE) {
        enqueued.extend(some(session, records).await?);
    }
    Ok(enqueued)
}

async fn some(session: &Session<'_>, records: &[Record]) -> Result<Vec<Enqueued>, StoreError> {
    may_replace(session, records).await?;
    let mut inserted = insert(session, records).await?;
    let mut changes = Changes::default();
    let mut enqueued: Vec<Option<Enqueued>> = Vec::with_capacity(records.len());
    for record in records {
        // A second one with the same id finds the first, like one that was there before.
        let new = inserted.remove(&(record.namespace.clone(), record.intent_id.clone()));
        enqueued.push(new.map(|(id, now)| {
            let (row, link) = first(id, record, now);
            let enqueued = Enqueued::of(&row, record, true);
            changes.rows.push(row);
            changes.audit.push(link);
            enqueued
        }));
    }
    write::changes(session, &changes).await?;
    let others: Vec<&Record> = records
        .iter()
        .zip(&enqueued)
        .filter_map(|(record, new)| new.is_none().then_some(record))
        .collect();
    let there = find(session, &others).await?;
    let found = |(record, new): (&Record, Option<Enqueued>)| match new {
        Some(new) => Ok(new),
        None => match there.get(&(record.namespace.clone(), record.intent_id.clone())) {
            Some((row, before)) => known(row, before, record),
            None => Err(unavailable("an intent of this id was enqueued just now; try again")),
        },
    };
    records.iter().zip(enqueued).map(found).collect()
}

type Name = (String, String);

/// Those of them whose id was not known, each with the moment.
async fn insert(
    session: &Session<'_>,
    records: &[Record],
) -> Result<HashMap<Name, (RowId, DateTime<Utc>)>, StoreError> {
    let sql = "INSERT INTO intent (namespace, intent_id, kind, source_account, amount_cents, \
               payee_hash, idempotency_key, body, body_sha256, actor, not_before, \
               effective_date, run_id, replaces) \
               SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14) \
               ON CONFLICT (namespace, intent_id) DO NOTHING \
               RETURNING namespace, intent_id, id, date_trunc('milliseconds', clock_timestamp())";
    let mut accounts = Vec::with_capacity(records.len());
    let mut keys = Vec::with_capacity(records.len());
    let mut days = Vec::with_capacity(records.len());
    for record in records {
        accounts.push(uuid(&record.source_account)?);
        keys.push(uuid(&record.idempotency_key)?);
        days.push(record.effective_date.as_deref().map(day).transpose()?);
    }
    let texts = |text: fn(&Record) -> &str| records.iter().map(text).collect::<Vec<&str>>();
    let runs: Vec<Option<&str>> = records.iter().map(|it| it.run_id.as_deref()).collect();
    let replaces: Vec<Option<&str>> = records.iter().map(|it| it.replaces.as_deref()).collect();
    let amounts: Vec<i64> = records.iter().map(|it| it.amount_cents).collect();
    let bodies: Vec<&[u8]> = records.iter().map(|it| &it.body[..]).collect();
    let moments: Vec<Option<DateTime<Utc>>> = records.iter().map(|it| it.not_before).collect();
    let rows = session
        .query(
            sql,
            &[
                (&texts(|it| &it.namespace), Type::TEXT_ARRAY),
                (&texts(|it| &it.intent_id), Type::TEXT_ARRAY),
                (&texts(|it| it.kind.as_str()), Type::TEXT_ARRAY),
                (&accounts, Type::UUID_ARRAY),
                (&amounts, Type::INT8_ARRAY),
                (&texts(|it| &it.payee_hash), Type::TEXT_ARRAY),
                (&keys, Type::UUID_ARRAY),
                (&bodies, Type::BYTEA_ARRAY),
                (&texts(|it| &it.body_sha256), Type::TEXT_ARRAY),
                (&texts(|it| &it.actor), Type::TEXT_ARRAY),
                (&moments, Type::TIMESTAMPTZ_ARRAY),
                (&days, Type::DATE_ARRAY),
                (&runs, Type::TEXT_ARRAY),
                (&replaces, Type::TEXT_ARRAY),
            ],
        )
        .await?;
    failpoint::pass("write.intents");
    let read = |row| Ok(((get(row, 0)?, get(row, 1)?), (get(row, 2)?, get(row, 3)?)));
    rows.iter().map(read).collect()
}

async fn find(
    session: &Session<'_>,
    records: &[&Record],
) -> Result<HashMap<Name, (Row, Record)>, StoreError> {
    if records.is_empty() {
        return Ok(HashMap::new());
    }
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM intent i JOIN outbox o ON o.id = i.id \
         WHERE (i.namespace, i.intent_id) IN (SELECT * FROM unnest($1, $2))"
    );
    let namespaces: Vec<&str> = records.iter().map(|it| &it.namespace[..]).collect();
    let ids: Vec<&str> = records.iter().map(|it| &it.intent_id[..]).collect();
    let values = [(&namespaces as _, Type::TEXT_ARRAY), (&ids as _, Type::TEXT_ARRAY)];
    let rows = session.query(&sql, &values).await?;
    let named = |row| {
        let (row, intent) = columns::both(row)?;
        Ok(((intent.namespace.clone(), intent.intent_id.clone()), (row, intent)))
    };
    rows.iter().map(named).collect()
}

/// Refuses records that name an intent which they must not replace. One that is known already
/// was let through before.
async fn may_replace(session: &Session<'_>, records: &[Record]) -> Result<(), StoreError> {
    let pairs: Vec<(&Record, &str)> =
        records.iter().filter_map(|it| Some((it, it.replaces.as_deref()?))).collect();
    if pairs.is_empty() {
        return Ok(());
    }
    let of: Vec<&Record> = pairs.iter().map(|(record, _)| *record).collect();
    let there = find(session, &of).await?;
    let sql = "SELECT o.state, (SELECT r.intent_id FROM intent r \
               WHERE r.namespace = i.namespace AND r.replaces = i.intent_id) \
               FROM intent i JOIN outbox o ON o.id = i.id \
               WHERE i.namespace = $1 AND i.intent_id = $2 FOR SHARE OF o";
    let mut taken: HashMap<(&str, &str), &str> = HashMap::new();
    for (record, old) in pairs {
        if there.contains_key(&(record.namespace.clone(), record.intent_id.clone())) {
            continue;
        }
        let values: [Value<'_>; 2] = [(&record.namespace, Type::TEXT), (&old, Type::TEXT)];
        let rows = session.query(sql, &values).await?;
        let found: Option<Old> = rows.first().map(old_of).transpose()?;
        let by = taken.insert((&record.namespace, old), &record.intent_id);
        let in_this = by.filter(|by| *by != record.intent_id).map(str::to_owned);
        replaces(old, found.map(|(state, by)| (state, by.or(in_this))))?;
    }
    Ok(())
}

fn old_of(row: &tokio_postgres::Row) -> Result<Old, StoreError> {
    Ok((parsed(row, 0)?, get(row, 1)?))
}

/// A record's ids come from ids, so that these two do not fail.
fn uuid(text: &str) -> Result<Uuid, StoreError> {
    text.parse().map_err(|_| other("an id of an intent is no uuid"))
}

fn day(text: &str) -> Result<NaiveDate, StoreError> {
    text.parse().map_err(|_| other("a day of an intent is none"))
}
