//! Reads what a turn needs. The transaction has the only write lock, so nothing else is locked.

use std::collections::{BTreeMap, HashSet};

use chrono::{DateTime, Utc};
use qbank_proto::PaymentId;
use rusqlite::{Connection, OptionalExtension, Transaction, params_from_iter};

use super::columns::{self, AFTER_OUTBOX, INTENT, OUTBOX};
use crate::audit::{Evidence, moment};
use crate::intent::Record;
use crate::operator::HANDED_OUT;
use crate::row::{Lane, Row, RowId, State};
use crate::status::{OfState, Status};
use crate::store::{Listed, StoreError};
use crate::turn::{Lease, Snapshot, Turn, Wanted};

/// As the index `outbox_due` says it, which is used for these words alone.
const OPEN: &str = "o.state IN ('queued', 'claimed', 'sending', 'resend')";
const IN_DOUBT: &str =
    "o.state IN ('claimed', 'sending', 'resend', 'reconcile') AND o.fate = 'unknown'";
const LOOK: &str = "o.state = 'accepted' AND o.next_at IS NOT NULL";

pub(super) fn now(connection: &Connection) -> Result<DateTime<Utc>, StoreError> {
    let sql = "SELECT strftime('%Y-%m-%dT%H:%M:%fZ', 'now')";
    Ok(connection.prepare_cached(sql)?.query_row([], |row| columns::a_moment(row, 0))?)
}

pub(super) fn snapshot(tx: &Transaction<'_>, turn: &Turn) -> Result<Snapshot, StoreError> {
    let now = now(tx)?;
    let lanes = lanes(tx)?;
    let mut rows = Vec::new();
    let one = format!("SELECT {OUTBOX} FROM outbox o WHERE o.id = ?1");
    for id in turn.rows() {
        rows.extend(tx.prepare_cached(&one)?.query_row([id], columns::outbox).optional()?);
    }
    let mut due = claimed_before(tx, turn)?;
    let repeated = !due.is_empty();
    let wanted = turn.wants(&lanes, now);
    if turn.claim > 0 && !repeated {
        due = claimable(tx, &wanted, now)?;
    }
    let less = due.len() < usize::try_from(turn.claim).unwrap_or(usize::MAX);
    Ok(Snapshot {
        now,
        rows,
        recorded: recorded(tx, turn)?,
        next_at: if turn.claim > 0 { next_at(tx, &wanted, now)? } else { None },
        next_look_at: if less { next_look_at(tx, now)? } else { None },
        open: turn.claim > 0 && is_open(tx)?,
        lanes,
        due,
        repeated,
    })
}

pub(super) fn lanes(connection: &Connection) -> Result<Vec<Lane>, StoreError> {
    let sql = "SELECT id, paused_at, reason, retry_at, probes FROM lane ORDER BY id";
    let mut statement = connection.prepare_cached(sql)?;
    let lanes = statement.query_map([], columns::lane)?.collect::<Result<_, _>>()?;
    Ok(lanes)
}

fn recorded(tx: &Transaction<'_>, turn: &Turn) -> Result<HashSet<(Lease, u32)>, StoreError> {
    let sql = "SELECT 1 FROM attempt WHERE outbox_id = ?1 AND lease_token = ?2 AND n = ?3";
    let mut statement = tx.prepare_cached(sql)?;
    let mut recorded = HashSet::new();
    for ended in &turn.ended {
        let Some(n) = ended.n else { continue };
        let lease = ended.lease;
        if statement.exists((lease.id, lease.token.to_string(), n))? {
            recorded.insert((lease, n));
        }
    }
    Ok(recorded)
}

fn claimed_before(tx: &Transaction<'_>, turn: &Turn) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE o.lease_token = ?1 ORDER BY o.id"
    );
    query(tx, &sql, [turn.token.to_string()])
}

fn claimable(
    tx: &Transaction<'_>,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let from = format!("SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id");
    let now = moment(now);
    let mut due = Vec::new();
    let most = usize::try_from(wanted.rows).unwrap_or(usize::MAX);
    for lane in &wanted.probes {
        if due.len() == most {
            break;
        }
        let sql = format!(
            "{from} WHERE {OPEN} AND o.next_at <= ?1 AND o.lane = ?2 ORDER BY o.next_at LIMIT 1"
        );
        due.extend(query(tx, &sql, [&now, lane])?);
    }
    // First what is to be sent, then what is to be looked at.
    for (what, lanes) in [(OPEN, without(wanted, 2)), (LOOK, String::new())] {
        let left = wanted.rows.saturating_sub(u32::try_from(due.len()).unwrap_or(u32::MAX));
        if left == 0 {
            break;
        }
        let sql = format!(
            "{from} WHERE {what} AND o.next_at <= ?1 {lanes} ORDER BY o.next_at LIMIT {left}"
        );
        let named = if lanes.is_empty() { &[][..] } else { &wanted.without };
        due.extend(query(tx, &sql, params_from_iter(std::iter::once(&now).chain(named)))?);
    }
    Ok(due)
}

