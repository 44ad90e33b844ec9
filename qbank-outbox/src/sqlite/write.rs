//! Writes what a turn changes.

use chrono::{DateTime, Utc};
use rusqlite::{Transaction, params};

use super::columns::text_of;
use super::read;
use crate::audit::{Link, moment};
use crate::failpoint;
use crate::prune::pruned;
use crate::row::{AttemptRow, Lane, Row, RowId};
use crate::store::StoreError;
use crate::turn::Changes;

pub(super) fn changes(tx: &Transaction<'_>, changes: &Changes) -> Result<(), StoreError> {
    for row in &changes.rows {
        outbox(tx, row)?;
    }
    for attempt in &changes.attempts {
        insert_attempt(tx, attempt)?;
    }
    for link in &changes.audit {
        insert_link(tx, link)?;
    }
    for id in &changes.resumed {
        tx.prepare_cached("DELETE FROM lane WHERE id = ?1")?.execute([id])?;
        failpoint::pass("write.lanes");
    }
    for lane in &changes.paused {
        pause(tx, lane)?;
    }
    Ok(())
}

fn outbox(tx: &Transaction<'_>, row: &Row) -> Result<(), StoreError> {
    let sql = "UPDATE outbox SET state = ?2, fate = ?3, first_sent_at = ?4, next_at = ?5, \
               lease_token = ?6, lease_until = ?7, worker = ?8, claims = ?9, sends = ?10, \
               lost = ?11, payment_id = ?12, payment_status = ?13, bank_request_id = ?14, \
               last_error = ?15, chain = ?16, chain_hash = ?17 WHERE id = ?1";
    tx.prepare_cached(sql)?.execute(params![
        row.id,
        row.state.as_str(),
        row.fate.as_str(),
        text_of(row.first_sent_at),
        text_of(row.next_at),
        row.lease_token.map(|token| token.to_string()),
        text_of(row.lease_until),
        row.worker,
        row.claims,
        row.sends,
        row.lost,
        row.payment_id.map(|id| id.to_string()),
        row.payment_status,
        row.bank_request_id,
        row.last_error,
        row.chain,
        row.chain_hash,
    ])?;
    failpoint::pass("write.rows");
    Ok(())
}

fn insert_attempt(tx: &Transaction<'_>, attempt: &AttemptRow) -> Result<(), StoreError> {
    let sql = "INSERT INTO attempt (outbox_id, lease_token, n, started_at, ended_at, \
               http_status, fault, fate) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
    tx.prepare_cached(sql)?.execute(params![
        attempt.outbox_id,
        attempt.lease_token.to_string(),
        attempt.n,
        moment(attempt.started_at),
        moment(attempt.ended_at),
        attempt.http_status,
        attempt.fault,
        attempt.fate.as_str(),
    ])?;
    failpoint::pass("write.attempts");
    Ok(())
}

pub(super) fn insert_link(tx: &Transaction<'_>, link: &Link) -> Result<(), StoreError> {
    let sql = "INSERT INTO audit (outbox_id, n, \"timestamp\", actor, request_id, event, \
               \"from\", \"to\", detail, prev_hash, hash) \
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    tx.prepare_cached(sql)?.execute(params![
        link.outbox_id,
        link.n,
        moment(link.timestamp),
        link.actor,
        link.request_id,
        link.event,
        link.from.map(crate::row::State::as_str),
        link.to.as_str(),
        link.detail,
        link.prev_hash,
        link.hash,
    ])?;
    failpoint::pass("write.audit");
    Ok(())
}

fn pause(tx: &Transaction<'_>, lane: &Lane) -> Result<(), StoreError> {
    let sql = "INSERT INTO lane (id, paused_at, reason, retry_at, probes) \
               VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (id) DO UPDATE SET \
               reason = excluded.reason, retry_at = excluded.retry_at, probes = excluded.probes";
    let values =
        params![lane.id, moment(lane.paused_at), lane.reason, text_of(lane.retry_at), lane.probes];
    tx.prepare_cached(sql)?.execute(values)?;
    failpoint::pass("write.lanes");
    Ok(())
}

pub(super) fn resume_all(tx: &Transaction<'_>) -> Result<(), StoreError> {
    tx.execute("DELETE FROM lane", [])?;
    failpoint::pass("write.lanes");
    Ok(())
}

pub(super) fn prune(
    tx: &Transaction<'_>,
    before: DateTime<Utc>,
    actor: &str,
) -> Result<usize, StoreError> {
    let now = read::now(tx)?;
    // An accepted payment that is still looked at is not final.
    let due = "SELECT i.id FROM intent i JOIN outbox o ON o.id = i.id WHERE i.created_at < ?1 \
               AND i.body <> CAST(i.body_sha256 AS BLOB) AND (o.state IN ('settled', 'failed', \
               'refused', 'cancelled') OR (o.state = 'accepted' AND o.next_at IS NULL))";
    let ids: Vec<RowId> = tx
        .prepare(due)?
        .query_map([moment(before)], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    failpoint::pass("prune.read");
    for id in &ids {
        let Some((mut row, intent)) = read::row(tx, *id)? else { continue };
        let update = "UPDATE intent SET body = CAST(body_sha256 AS BLOB) WHERE id = ?1";
        tx.prepare_cached(update)?.execute([id])?;
        failpoint::pass("write.intents");
        for link in pruned(&mut row, &intent, actor, now) {
            insert_link(tx, &link)?;
        }
        outbox(tx, &row)?;
    }
    Ok(ids.len())
}
