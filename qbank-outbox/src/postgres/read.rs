//! Reads and locks what a turn needs.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use chrono::{DateTime, Utc};
use futures_util::future::{try_join, try_join4};
use tokio_postgres::types::Type;
use uuid::Uuid;

use super::columns::{self, INTENT, OUTBOX, get};
use super::fault::other;
use super::floor::Floor;
use super::session::{Session, Value};
use crate::audit::Evidence;
use crate::intent::Record;
use crate::row::{Lane, Row, RowId, State};
use crate::status::{OfState, Status};
use crate::store::{Listed, StoreError};
use crate::turn::{Lease, Snapshot, Turn, Wanted};

/// As the indexes `outbox_due` and `outbox_look` say it.
const OPEN: &str = "o.state IN ('queued', 'claimed', 'sending', 'resend')";
const IN_DOUBT: &str =
    "o.state IN ('claimed', 'sending', 'resend', 'reconcile') AND o.fate = 'unknown'";
const LOOK: &str = "o.state = 'accepted' AND o.next_at IS NOT NULL";

const LANES: &str = "SELECT id, paused_at, reason, retry_at, probes FROM lane";

pub(super) async fn now(session: &Session<'_>) -> Result<DateTime<Utc>, StoreError> {
    let sql = "SELECT date_trunc('milliseconds', clock_timestamp())";
    let rows = session.query(sql, &[]).await?;
    get(rows.first().ok_or_else(|| other("Postgres gave no row"))?, 0)
}

pub(super) async fn snapshot(
    session: &Session<'_>,
    turn: &Turn,
    floor: &Floor,
) -> Result<Snapshot, StoreError> {
    session.prepare(&locked_sql(), &[Type::INT8_ARRAY]).await?;
    // In one round trip: the server does them one after the other, so that what comes after the
    // locks is read as it is by then.
    let ids = turn.rows();
    let (((), rows), (now, lanes), (recorded, mut due), guessed) = try_join4(
        try_join(session.begin_turn(turn.token), locked(session, &ids)),
        try_join(now(session), lanes(session)),
        try_join(recorded(session, turn), claimed_before(session, turn)),
        claim_if_no_lane_is_paused(session, turn, floor),
    )
    .await?;
    let repeated = !due.is_empty();
    let claims = turn.claim > 0 && !repeated;
    let guessed = if lanes.is_empty() { guessed } else { Vec::new() };
    let lanes = if claims { with_probes(session, lanes, now).await? } else { lanes };
    let wanted = turn.wants(&lanes, now);
    if claims {
        due = if guessed.len() as u64 == u64::from(turn.claim) {
            guessed
        } else {
            // What was locked already is found again: the locks are this transaction's own.
            claimable(session, &wanted, now, floor).await?
        };
    }
    let less = due.len() < usize::try_from(turn.claim).unwrap_or(usize::MAX);
    let sends = due.iter().any(|(row, _)| row.state.is_open());
    let asks = less || (turn.claim > 0 && !sends);
    let (next_at, next_look_at, open) =
        if asks { next(session, &wanted, now).await? } else { (None, None, false) };
    Ok(Snapshot { now, rows, recorded, lanes, due, repeated, next_at, next_look_at, open })
}

fn locked_sql() -> String {
    format!("SELECT {OUTBOX} FROM outbox o WHERE o.id = ANY($1) ORDER BY o.id FOR UPDATE")
}

/// The rows of a turn, locked in order, so that no two turns wait for each other.
async fn locked(session: &Session<'_>, ids: &[RowId]) -> Result<Vec<Row>, StoreError> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    let rows = session.query(&locked_sql(), &[(&ids, Type::INT8_ARRAY)]).await?;
    rows.iter().map(columns::outbox).collect()
}

pub(super) async fn lanes(session: &Session<'_>) -> Result<Vec<Lane>, StoreError> {
    let rows = session.query(&format!("{LANES} ORDER BY id"), &[]).await?;
    rows.iter().map(columns::lane).collect()
}