/// When the next row of no paused lane is to be sent, if none is now.
fn next_at(
    tx: &Transaction<'_>,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let lanes = without(wanted, 2);
    let sql = format!(
        "SELECT o.next_at FROM outbox o WHERE {OPEN} AND o.next_at > ?1 {lanes} \
         ORDER BY o.next_at LIMIT 1"
    );
    let now = moment(now);
    let values = params_from_iter(std::iter::once(&now).chain(&wanted.without));
    let at = tx.prepare_cached(&sql)?.query_row(values, |row| columns::a_moment(row, 0));
    Ok(at.optional()?)
}

/// When the next payment is to be looked at, if none is now.
fn next_look_at(
    tx: &Transaction<'_>,
    now: DateTime<Utc>,
) -> Result<Option<DateTime<Utc>>, StoreError> {
    let sql = format!(
        "SELECT o.next_at FROM outbox o WHERE {LOOK} AND o.next_at > ?1 ORDER BY o.next_at LIMIT 1"
    );
    let at = tx.prepare_cached(&sql)?.query_row([moment(now)], |row| columns::a_moment(row, 0));
    Ok(at.optional()?)
}

/// What may have been sent since a backup.
pub(super) fn open_or_held(tx: &Transaction<'_>) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE {OPEN} OR o.state = 'held' ORDER BY o.id"
    );
    query(tx, &sql, [])
}

fn without(wanted: &Wanted, first: usize) -> String {
    if wanted.without.is_empty() {
        return String::new();
    }
    let marks: Vec<String> =
        (first..first + wanted.without.len()).map(|at| format!("?{at}")).collect();
    format!("AND o.lane NOT IN ({})", marks.join(", "))
}

fn is_open(tx: &Transaction<'_>) -> Result<bool, StoreError> {
    let sql = format!("SELECT 1 FROM outbox o WHERE {OPEN} LIMIT 1");
    Ok(tx.prepare_cached(&sql)?.exists([])?)
}

