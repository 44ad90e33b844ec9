//! One transaction on a connection of the pool, or on the application's.

use std::time::Duration;

use deadpool_postgres::{Client, Object, Pool};
use tokio_postgres::types::{ToSql, Type};
use tokio_postgres::{IsolationLevel, Row};
use uuid::Uuid;

use super::fault::unavailable;
use crate::store::StoreError;

/// How long a transaction may take before its connection is given up.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a transaction of ours does, whatever the database's defaults are: its commit is on the
/// disk before it returns, nobody waits for it for long, and it ends if this program does not
/// go on with it.
const SETTINGS: &str = "SET LOCAL synchronous_commit = on; SET LOCAL lock_timeout = '10s'; \
    SET LOCAL statement_timeout = '25s'; SET LOCAL idle_in_transaction_session_timeout = '25s'; \
    SET LOCAL client_min_messages = warning";

/// What a turn reads and writes, it finds by an index. While a table is small the planner would
/// scan it, and a connection keeps that plan when the table has become large.
const BY_INDEX: &str = "SET LOCAL enable_seqscan = off; SET LOCAL enable_hashjoin = off; SET LOCAL enable_mergejoin = off";

/// A value, with its type, so that a statement needs no look at the catalogue.
pub(super) type Value<'a> = (&'a (dyn ToSql + Sync), Type);

/// Where statements run.
pub(super) enum Session<'a> {
    /// On a connection of ours: each statement is prepared once.
    Ours(deadpool_postgres::Transaction<'a>),
    /// The same in a turn, whose statements are sent without waiting for its beginning.
    Turn(&'a Client),
    /// In a transaction of the application.
    Theirs(&'a tokio_postgres::Transaction<'a>),
}

impl<'a> Session<'a> {
    /// Begins a transaction. If it is dropped it is rolled back.
    pub(super) async fn begin(client: &'a mut Client) -> Result<Self, StoreError> {
        // Rows that were waited for are read as they are by then.
        let level = IsolationLevel::ReadCommitted;
        let begin = client.build_transaction().isolation_level(level).read_only(false);
        let transaction = begin.start().await?;
        transaction.batch_execute(SETTINGS).await?;
        Ok(Self::Ours(transaction))
    }

    /// Begins the transaction of a turn, on the connection of [`lend_for_turn`]. What is sent
    /// after this was first polled comes after it. Where the answer to a commit was lost, that
    /// commit may still be under way: the repetition of its turn waits for it.
    pub(super) async fn begin_turn(&self, token: Uuid) -> Result<(), StoreError> {
        let Self::Turn(client) = self else { return Ok(()) };
        let (token, _) = token.as_u64_pair();
        let token = token.cast_signed();
        // Rows that were waited for are read as they are by then.
        let begin = format!(
            "START TRANSACTION ISOLATION LEVEL READ COMMITTED, READ WRITE; {SETTINGS}; {BY_INDEX}; \
             SELECT pg_advisory_xact_lock({token})"
        );
        Ok(client.batch_execute(&begin).await?)
    }

    /// Begins one that reads everything as of one moment.
    pub(super) async fn look(client: &'a mut Client) -> Result<Self, StoreError> {
        let level = IsolationLevel::RepeatableRead;
        Ok(Self::Ours(
            client.build_transaction().isolation_level(level).read_only(true).start().await?,
        ))
    }

    pub(super) async fn commit(self) -> Result<(), StoreError> {
        match self {
            Self::Ours(transaction) => Ok(transaction.commit().await?),
            Self::Turn(client) => Ok(client.batch_execute("COMMIT").await?),
            Self::Theirs(_) => Ok(()),
        }
    }

    pub(super) async fn query(
        &self,
        sql: &str,
        values: &[Value<'_>],
    ) -> Result<Vec<Row>, StoreError> {
        match self {
            Self::Ours(transaction) => {
                let types: Vec<Type> = values.iter().map(|(_, of)| of.clone()).collect();
                let statement = transaction.prepare_typed_cached(sql, &types).await?;
                let values: Vec<_> = values.iter().map(|(value, _)| *value).collect();
                Ok(transaction.query(&statement, &values).await?)
            }
            Self::Turn(client) => {
                let types: Vec<Type> = values.iter().map(|(_, of)| of.clone()).collect();
                let statement = client.prepare_typed_cached(sql, &types).await?;
                let values: Vec<_> = values.iter().map(|(value, _)| *value).collect();
                Ok(client.query(&statement, &values).await?)
            }
            Self::Theirs(transaction) => Ok(transaction.query_typed(sql, values).await?),
        }
    }

    /// Prepares a statement of a turn, so that it is sent when its future is first polled.
    pub(super) async fn prepare(&self, sql: &str, types: &[Type]) -> Result<(), StoreError> {
        if let Self::Turn(client) = self {
            client.prepare_typed_cached(sql, types).await?;
        }
        Ok(())
    }

    /// Does a statement that gives no rows.
    pub(super) async fn execute(&self, sql: &str, values: &[Value<'_>]) -> Result<(), StoreError> {
        self.query(sql, values).await.map(|_| ())
    }
}

/// Does something with a connection of the pool, in bounded time. A connection over which
/// something failed that passes is closed: the next one is a new one.
pub(super) async fn lend<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(&mut Client) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut client = pool.get().await?;
    let done = tokio::time::timeout(PATIENCE, work(&mut client)).await;
    let done = done.unwrap_or_else(|_| Err(unavailable("Postgres did not answer in time")));
    if done.as_ref().is_err_and(StoreError::is_unavailable) {
        drop(Object::take(client));
    }
    done
}

/// The connection of a turn. It goes back to the pool once the turn is committed; in any other
/// case it is closed, with whatever transaction is open on it.
struct Held(Option<Client>);

impl Drop for Held {
    fn drop(&mut self) {
        drop(self.0.take().map(Object::take));
    }
}

/// Does a turn with a connection of the pool, in bounded time.
pub(super) async fn lend_for_turn<T>(
    pool: &Pool,
    work: impl AsyncFnOnce(Session<'_>) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let mut held = Held(Some(pool.get().await?));
    let Some(client) = &held.0 else { return Err(unavailable("there is no connection")) };
    let done = tokio::time::timeout(PATIENCE, work(Session::Turn(client))).await;
    let done = done.unwrap_or_else(|_| Err(unavailable("Postgres did not answer in time")));
    if done.is_ok() {
        drop(held.0.take());
    }
    done
}