/// Locks the lanes of which this turn may try a row. Those that another turn has locked, it
/// tries itself.
async fn with_probes(
    session: &Session<'_>,
    mut lanes: Vec<Lane>,
    now: DateTime<Utc>,
) -> Result<Vec<Lane>, StoreError> {
    let is_due = |lane: &Lane| lane.retry_at.is_some_and(|retry_at| retry_at <= now);
    let due: Vec<String> =
        lanes.iter().filter(|lane| is_due(lane)).map(|lane| lane.id.clone()).collect();
    if due.is_empty() {
        return Ok(lanes);
    }
    let sql = format!("{LANES} WHERE id = ANY($1) ORDER BY id FOR UPDATE SKIP LOCKED");
    let rows = session.query(&sql, &[(&due, Type::TEXT_ARRAY)]).await?;
    let ours = rows.iter().map(columns::lane).collect::<Result<Vec<_>, _>>()?;
    for lane in lanes.iter_mut().filter(|lane| is_due(lane)) {
        match ours.iter().find(|ours| ours.id == lane.id) {
            Some(ours) => lane.clone_from(ours),
            None => lane.retry_at = Some(now + chrono::TimeDelta::seconds(1)),
        }
    }
    Ok(lanes)
}

async fn recorded(session: &Session<'_>, turn: &Turn) -> Result<HashSet<(Lease, u32)>, StoreError> {
    let sent: Vec<(Lease, i32)> =
        turn.ended.iter().filter_map(|it| Some((it.lease, columns::int(it.n?)))).collect();
    if sent.is_empty() {
        return Ok(HashSet::new());
    }
    let ids: Vec<RowId> = sent.iter().map(|(lease, _)| lease.id).collect();
    let tokens: Vec<Uuid> = sent.iter().map(|(lease, _)| lease.token).collect();
    let numbers: Vec<i32> = sent.iter().map(|(_, n)| *n).collect();
    let sql = "SELECT a.outbox_id, a.lease_token, a.n FROM unnest($1, $2, $3) AS u (id, token, n) \
               JOIN attempt a ON a.outbox_id = u.id AND a.lease_token = u.token AND a.n = u.n";
    let values: [Value<'_>; 3] =
        [(&ids, Type::INT8_ARRAY), (&tokens, Type::UUID_ARRAY), (&numbers, Type::INT4_ARRAY)];
    let rows = session.query(sql, &values).await?;
    let read = |row| Ok((Lease { id: get(row, 0)?, token: get(row, 1)? }, columns::count(row, 2)?));
    rows.iter().map(read).collect()
}

async fn claimed_before(
    session: &Session<'_>,
    turn: &Turn,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE o.lease_token = $1 ORDER BY o.id FOR UPDATE OF o"
    );
    let rows = session.query(&sql, &[(&turn.token, Type::UUID)]).await?;
    rows.iter().map(columns::both).collect()
}

async fn claimable(
    session: &Session<'_>,
    wanted: &Wanted,
    now: DateTime<Utc>,
    floor: &Floor,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let mut due = Vec::new();
    let front = DateTime::UNIX_EPOCH;
    let left = |due: &Vec<_>| i64::from(wanted.rows).saturating_sub_unsigned(due.len() as u64);
    for lane in &wanted.probes {
        if left(&due) <= 0 {
            break;
        }
        let only = format!("{OPEN} AND o.lane = ANY($3)");
        let lane = std::slice::from_ref(lane);
        due.extend(claim(session, &only, front..=now, lane, 1).await?);
    }
    // First what is to be sent, then what is to be looked at.
    let open = format!("{OPEN} AND o.lane <> ALL($3)");
    let most = left(&due);
    if most > 0 {
        let mut found = Vec::new();
        if let Some(from) = floor.get() {
            found = claim(session, &open, from..=now, &wanted.without, most).await?;
        }
        if found.len() as u64 != most.cast_unsigned() {
            // What is locked already is found again: the locks are this transaction's own.
            found = claim(session, &open, front..=now, &wanted.without, most).await?;
            floor.set(found.first().and_then(|(row, _)| row.next_at));
        }
        due.extend(found);
    }
    if left(&due) > 0 {
        let look = format!("{LOOK} AND o.lane <> ALL($3)");
        due.extend(claim(session, &look, front..=now, &[], left(&due)).await?);
    }
    Ok(due)
}