fn query(
    connection: &Connection,
    sql: &str,
    values: impl rusqlite::Params,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map(values, |row| {
        Ok((columns::outbox(row)?, columns::intent(row, AFTER_OUTBOX)?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(super) fn row(connection: &Connection, id: RowId) -> Result<Option<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id WHERE o.id = ?1"
    );
    Ok(query(connection, &sql, [id])?.pop())
}

pub(super) fn of_payment(
    connection: &Connection,
    payment: PaymentId,
) -> Result<Option<RowId>, StoreError> {
    let sql = "SELECT id FROM outbox WHERE payment_id = ?1 ORDER BY id LIMIT 1";
    let id = connection.prepare_cached(sql)?.query_row([payment.to_string()], |row| row.get(0));
    Ok(id.optional()?)
}

/// Without the lanes. Of one run, or of all.
pub(super) fn status(
    connection: &Connection,
    run: Option<&str>,
    now: DateTime<Utc>,
) -> Result<Status, StoreError> {
    let sql = format!(
        "SELECT o.state, count(*), sum(o.sends), sum(o.lost), \
         min(o.next_at) FILTER (WHERE {OPEN}), min(o.first_sent_at) FILTER (WHERE {IN_DOUBT}), \
         sum(i.amount_cents), count(*) FILTER (WHERE {LOOK}) \
         FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE ?1 IS NULL OR i.run_id = ?1 GROUP BY o.state"
    );
    let mut statement = connection.prepare_cached(&sql)?;
    let number = |row: &rusqlite::Row<'_>, at: usize| row.get::<_, i64>(at).map(i64::cast_unsigned);
    let states = statement.query_map([run], |row| {
        Ok(OfState {
            state: columns::parsed(row, 0)?,
            rows: number(row, 1)?,
            sends: number(row, 2)?,
            leases_lost: number(row, 3)?,
            due: columns::maybe_moment(row, 4)?,
            in_doubt: columns::maybe_moment(row, 5)?,
            cents: row.get(6)?,
            unsettled: number(row, 7)?,
        })
    })?;
    Ok(Status::of(states.collect::<Result<Vec<_>, _>>()?, now))
}

pub(super) fn list(
    connection: &Connection,
    state: Option<State>,
    each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
) -> Result<(), StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE ?1 IS NULL OR o.state = ?1 ORDER BY o.id"
    );
    let mut statement = connection.prepare(&sql)?;
    let mut rows = statement.query([state.map(State::as_str)])?;
    while let Some(row) = rows.next()? {
        let (outbox, intent) = (columns::outbox(row)?, columns::intent(row, AFTER_OUTBOX)?);
        each(Listed::of(&outbox, &intent))?;
    }
    Ok(())
}

pub(super) fn ids_after(
    connection: &Connection,
    after: RowId,
    limit: u32,
) -> Result<Vec<RowId>, StoreError> {
    let sql = "SELECT id FROM intent WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare_cached(sql)?;
    let ids = statement.query_map((after, limit), |row| row.get(0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

pub(super) fn evidence(tx: &Connection, id: RowId) -> Result<Option<Evidence>, StoreError> {
    let Some((row, intent)) = row(tx, id)? else { return Ok(None) };
    let links = "SELECT outbox_id, n, \"timestamp\", actor, request_id, event, \"from\", \"to\", \
                 detail, prev_hash, hash FROM audit WHERE outbox_id = ?1 ORDER BY n";
    let links =
        tx.prepare_cached(links)?.query_map([id], columns::link)?.collect::<Result<_, _>>()?;
    let attempts = "SELECT outbox_id, lease_token, n, started_at, ended_at, http_status, fault, \
                    fate FROM attempt WHERE outbox_id = ?1 ORDER BY n, ended_at";
    let attempts = tx
        .prepare_cached(attempts)?
        .query_map([id], columns::attempt)?
        .collect::<Result<_, _>>()?;
    Ok(Some(Evidence { row, intent, links, attempts, read_at: now(tx)? }))
}

pub(super) fn of_intent(
    connection: &Connection,
    namespace: &str,
    id: &str,
) -> Result<Option<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM intent i JOIN outbox o ON o.id = i.id \
         WHERE i.namespace = ?1 AND i.intent_id = ?2"
    );
    Ok(query(connection, &sql, [namespace, id])?.pop())
}

/// What a worker has, or had.
pub(super) fn leased(tx: &Transaction<'_>) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE {OPEN} AND o.state IN ('claimed', 'sending') ORDER BY o.id"
    );
    query(tx, &sql, [])
}

pub(super) fn handed_out(
    connection: &Connection,
    run: &str,
) -> Result<BTreeMap<String, String>, StoreError> {
    let sql = "SELECT i.intent_id, json_extract(a.detail, '$.file') FROM intent i \
               JOIN audit a ON a.outbox_id = i.id \
               WHERE i.run_id = ?1 AND a.event = ?2 ORDER BY a.outbox_id, a.n";
    let mut statement = connection.prepare_cached(sql)?;
    let files = statement.query_map((run, HANDED_OUT), |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(files.collect::<Result<_, _>>()?)
}

pub(super) fn runs(connection: &Connection) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
    let sql = "SELECT run_id, min(created_at) FROM intent WHERE run_id IS NOT NULL \
               GROUP BY run_id ORDER BY min(id)";
    let mut statement = connection.prepare_cached(sql)?;
    let runs = statement.query_map([], |row| Ok((row.get(0)?, columns::a_moment(row, 1)?)))?;
    Ok(runs.collect::<Result<_, _>>()?)
}

pub(super) fn each<E: From<StoreError>>(
    connection: &Connection,
    run: Option<&str>,
    mut each: impl FnMut(Row, Record) -> Result<(), E>,
) -> Result<(), E> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE ?1 IS NULL OR i.run_id = ?1 ORDER BY o.id"
    );
    let mut statement = connection.prepare(&sql).map_err(StoreError::from)?;
    let mut rows = statement.query([run]).map_err(StoreError::from)?;
    while let Some(row) = rows.next().map_err(StoreError::from)? {
        let (outbox, intent) = (
            columns::outbox(row).map_err(StoreError::from)?,
            columns::intent(row, AFTER_OUTBOX).map_err(StoreError::from)?,
        );
        each(outbox, intent)?;
    }
    Ok(())
}
