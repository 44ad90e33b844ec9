//! What a turn that claims 32 rows takes, by what else is in the table. The databases lie in
//! memory, so that no disk hides what the queries take.

use std::path::Path;
use std::time::{Duration, Instant};

use bench_core::Failure;
use qbank_outbox::rusqlite::Connection;
use qbank_outbox::{Ended, Lease, Outcome, Postgres, Sqlite, Store as _, Turn, Turned};
use uuid::Uuid;

use crate::ours::intents;
use crate::server::Server;

/// How many rows a turn claims.
pub(crate) const CLAIM: u32 = 32;
/// How many rows are due where it does not say otherwise.
const DUE: usize = 10_000;
/// Turns before any is measured: statements are prepared, and planned for good.
const WARM: usize = 10;

/// Milliseconds of a turn, on one store.
#[derive(Debug, Default)]
pub(crate) struct Claims {
    /// 10,000 rows are due, and there is nothing else.
    pub(crate) alone: f64,
    /// The same, beside many settled rows.
    pub(crate) beside: f64,
    /// As many rows are due.
    pub(crate) all_due: f64,
    /// 10 rows are due.
    pub(crate) ten: f64,
    /// The same, beside 100,000 that are due in a paused lane.
    pub(crate) paused: f64,
}

/// Milliseconds of turns that each end, begin and claim 128 rows, until 100,000 are done.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Worked {
    /// Of the first tenth.
    pub(crate) first: f64,
    /// Of the last tenth.
    pub(crate) last: f64,
}

/// How much of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Size {
    /// Rows in the large table.
    pub(crate) rows: usize,
    /// Rows that are worked through.
    pub(crate) worked: usize,
    /// Turns of which the median is taken.
    pub(crate) turns: usize,
}

fn turn(claim: u32) -> Turn {
    Turn {
        token: Uuid::new_v4(),
        worker: "bench".to_owned(),
        lease: Duration::from_hours(1),
        max_key_age: Duration::from_hours(24),
        ended: Vec::new(),
        begin: Vec::new(),
        release: Vec::new(),
        claim,
    }
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// A store that does turns.
trait Turns {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, Failure>;

    /// The median of turns that claim, each followed by one that gives back what it claimed if
    /// it is wanted. So many are to be found each time.
    fn claims(&mut self, turns: usize, found: usize, give_back: bool) -> Result<f64, Failure> {
        let mut took = Vec::new();
        for n in 0..WARM + turns {
            let claim = turn(CLAIM);
            let began = Instant::now();
            let turned = self.turn(&claim)?;
            if n >= WARM {
                took.push(began.elapsed().as_secs_f64() * 1e3);
            }
            if turned.claimed.len() != found {
                return Err(format!("{} rows were claimed", turned.claimed.len()).into());
            }
            if give_back {
                let mut release = turn(0);
                release.release = turned.claimed.iter().map(|it| it.lease).collect();
                self.turn(&release)?;
            }
        }
        Ok(median(took))
    }

    /// Works through all that is due, as a worker whose calls take no time.
    fn work(&mut self, rows: usize) -> Result<Worked, Failure> {
        let mut took = Vec::new();
        let (mut claimed, mut begun): (Vec<Lease>, Vec<Lease>) = (Vec::new(), Vec::new());
        let mut done = 0;
        while done < rows {
            let mut next = turn(128);
            done += begun.len();
            next.ended = std::mem::take(&mut begun).into_iter().map(accepted).collect();
            next.begin = std::mem::take(&mut claimed);
            let began = Instant::now();
            let turned = self.turn(&next)?;
            took.push(began.elapsed().as_secs_f64() * 1e3);
            claimed = turned.claimed.iter().map(|it| it.lease).collect();
            begun = turned.begun.iter().map(|it| it.lease).collect();
            if took.len() > rows {
                return Err("rows are not claimed any more".into());
            }
        }
        let tenth = took.len() / 10;
        let last = took.split_off(took.len() - tenth - 3);
        took.truncate(tenth);
        Ok(Worked { first: median(took), last: median(last) })
    }
}

fn accepted(lease: Lease) -> Ended {
    let mut outcome = Outcome::abandoned("");
    outcome.fate = qbank_hyper::Fate::Accepted;
    outcome.http_status = Some(202);
    outcome.fault = None;
    outcome.failure = None;
    outcome.payment_id = Uuid::new_v4().to_string().parse().ok();
    Ended { lease, n: Some(1), took: Duration::from_millis(1), outcome }
}

struct OnPostgres {
    store: Postgres,
    runtime: tokio::runtime::Runtime,
}

impl Turns for OnPostgres {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, Failure> {
        Ok(self.runtime.block_on(self.store.turn(turn))?)
    }
}

impl Turns for Sqlite {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, Failure> {
        Ok(qbank_outbox::Store::turn(self, turn)?)
    }
}

/// As the first row, so many more of it.
fn copies(text: &str, series: &str) -> String {
    format!(
        "INSERT INTO intent (intent_id, kind, source_account, amount_cents, payee_hash, \
         idempotency_key, body, body_sha256, actor) SELECT {text}, kind, source_account, \
         amount_cents, payee_hash, {series}"
    )
}

/// As if they had a first link of their audit, which the claim would write otherwise.
const CHAINED: &str = "UPDATE outbox SET chain = 1, chain_hash = 'none' WHERE chain = 0";
const ELSEWHERE: &str = "UPDATE outbox SET lane = 'paused' WHERE id > ";
const SETTLED: &str = "UPDATE outbox SET state = 'settled', fate = 'accepted', next_at = NULL";

/// On Postgres.
pub(crate) fn postgres(server: &Server, size: Size) -> Result<(Claims, Worked, Worked), Failure> {
    let database = "claims";
    let copy = |rows: usize, name: &str| {
        let more = format!(
            "gen_random_uuid(), body, body_sha256, actor \
             FROM intent, generate_series(1, {rows}) n WHERE id = 1"
        );
        server.psql(database, &copies(&format!("'{name}-' || n"), &more))?;
        server.psql(database, CHAINED)
    };
    let with = |due: usize| -> Result<OnPostgres, Failure> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let url = server.fresh(database)?;
        let store = runtime.block_on(Postgres::migrate(&url))?;
        runtime.block_on(store.enqueue_all(&intents(0, due)?))?;
        Ok(OnPostgres { store, runtime })
    };
    let mut claims = Claims::default();

    let mut store = with(DUE)?;
    server.settle(database)?;
    claims.alone = store.claims(size.turns, CLAIM as usize, false)?;

    let mut store = with(1)?;
    copy(size.rows - DUE - 1, "old")?;
    server.psql(database, &format!("{SETTLED}, payment_id = gen_random_uuid()"))?;
    store.runtime.block_on(store.store.enqueue_all(&intents(1, DUE + 1)?))?;
    server.settle(database)?;
    claims.beside = store.claims(size.turns, CLAIM as usize, false)?;

    let mut store = with(1)?;
    copy(size.rows - 1, "due")?;
    server.settle(database)?;
    claims.all_due = store.claims(size.turns, CLAIM as usize, false)?;

    let mut store = with(10)?;
    server.settle(database)?;
    claims.ten = store.claims(size.turns, 10, true)?;
    copy(size.rows / 10, "paused")?;
    server.psql(database, &format!("{ELSEWHERE} 10"))?;
    server.psql(
        database,
        "INSERT INTO lane (id, paused_at, reason) VALUES ('paused', now(), 'a benchmark')",
    )?;
    server.settle(database)?;
    claims.paused = store.claims(size.turns, 10, true)?;

    let worked = |long: bool| -> Result<Worked, Failure> {
        let mut store = with(1)?;
        copy(size.worked - 1, "work")?;
        server.settle(database)?;
        let held = if long { Some(hold(&store, &server.url(database))?) } else { None };
        let worked = store.work(size.worked)?;
        drop(held);
        Ok(worked)
    };
    Ok((claims, worked(false)?, worked(true)?))
}

