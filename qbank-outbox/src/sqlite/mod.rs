//! The store on SQLite: one file on one machine, several processes.

mod columns;
mod enqueue;
mod read;
mod run;
mod schema;
mod write;

use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::webhook::Event;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use crate::audit::Evidence;
use crate::failpoint;
use crate::intent::Intent;
use crate::operator::Command;
use crate::row::{Lane, RowId, State};
use crate::status::Status;
use crate::store::{Enqueued, Listed, Store, StoreError};
use crate::turn::{Changes, Turn, Turned};
use crate::webhook;

/// The store on SQLite.
#[derive(Debug)]
pub struct Sqlite {
    connection: Connection,
}

impl Sqlite {
    /// Opens a store that is there.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        if !path.exists() {
            let path = path.display();
            return Err(StoreError::NotAStore(format!(
                "there is no store at {path}; `migrate` makes one"
            )));
        }
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        schema::check(&store.connection, path)?;
        Ok(store)
    }

    /// Opens a store, and makes it where there is none.
    pub fn migrate(path: impl AsRef<Path>) -> Result<Self, StoreError> {
        let path = path.as_ref();
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
        schema::make_private(path)?;
        let mut store = Self::connect(path, flags)?;
        schema::migrate(&mut store.connection, path)?;
        Ok(store)
    }

    /// What `migrate` does, as SQL, for who makes changes of schemas in another way.
    pub const SCHEMA: &'static str = schema::SQL;

    fn connect(path: &Path, flags: OpenFlags) -> Result<Self, StoreError> {
        let flags = flags | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)
            .map_err(|error| schema::unusable(path, error))?;
        connection.busy_timeout(Duration::from_secs(10))?;
        // A commit is on the disk when it returns.
        // What is pruned leaves nothing behind in the file.
        let set = "PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";
        connection.execute_batch(set).map_err(|error| schema::unusable(path, error))?;
        Ok(Self { connection })
    }

    /// Writes an intent down in a transaction of the application, which commits or rolls back.
    pub fn enqueue(transaction: &Transaction<'_>, intent: &Intent) -> Result<Enqueued, StoreError> {
        enqueue::enqueue(transaction, intent)
    }

    fn begin(&mut self) -> Result<Transaction<'_>, StoreError> {
        Ok(self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?)
    }
}

impl Store for Sqlite {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, StoreError> {
        failpoint::pass("turn.before");
        let transaction = self.begin()?;
        let snapshot = read::snapshot(&transaction, turn)?;
        failpoint::pass("turn.read");
        let (changes, turned) = turn.apply(snapshot);
        write::changes(&transaction, &changes)?;
        failpoint::pass("turn.written");
        transaction.commit()?;
        failpoint::pass("turn.committed");
        Ok(turned)
    }

    fn enqueue(&mut self, intents: &[Intent]) -> Result<Vec<Enqueued>, StoreError> {
        failpoint::pass("enqueue.before");
        let transaction = self.begin()?;
        let enqueued = intents.iter().map(|intent| enqueue::enqueue(&transaction, intent));
        let enqueued = enqueued.collect::<Result<_, _>>()?;
        failpoint::pass("enqueue.written");
        transaction.commit()?;
        failpoint::pass("enqueue.committed");
        Ok(enqueued)
    }

    fn list(
        &mut self,
        state: Option<State>,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        read::list(&self.connection, state, each)
    }

    fn evidence(&mut self, id: RowId) -> Result<Option<Evidence>, StoreError> {
        // One transaction: a worker may be at it.
        let transaction = self.connection.transaction()?;
        read::evidence(&transaction, id)
    }

    fn ids_after(&mut self, after: RowId, limit: u32) -> Result<Vec<RowId>, StoreError> {
        read::ids_after(&self.connection, after, limit)
    }

    fn command(&mut self, id: RowId, command: &Command) -> Result<Listed, StoreError> {
        failpoint::pass("command.before");
        let transaction = self.begin()?;
        let Some((row, intent)) = read::row(&transaction, id)? else {
            return Err(StoreError::NoSuchRow(id));
        };
        failpoint::pass("command.read");
        let now = read::now(&transaction)?;
        let (row, changes) = command.apply(row, &intent, now).map_err(StoreError::Refused)?;
        write::changes(&transaction, &changes)?;
        failpoint::pass("command.written");
        transaction.commit()?;
        failpoint::pass("command.committed");
        Ok(Listed::of(&row, &intent))
    }

