//! Writes an intent down, with its key and its bytes.

use rusqlite::{OptionalExtension, Transaction, params};

use super::{columns, read, write};
use crate::enqueue;
use crate::failpoint;
use crate::intent::{Intent, Record};
use crate::random;
use crate::row::Row;
use crate::store::{Enqueued, StoreError};
use crate::turn::Changes;
use qbank_proto::IdempotencyKey;

pub(super) fn enqueue(tx: &Transaction<'_>, intent: &Intent) -> Result<Enqueued, StoreError> {
    let record = intent.record(IdempotencyKey::from_entropy(random::bytes()?))?;
    if let Some((row, known)) = known(tx, &record)? {
        return enqueue::known(&row, &known, &record);
    }
    if let Some(old) = &record.replaces {
        enqueue::replaces(old, replaced(tx, &record.namespace, old)?)?;
    }
    let insert = "INSERT INTO intent (namespace, intent_id, kind, source_account, amount_cents, \
                  payee_hash, idempotency_key, body, body_sha256, actor, not_before, \
                  effective_date, run_id, replaces) \
                  VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
    tx.prepare_cached(insert)?.execute(params![
        record.namespace,
        record.intent_id,
        record.kind.as_str(),
        record.source_account,
        record.amount_cents,
        record.payee_hash,
        record.idempotency_key,
        record.body,
        record.body_sha256,
        record.actor,
        columns::text_of(record.not_before),
        record.effective_date,
        record.run_id,
        record.replaces,
    ])?;
    failpoint::pass("write.intents");
    let now = read::now(tx)?;
    let (row, link) = enqueue::first(tx.last_insert_rowid(), &record, now);
    let changes = Changes { rows: vec![row.clone()], audit: vec![link], ..Changes::default() };
    write::changes(tx, &changes)?;
    Ok(Enqueued::of(&row, &record, true))
}

fn known(tx: &Transaction<'_>, record: &Record) -> Result<Option<(Row, Record)>, StoreError> {
    read::of_intent(tx, &record.namespace, &record.intent_id)
}

/// The intent that is to be replaced: where it stands, and what has replaced it already.
fn replaced(
    tx: &Transaction<'_>,
    namespace: &str,
    old: &str,
) -> Result<Option<enqueue::Old>, StoreError> {
    let sql = "SELECT o.state, (SELECT intent_id FROM intent \
               WHERE namespace = i.namespace AND replaces = i.intent_id) \
               FROM intent i JOIN outbox o ON o.id = i.id \
               WHERE i.namespace = ?1 AND i.intent_id = ?2";
    let read = |row: &rusqlite::Row<'_>| Ok((columns::parsed(row, 0)?, row.get(1)?));
    Ok(tx.prepare_cached(sql)?.query_row((namespace, old), read).optional()?)
}