/// A connection with a snapshot that is held until it is dropped.
fn hold(store: &OnPostgres, url: &str) -> Result<qbank_outbox::tokio_postgres::Client, Failure> {
    use qbank_outbox::tokio_postgres::{NoTls, connect};

    store.runtime.block_on(async {
        let (client, connection) = connect(url, NoTls).await?;
        tokio::spawn(connection);
        client.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ; SELECT 1").await?;
        Ok(client)
    })
}

/// On SQLite.
pub(crate) fn sqlite(folder: &Path, size: Size) -> Result<Claims, Failure> {
    let path = folder.join("claims.sqlite");
    let with = |due: usize| -> Result<(Sqlite, Connection), Failure> {
        for end in ["", "-wal", "-shm"] {
            let _ = std::fs::remove_file(format!("{}{end}", path.display()));
        }
        let mut store = Sqlite::migrate(&path)?;
        store.enqueue(&intents(0, due)?)?;
        Ok((store, Connection::open(&path)?))
    };
    let copy = |connection: &Connection, rows: usize, name: &str| -> Result<(), Failure> {
        let more = "lower(hex(randomblob(4)) || '-' || hex(randomblob(2)) || '-4' || \
             substr(hex(randomblob(2)), 2) || '-8' || substr(hex(randomblob(2)), 2) || '-' || \
             hex(randomblob(6))), body, body_sha256, actor \
             FROM series CROSS JOIN (SELECT * FROM intent WHERE id = 1)";
        let series = format!(
            "WITH RECURSIVE series (n) AS \
             (SELECT 1 UNION ALL SELECT n + 1 FROM series WHERE n < {rows}) "
        );
        connection
            .execute_batch(&format!("{series}{}", copies(&format!("'{name}-' || n"), more)))?;
        Ok(connection.execute_batch(CHAINED)?)
    };
    let mut claims = Claims::default();

    let (mut store, _) = with(DUE)?;
    claims.alone = store.claims(size.turns, CLAIM as usize, false)?;

    let (mut store, connection) = with(1)?;
    copy(&connection, size.rows - DUE - 1, "old")?;
    connection.execute_batch(SETTLED)?;
    store.enqueue(&intents(1, DUE + 1)?)?;
    claims.beside = store.claims(size.turns, CLAIM as usize, false)?;

    let (mut store, connection) = with(1)?;
    copy(&connection, size.rows - 1, "due")?;
    claims.all_due = store.claims(size.turns, CLAIM as usize, false)?;

    let (mut store, connection) = with(10)?;
    claims.ten = store.claims(size.turns, 10, true)?;
    copy(&connection, size.rows / 10, "paused")?;
    connection.execute_batch(&format!("{ELSEWHERE} 10"))?;
    connection.execute_batch(
        "INSERT INTO lane (id, paused_at, reason) \
         VALUES ('paused', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'), 'a benchmark')",
    )?;
    claims.paused = store.claims(size.turns, 10, true)?;
    Ok(claims)
}