    fn prune(&mut self, before: DateTime<Utc>, actor: &str) -> Result<usize, StoreError> {
        failpoint::pass("prune.before");
        let transaction = self.begin()?;
        let pruned = write::prune(&transaction, before, actor)?;
        failpoint::pass("prune.written");
        transaction.commit()?;
        failpoint::pass("prune.committed");
        // Nor in the log beside it, unless somebody reads just now.
        let checkpoint = "PRAGMA wal_checkpoint(TRUNCATE)";
        self.connection.query_row(checkpoint, [], |_| Ok(()))?;
        Ok(pruned)
    }

    fn pause(&mut self, reason: &str) -> Result<(), StoreError> {
        failpoint::pass("pause.before");
        let transaction = self.begin()?;
        let now = read::now(&transaction)?;
        let lane = Lane {
            id: Lane::ALL.to_owned(),
            paused_at: now,
            reason: reason.to_owned(),
            retry_at: None,
            probes: 0,
        };
        write::changes(&transaction, &Changes { paused: vec![lane], ..Changes::default() })?;
        failpoint::pass("pause.written");
        transaction.commit()?;
        failpoint::pass("pause.committed");
        Ok(())
    }

    fn resume(&mut self) -> Result<(), StoreError> {
        failpoint::pass("resume.before");
        let transaction = self.begin()?;
        write::resume_all(&transaction)?;
        failpoint::pass("resume.written");
        transaction.commit()?;
        failpoint::pass("resume.committed");
        Ok(())
    }

    fn lanes(&mut self) -> Result<Vec<(Lane, Duration)>, StoreError> {
        let now = read::now(&self.connection)?;
        let lanes = read::lanes(&self.connection)?.into_iter();
        Ok(lanes
            .map(|lane| (lane.paused_at, lane))
            .map(|(from, lane)| (lane, (now - from).to_std().unwrap_or_default()))
            .collect())
    }

    fn apply_webhook(&mut self, event: &Event) -> Result<Option<Listed>, StoreError> {
        failpoint::pass("webhook.before");
        let transaction = self.begin()?;
        let Some(id) = read::of_payment(&transaction, event.data.payment_id)? else {
            return Ok(None);
        };
        let Some((row, intent)) = read::row(&transaction, id)? else { return Ok(None) };
        failpoint::pass("webhook.read");
        let now = read::now(&transaction)?;
        let (row, changes) = webhook::apply_event(row, &intent, event, now);
        write::changes(&transaction, &changes)?;
        failpoint::pass("webhook.written");
        transaction.commit()?;
        failpoint::pass("webhook.committed");
        Ok(Some(Listed::of(&row, &intent)))
    }

    fn status(&mut self) -> Result<Status, StoreError> {
        let paused = self.lanes()?;
        let now = read::now(&self.connection)?;
        Ok(Status { paused, ..read::status(&self.connection, None, now)? })
    }

    fn after_restore(&mut self, actor: &str) -> Result<usize, StoreError> {
        failpoint::pass("after_restore.before");
        let transaction = self.begin()?;
        let rows = read::open_or_held(&transaction)?;
        failpoint::pass("after_restore.read");
        let now = read::now(&transaction)?;
        let command = Command::AfterRestore { actor: actor.to_owned() };
        let changes = command.apply_to_all(rows, now).map_err(StoreError::Refused)?;
        write::changes(&transaction, &changes)?;
        failpoint::pass("after_restore.written");
        transaction.commit()?;
        failpoint::pass("after_restore.committed");
        Ok(changes.rows.len())
    }
}

/// Busy and locked pass; what else goes wrong does not.
impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode as Code;
        match error.sqlite_error_code() {
            Some(
                Code::DatabaseBusy | Code::DatabaseLocked | Code::SystemIoFailure | Code::DiskFull,
            ) => Self::Unavailable(Box::new(error)),
            _ => Self::Other(Box::new(error)),
        }
    }
}