/// What [`claimable`] finds if no lane is paused, before that is known; nothing where one is, or
/// where the search has to begin at the front.
async fn claim_if_no_lane_is_paused(
    session: &Session<'_>,
    turn: &Turn,
    floor: &Floor,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let Some(from) = floor.get().filter(|_| turn.claim > 0) else { return Ok(Vec::new()) };
    let sql = format!(
        "WITH o AS (SELECT {OUTBOX} FROM outbox o WHERE {OPEN} \
         AND o.next_at BETWEEN $1 AND statement_timestamp() AND NOT EXISTS (SELECT 1 FROM lane) \
         ORDER BY o.next_at LIMIT $2 FOR UPDATE OF o SKIP LOCKED) \
         SELECT {OUTBOX}, {INTENT} FROM o JOIN intent i ON i.id = o.id ORDER BY o.next_at, o.id"
    );
    let most = i64::from(turn.claim);
    let values: [Value<'_>; 2] = [(&from, Type::TIMESTAMPTZ), (&most, Type::INT8)];
    session.query(&sql, &values).await?.iter().map(columns::both).collect()
}

/// Locks rows that are due, and of which nobody else has a lock. As they are once they are
/// locked: `outbox` is read once, and `intent` never changes.
async fn claim(
    session: &Session<'_>,
    what: &str,
    due: RangeInclusive<DateTime<Utc>>,
    lanes: &[String],
    most: i64,
) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "WITH o AS (SELECT {OUTBOX} FROM outbox o WHERE {what} \
         AND o.next_at BETWEEN $1 AND $2 ORDER BY o.next_at LIMIT $4 FOR UPDATE OF o SKIP LOCKED) \
         SELECT {OUTBOX}, {INTENT} FROM o JOIN intent i ON i.id = o.id ORDER BY o.next_at, o.id"
    );
    let (from, to) = (due.start(), due.end());
    let values: [Value<'_>; 4] = [
        (from, Type::TIMESTAMPTZ),
        (to, Type::TIMESTAMPTZ),
        (&lanes, Type::TEXT_ARRAY),
        (&most, Type::INT8),
    ];
    let rows = session.query(&sql, &values).await?;
    rows.iter().map(columns::both).collect()
}

/// When the next row of no paused lane is to be sent, when the next payment is to be looked at,
/// and whether any row is open.
async fn next(
    session: &Session<'_>,
    wanted: &Wanted,
    now: DateTime<Utc>,
) -> Result<(Option<DateTime<Utc>>, Option<DateTime<Utc>>, bool), StoreError> {
    let sql = format!(
        "SELECT \
         (SELECT o.next_at FROM outbox o WHERE {OPEN} AND o.next_at > $1 AND o.lane <> ALL($2) \
          ORDER BY o.next_at LIMIT 1), \
         (SELECT o.next_at FROM outbox o WHERE {LOOK} AND o.next_at > $1 \
          ORDER BY o.next_at LIMIT 1), \
         EXISTS (SELECT 1 FROM outbox o WHERE {OPEN})"
    );
    let values: [Value<'_>; 2] = [(&now, Type::TIMESTAMPTZ), (&wanted.without, Type::TEXT_ARRAY)];
    let rows = session.query(&sql, &values).await?;
    let row = rows.first().ok_or_else(|| other("Postgres gave no row"))?;
    Ok((get(row, 0)?, get(row, 1)?, get(row, 2)?))
}

/// A row, locked.
pub(super) async fn row(
    session: &Session<'_>,
    id: RowId,
) -> Result<Option<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id WHERE o.id = $1 \
         FOR UPDATE OF o"
    );
    let rows = session.query(&sql, &[(&id, Type::INT8)]).await?;
    rows.first().map(columns::both).transpose()
}

/// What may have been sent since a backup, locked.
pub(super) async fn open_or_held(session: &Session<'_>) -> Result<Vec<(Row, Record)>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE {OPEN} OR o.state = 'held' ORDER BY o.id FOR UPDATE OF o"
    );
    session.query(&sql, &[]).await?.iter().map(columns::both).collect()
}

