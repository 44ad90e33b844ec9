//! Enqueuing through another library's connection: the statement, and its parameters.

use qbank_proto::{Error, IdempotencyKey};

use crate::audit::moment;
use crate::intent::Intent;

/// Whose SQL a statement is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// Parameters are `?1`, `?2`, …
    Sqlite,
    /// Parameters are `$1`, `$2`, …, each cast from what [`Parameter`] says.
    Postgres,
}

/// A parameter of a statement, to be bound as what it is.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Parameter {
    /// A text, or null.
    Text(Option<String>),
    /// A 64-bit integer.
    Integer(i64),
    /// Bytes.
    Bytes(Vec<u8>),
}

/// The statement that enqueues an intent, for who has a connection of another library (sqlx,
/// diesel) and a transaction under way in it. The key is used if the intent is new: take it from
/// the system's random source.
///
/// The same intent once more: on SQLite nothing is inserted, on Postgres neither (`ON CONFLICT DO
/// NOTHING`). Another request under a known id: SQLite refuses it; on Postgres look whether
/// `body_sha256` and `replaces` of the row are those that were given. An intent that is held is enqueued by
/// this crate alone.
///
/// ```
/// # use qbank_outbox::{Dialect, Intent, insert_statement};
/// # use qbank_proto::endpoint::CreateTransfer;
/// # use qbank_proto::{AccountId, IdempotencyKey};
/// # let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
/// # let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
/// let intent = Intent::new(CreateTransfer::new(from, to, "75".parse()?)).id("T-1").actor("erp");
/// let key: IdempotencyKey = "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11".parse()?;
/// let (sql, parameters) = insert_statement(&intent, key, Dialect::Postgres)?;
/// assert!(sql.starts_with("INSERT INTO intent"));
/// assert_eq!(parameters.len(), 14);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn insert_statement(
    intent: &Intent,
    key: IdempotencyKey,
    dialect: Dialect,
) -> Result<(&'static str, Vec<Parameter>), Error> {
    let record = intent.record(key)?;
    if record.hold {
        return Err(Error::invalid_input("hold", "cannot be inserted by another library"));
    }
    let sql = match dialect {
        Dialect::Sqlite => {
            "INSERT INTO intent (namespace, intent_id, kind, source_account, amount_cents, \
             payee_hash, idempotency_key, body, body_sha256, actor, not_before, effective_date, \
             run_id, replaces) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)"
        }
        Dialect::Postgres => {
            "INSERT INTO intent (namespace, intent_id, kind, source_account, amount_cents, \
             payee_hash, idempotency_key, body, body_sha256, actor, not_before, effective_date, \
             run_id, replaces) VALUES ($1::text, $2::text, $3::text, $4::text::uuid, $5::bigint, $6::text, \
             $7::text::uuid, $8::bytea, $9::text, $10::text, $11::text::timestamptz, \
             $12::text::date, $13::text, $14::text) ON CONFLICT (namespace, intent_id) DO NOTHING"
        }
    };
    let text = |text: String| Parameter::Text(Some(text));
    let parameters = vec![
        text(record.namespace),
        text(record.intent_id),
        text(record.kind.to_string()),
        text(record.source_account),
        Parameter::Integer(record.amount_cents),
        text(record.payee_hash),
        text(record.idempotency_key),
        Parameter::Bytes(record.body),
        text(record.body_sha256),
        text(record.actor),
        Parameter::Text(record.not_before.map(moment)),
        Parameter::Text(record.effective_date),
        Parameter::Text(record.run_id),
        Parameter::Text(record.replaces),
    ];
    Ok((sql, parameters))
}
