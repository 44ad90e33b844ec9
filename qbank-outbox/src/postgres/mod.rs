//! The store on Postgres: many workers on many machines.

mod blocking;
mod columns;
mod connect;
mod enqueue;
mod fault;
mod floor;
mod passfile;
mod read;
mod schema;
mod session;
mod write;

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use deadpool_postgres::Pool;
use qbank_proto::webhook::Event;

pub use blocking::BlockingPostgres;
use session::{Session, lend, lend_for_turn};

use crate::audit::Evidence;
use crate::failpoint;
use crate::intent::Intent;
use crate::operator::Command;
use crate::row::{Lane, RowId, State};
use crate::status::Status;
use crate::store::{Enqueued, Listed, StoreError};
use crate::turn::{Changes, Turn, Turned};
use crate::webhook;

/// The store on Postgres, for tokio. Cheap to clone; the clones share connections, which are
/// made when they are needed, and anew after they broke.
///
/// Its URL is `postgres://user@host:5432/database`, with any of
/// [tokio-postgres' parameters](tokio_postgres::Config). Another host is reached over TLS, and
/// its certificate is verified, unless `sslmode=disable` is given; `sslrootcert=FILE` trusts the
/// authorities in this file instead of Mozilla's. A password that is not in the URL comes from
/// the file that `PGPASSFILE` names, or `.pgpass` in the home folder.
/// `options=-csearch_path%3DNAME` puts the tables into a schema of their own. Through PgBouncer
/// it needs version 1.21, which knows prepared statements.
#[derive(Clone)]
pub struct Postgres {
    pool: Pool,
    floor: floor::Floor,
}

/// Without the connection's settings.
impl fmt::Debug for Postgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Postgres").field("pool", &self.pool.status()).finish_non_exhaustive()
    }
}

/// How many rows a page of what is listed has, and a transaction that prunes.
const PAGE: i64 = 500;

impl Postgres {
    /// Opens a store that is there.
    pub async fn connect(url: &str) -> Result<Self, StoreError> {
        let store = Self { pool: connect::pool(url)?, floor: floor::Floor::default() };
        lend(&store.pool, async |client| schema::check(client).await).await?;
        Ok(store)
    }

    /// Opens a store, and makes it where there is none, in a database that is there.
    pub async fn migrate(url: &str) -> Result<Self, StoreError> {
        let store = Self { pool: connect::pool(url)?, floor: floor::Floor::default() };
        lend(&store.pool, async |client| schema::migrate(client).await).await?;
        Ok(store)
    }

    /// What `migrate` does, as SQL, for who makes changes of schemas in another way.
    pub const SCHEMA: &'static str = schema::SQL;

    /// Writes an intent down in a transaction of the application, which commits or rolls back.
    pub async fn enqueue(
        transaction: &tokio_postgres::Transaction<'_>,
        intent: &Intent,
    ) -> Result<Enqueued, StoreError> {
        let session = Session::Theirs(transaction);
        let enqueued = enqueue::enqueue(&session, std::slice::from_ref(intent)).await?;
        enqueued.into_iter().next().ok_or_else(|| fault::other("nothing was enqueued"))
    }

    /// Does a turn, in one transaction.
    pub async fn turn(&self, turn: &Turn) -> Result<Turned, StoreError> {
        failpoint::pass("turn.before");
        lend_for_turn(&self.pool, async |session| {
            let snapshot = read::snapshot(&session, turn, &self.floor).await?;
            failpoint::pass("turn.read");
            let (changes, turned) = turn.apply(snapshot);
            write::changes(&session, &changes).await?;
            failpoint::pass("turn.written");
            session.commit().await?;
            failpoint::pass("turn.committed");
            Ok(turned)
        })
        .await
    }