/// A page of what is listed, in order.
pub(super) async fn list(
    session: &Session<'_>,
    state: Option<State>,
    after: RowId,
    limit: i64,
) -> Result<Vec<Listed>, StoreError> {
    let sql = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id \
         WHERE ($1::text IS NULL OR o.state = $1) AND o.id > $2 ORDER BY o.id LIMIT $3"
    );
    let state = state.map(State::as_str);
    let values: [Value<'_>; 3] = [(&state, Type::TEXT), (&after, Type::INT8), (&limit, Type::INT8)];
    let rows = session.query(&sql, &values).await?;
    let listed = |row| columns::both(row).map(|(row, intent)| Listed::of(&row, &intent));
    rows.iter().map(listed).collect()
}

pub(super) async fn ids_after(
    session: &Session<'_>,
    after: RowId,
    limit: u32,
) -> Result<Vec<RowId>, StoreError> {
    let sql = "SELECT id FROM intent WHERE id > $1 ORDER BY id LIMIT $2";
    let limit = i64::from(limit);
    let rows = session.query(sql, &[(&after, Type::INT8), (&limit, Type::INT8)]).await?;
    rows.iter().map(|row| get(row, 0)).collect()
}

pub(super) async fn of_payment(
    session: &Session<'_>,
    payment: Uuid,
) -> Result<Option<RowId>, StoreError> {
    let sql = "SELECT id FROM outbox WHERE payment_id = $1 ORDER BY id LIMIT 1";
    let rows = session.query(sql, &[(&payment, Type::UUID)]).await?;
    rows.first().map(|row| get(row, 0)).transpose()
}

/// Without the lanes.
pub(super) async fn status(
    session: &Session<'_>,
    now: DateTime<Utc>,
) -> Result<Status, StoreError> {
    let sql = format!(
        "SELECT o.state, count(*), sum(o.sends), sum(o.lost), \
         min(o.next_at) FILTER (WHERE {OPEN}), \
         min(o.first_sent_at) FILTER (WHERE {IN_DOUBT}), \
         sum(i.amount_cents)::bigint, count(*) FILTER (WHERE {LOOK}) \
         FROM outbox o JOIN intent i ON i.id = o.id GROUP BY o.state"
    );
    let number = |row, at| get::<i64>(row, at).map(i64::cast_unsigned);
    let of_state = |row| {
        Ok(OfState {
            state: columns::parsed(row, 0)?,
            rows: number(row, 1)?,
            sends: number(row, 2)?,
            leases_lost: number(row, 3)?,
            due: get(row, 4)?,
            in_doubt: get(row, 5)?,
            cents: get(row, 6)?,
            unsettled: number(row, 7)?,
        })
    };
    let rows = session.query(&sql, &[]).await?;
    let states = rows.iter().map(of_state).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Status::of(states, now))
}

pub(super) async fn evidence(
    session: &Session<'_>,
    id: RowId,
) -> Result<Option<Evidence>, StoreError> {
    let both = format!(
        "SELECT {OUTBOX}, {INTENT} FROM outbox o JOIN intent i ON i.id = o.id WHERE o.id = $1"
    );
    let links = "SELECT outbox_id, n, \"timestamp\", actor, request_id, event, \"from\", \"to\", \
                 detail, prev_hash, hash FROM audit WHERE outbox_id = $1 ORDER BY n";
    let attempts = "SELECT outbox_id, lease_token, n, started_at, ended_at, http_status, fault, \
                    fate FROM attempt WHERE outbox_id = $1 ORDER BY n, ended_at";
    let of = [(&id as _, Type::INT8)];
    let (both, links, attempts, read_at) = try_join4(
        session.query(&both, &of),
        session.query(links, &of),
        session.query(attempts, &of),
        now(session),
    )
    .await?;
    let Some((row, intent)) = both.first().map(columns::both).transpose()? else {
        return Ok(None);
    };
    let links = links.iter().map(columns::link).collect::<Result<_, _>>()?;
    let attempts = attempts.iter().map(columns::attempt).collect::<Result<_, _>>()?;
    Ok(Some(Evidence { row, intent, links, attempts, read_at }))
}
