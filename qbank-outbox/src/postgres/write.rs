//! Writes what a turn changes: a statement for each table, whatever the number of rows.

use chrono::{DateTime, Utc};
use futures_util::future::try_join5;
use qbank_proto::PaymentId;
use tokio_postgres::types::Type;

use super::columns::{int, millis, text};
use super::session::Session;
use super::{columns, read};
use crate::audit::Link;
use crate::failpoint;
use crate::prune::pruned;
use crate::row::{AttemptRow, Lane, Row, RowId, State};
use crate::store::StoreError;
use crate::turn::Changes;

pub(super) async fn changes(session: &Session<'_>, changes: &Changes) -> Result<(), StoreError> {
    // At once: no two of them touch the same row.
    try_join5(
        outbox(session, &changes.rows),
        attempts(session, &changes.attempts),
        audit(session, &changes.audit),
        resume(session, &changes.resumed),
        pause(session, &changes.paused),
    )
    .await?;
    Ok(())
}

/// A column of rows.
fn all<'a, T, V>(rows: &'a [T], value: impl Fn(&'a T) -> V) -> Vec<V> {
    rows.iter().map(value).collect()
}

async fn outbox(session: &Session<'_>, rows: &[Row]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = "UPDATE outbox o SET state = u.state, fate = u.fate, \
        first_sent_at = u.first_sent_at, next_at = u.next_at, lease_token = u.lease_token, \
        lease_until = u.lease_until, worker = u.worker, claims = u.claims, sends = u.sends, \
        lost = u.lost, payment_id = u.payment_id, payment_status = u.payment_status, \
        bank_request_id = u.bank_request_id, last_error = u.last_error, chain = u.chain, \
        chain_hash = u.chain_hash \
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17) \
        AS u (id, state, fate, first_sent_at, next_at, lease_token, lease_until, worker, claims, \
        sends, lost, payment_id, payment_status, bank_request_id, last_error, chain, chain_hash) \
        WHERE o.id = u.id";
    session
        .execute(
            sql,
            &[
                (&all(rows, |it| it.id), Type::INT8_ARRAY),
                (&all(rows, |it| it.state.as_str()), Type::TEXT_ARRAY),
                (&all(rows, |it| it.fate.as_str()), Type::TEXT_ARRAY),
                (&all(rows, |it| it.first_sent_at.map(millis)), Type::TIMESTAMPTZ_ARRAY),
                (&all(rows, |it| it.next_at.map(millis)), Type::TIMESTAMPTZ_ARRAY),
                (&all(rows, |it| it.lease_token), Type::UUID_ARRAY),
                (&all(rows, |it| it.lease_until.map(millis)), Type::TIMESTAMPTZ_ARRAY),
                (&all(rows, |it| it.worker.as_deref()), Type::TEXT_ARRAY),
                (&all(rows, |it| int(it.claims)), Type::INT4_ARRAY),
                (&all(rows, |it| int(it.sends)), Type::INT4_ARRAY),
                (&all(rows, |it| int(it.lost)), Type::INT4_ARRAY),
                (&all(rows, |it| it.payment_id.map(PaymentId::as_uuid)), Type::UUID_ARRAY),
                (&all(rows, |it| it.payment_status.as_deref().map(text)), Type::TEXT_ARRAY),
                (&all(rows, |it| it.bank_request_id.as_deref().map(text)), Type::TEXT_ARRAY),
                (&all(rows, |it| it.last_error.as_deref().map(text)), Type::TEXT_ARRAY),
                (&all(rows, |it| int(it.chain)), Type::INT4_ARRAY),
                (&all(rows, |it| &it.chain_hash), Type::TEXT_ARRAY),
            ],
        )
        .await?;
    failpoint::pass("write.rows");
    Ok(())
}

async fn attempts(session: &Session<'_>, rows: &[AttemptRow]) -> Result<(), StoreError> {
    if rows.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO attempt (outbox_id, lease_token, n, started_at, ended_at, \
               http_status, fault, fate) \
               SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8)";
    session
        .execute(
            sql,
            &[
                (&all(rows, |it| it.outbox_id), Type::INT8_ARRAY),
                (&all(rows, |it| it.lease_token), Type::UUID_ARRAY),
                (&all(rows, |it| int(it.n)), Type::INT4_ARRAY),
                (&all(rows, |it| millis(it.started_at)), Type::TIMESTAMPTZ_ARRAY),
                (&all(rows, |it| millis(it.ended_at)), Type::TIMESTAMPTZ_ARRAY),
                (&all(rows, |it| it.http_status.map(i32::from)), Type::INT4_ARRAY),
                (&all(rows, |it| it.fault.as_deref()), Type::TEXT_ARRAY),
                (&all(rows, |it| it.fate.as_str()), Type::TEXT_ARRAY),
            ],
        )
        .await?;
    failpoint::pass("write.attempts");
    Ok(())
}