    /// Enqueues all of these, or none. After [`StoreError::Unavailable`] they may be enqueued
    /// all the same, as the answer to a commit can be lost: enqueued again, those that have an
    /// id are the same ones.
    pub async fn enqueue_all(&self, intents: &[Intent]) -> Result<Vec<Enqueued>, StoreError> {
        failpoint::pass("enqueue.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            let enqueued = enqueue::enqueue(&session, intents).await?;
            failpoint::pass("enqueue.written");
            session.commit().await?;
            failpoint::pass("enqueue.committed");
            Ok(enqueued)
        })
        .await
    }

    /// Hands over each row, or each in this state, in the order they were enqueued.
    pub async fn list(
        &self,
        state: Option<State>,
        each: &mut (dyn FnMut(Listed) -> Result<(), StoreError> + Send),
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let page = self.page(state, after).await?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.outbox_id;
            page.into_iter().try_for_each(&mut *each)?;
        }
    }

    /// A page at a time: a transaction over all of it would keep dead rows from being removed.
    async fn page(&self, state: Option<State>, after: RowId) -> Result<Vec<Listed>, StoreError> {
        lend(&self.pool, async |client| {
            read::list(&Session::look(client).await?, state, after, PAGE).await
        })
        .await
    }

    /// All that the tables say of an intent.
    pub async fn evidence(&self, id: RowId) -> Result<Option<Evidence>, StoreError> {
        lend(&self.pool, async |client| read::evidence(&Session::look(client).await?, id).await)
            .await
    }

    /// The rows after this one, at most so many, in order.
    pub async fn ids_after(&self, after: RowId, limit: u32) -> Result<Vec<RowId>, StoreError> {
        lend(&self.pool, async |client| {
            read::ids_after(&Session::look(client).await?, after, limit).await
        })
        .await
    }

    /// Writes down what a verified webhook says of a payment: its row is settled, or failed.
    /// Nothing, where no row has this payment.
    pub async fn apply_webhook(&self, event: &Event) -> Result<Option<Listed>, StoreError> {
        failpoint::pass("webhook.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            let Some(id) = read::of_payment(&session, event.data.payment_id.as_uuid()).await?
            else {
                return Ok(None);
            };
            let Some((row, intent)) = read::row(&session, id).await? else { return Ok(None) };
            failpoint::pass("webhook.read");
            let now = read::now(&session).await?;
            let (row, changes) = webhook::apply_event(row, &intent, event, now);
            write::changes(&session, &changes).await?;
            failpoint::pass("webhook.written");
            session.commit().await?;
            failpoint::pass("webhook.committed");
            Ok(Some(Listed::of(&row, &intent)))
        })
        .await
    }

    /// What it has in it, in numbers. It reads all of `outbox`.
    pub async fn status(&self) -> Result<Status, StoreError> {
        let paused = self.lanes().await?;
        lend(&self.pool, async |client| {
            let session = Session::look(client).await?;
            let now = read::now(&session).await?;
            Ok(Status { paused, ..read::status(&session, now).await? })
        })
        .await
    }

    /// Does what an operator wants with a row, and gives where it stands then.
    pub async fn command(&self, id: RowId, command: &Command) -> Result<Listed, StoreError> {
        failpoint::pass("command.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            let Some((row, intent)) = read::row(&session, id).await? else {
                return Err(StoreError::NoSuchRow(id));
            };
            failpoint::pass("command.read");
            let now = read::now(&session).await?;
            let (row, changes) = command.apply(row, &intent, now).map_err(StoreError::Refused)?;
            write::changes(&session, &changes).await?;
            failpoint::pass("command.written");
            session.commit().await?;
            failpoint::pass("command.committed");
            Ok(Listed::of(&row, &intent))
        })
        .await
    }

    /// After a backup was restored: what is open, or held, may have been sent since, and is to be
    /// reconciled. Gives how many.
    pub async fn after_restore(&self, actor: &str) -> Result<usize, StoreError> {
        failpoint::pass("after_restore.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            let rows = read::open_or_held(&session).await?;
            failpoint::pass("after_restore.read");
            let now = read::now(&session).await?;
            let command = Command::AfterRestore { actor: actor.to_owned() };
            let changes = command.apply_to_all(rows, now).map_err(StoreError::Refused)?;
            write::changes(&session, &changes).await?;
            failpoint::pass("after_restore.written");
            session.commit().await?;
            failpoint::pass("after_restore.committed");
            Ok(changes.rows.len())
        })
        .await
    }

    /// Stops all workers of this store.
    pub async fn pause(&self, reason: &str) -> Result<(), StoreError> {
        failpoint::pass("pause.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            let lane = Lane {
                id: Lane::ALL.to_owned(),
                paused_at: read::now(&session).await?,
                reason: reason.to_owned(),
                retry_at: None,
                probes: 0,
            };
            let changes = Changes { paused: vec![lane], ..Changes::default() };
            write::changes(&session, &changes).await?;
            failpoint::pass("pause.written");
            session.commit().await?;
            failpoint::pass("pause.committed");
            Ok(())
        })
        .await
    }

    /// Lets them go on, and forgets what paused any lane.
    pub async fn resume(&self) -> Result<(), StoreError> {
        failpoint::pass("resume.before");
        lend(&self.pool, async |client| {
            let session = Session::begin(client).await?;
            write::resume_all(&session).await?;
            failpoint::pass("resume.written");
            session.commit().await?;
            failpoint::pass("resume.committed");
            Ok(())
        })
        .await
    }

    /// The lanes that are paused, and for how long they have been.
    pub async fn lanes(&self) -> Result<Vec<(Lane, Duration)>, StoreError> {
        lend(&self.pool, async |client| {
            let session = Session::look(client).await?;
            let now = read::now(&session).await?;
            let since = |lane: Lane| {
                let since = (now - lane.paused_at).to_std().unwrap_or_default();
                (lane, since)
            };
            Ok(read::lanes(&session).await?.into_iter().map(since).collect())
        })
        .await
    }

    /// Replaces the bodies of intents that are final, and were enqueued before a moment, by
    /// their digest: account numbers lie there. Gives how many. Done again after an error, it
    /// goes on where it was.
    pub async fn prune(&self, before: DateTime<Utc>, actor: &str) -> Result<usize, StoreError> {
        failpoint::pass("prune.before");
        let mut pruned = 0;
        loop {
            let some = lend(&self.pool, async |client| {
                let session = Session::begin(client).await?;
                let some = write::prune(&session, before, actor, PAGE).await?;
                failpoint::pass("prune.written");
                session.commit().await?;
                failpoint::pass("prune.committed");
                Ok(some)
            })
            .await?;
            pruned += some;
            if some == 0 {
                return Ok(pruned);
            }
        }
    }
}