async fn audit(session: &Session<'_>, links: &[Link]) -> Result<(), StoreError> {
    if links.is_empty() {
        return Ok(());
    }
    let sql = "INSERT INTO audit (outbox_id, n, \"timestamp\", actor, request_id, event, \
               \"from\", \"to\", detail, prev_hash, hash) \
               SELECT * FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)";
    session
        .execute(
            sql,
            &[
                (&all(links, |it| it.outbox_id), Type::INT8_ARRAY),
                (&all(links, |it| int(it.n)), Type::INT4_ARRAY),
                (&all(links, |it| millis(it.timestamp)), Type::TIMESTAMPTZ_ARRAY),
                (&all(links, |it| &it.actor), Type::TEXT_ARRAY),
                (&all(links, |it| &it.request_id), Type::TEXT_ARRAY),
                (&all(links, |it| &it.event), Type::TEXT_ARRAY),
                (&all(links, |it| it.from.map(State::as_str)), Type::TEXT_ARRAY),
                (&all(links, |it| it.to.as_str()), Type::TEXT_ARRAY),
                (&all(links, |it| &it.detail), Type::TEXT_ARRAY),
                (&all(links, |it| &it.prev_hash), Type::TEXT_ARRAY),
                (&all(links, |it| &it.hash), Type::TEXT_ARRAY),
            ],
        )
        .await?;
    failpoint::pass("write.audit");
    Ok(())
}

async fn resume(session: &Session<'_>, ids: &[String]) -> Result<(), StoreError> {
    if ids.is_empty() {
        return Ok(());
    }
    let sql = "DELETE FROM lane WHERE id = ANY($1)";
    session.execute(sql, &[(&ids, Type::TEXT_ARRAY)]).await?;
    failpoint::pass("write.lanes");
    Ok(())
}

async fn pause(session: &Session<'_>, lanes: &[Lane]) -> Result<(), StoreError> {
    if lanes.is_empty() {
        return Ok(());
    }
    // In order, so that no two turns wait for each other.
    let sql = "INSERT INTO lane (id, paused_at, reason, retry_at, probes) \
               SELECT * FROM unnest($1, $2, $3, $4, $5) AS u (id) ORDER BY u.id \
               ON CONFLICT (id) DO UPDATE SET \
               reason = excluded.reason, retry_at = excluded.retry_at, probes = excluded.probes";
    session
        .execute(
            sql,
            &[
                (&all(lanes, |it| &it.id), Type::TEXT_ARRAY),
                (&all(lanes, |it| millis(it.paused_at)), Type::TIMESTAMPTZ_ARRAY),
                (&all(lanes, |it| text(&it.reason)), Type::TEXT_ARRAY),
                (&all(lanes, |it| it.retry_at.map(millis)), Type::TIMESTAMPTZ_ARRAY),
                (&all(lanes, |it| int(it.probes)), Type::INT4_ARRAY),
            ],
        )
        .await?;
    failpoint::pass("write.lanes");
    Ok(())
}

pub(super) async fn resume_all(session: &Session<'_>) -> Result<(), StoreError> {
    session.execute("DELETE FROM lane", &[]).await?;
    failpoint::pass("write.lanes");
    Ok(())
}

/// Prunes at most so many rows, and gives how many it has.
pub(super) async fn prune(
    session: &Session<'_>,
    before: DateTime<Utc>,
    actor: &str,
    most: i64,
) -> Result<usize, StoreError> {
    // An accepted payment that is still looked at is not final.
    let due = format!(
        "SELECT {}, {} FROM intent i JOIN outbox o ON o.id = i.id WHERE i.created_at < $1 \
         AND i.body <> convert_to(i.body_sha256, 'UTF8') \
         AND (o.state IN ('settled', 'failed', 'refused', 'cancelled') \
         OR (o.state = 'accepted' AND o.next_at IS NULL)) \
         ORDER BY o.id LIMIT $2 FOR UPDATE OF o",
        columns::OUTBOX,
        columns::INTENT,
    );
    let due = session.query(&due, &[(&before, Type::TIMESTAMPTZ), (&most, Type::INT8)]).await?;
    failpoint::pass("prune.read");
    let now = read::now(session).await?;
    let mut changes = Changes::default();
    for row in &due {
        let (mut row, intent) = columns::both(row)?;
        changes.audit.extend(pruned(&mut row, &intent, actor, now));
        changes.rows.push(row);
    }
    let ids: Vec<RowId> = changes.rows.iter().map(|row| row.id).collect();
    let update = "UPDATE intent SET body = convert_to(body_sha256, 'UTF8') WHERE id = ANY($1)";
    session.execute(update, &[(&ids, Type::INT8_ARRAY)]).await?;
    failpoint::pass("write.intents");
    self::changes(session, &changes).await?;
    Ok(ids.len())
}
