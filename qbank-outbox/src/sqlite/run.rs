//! What a payment run needs of its journal: a store in a file beside the payments.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use rusqlite::OpenFlags;

use super::{Sqlite, enqueue, read, schema, write};
use crate::audit::moment;
use crate::failpoint;
use crate::intent::{Intent, Record};
use crate::operator::Command;
use crate::row::{Row, RowId};
use crate::status::Status;
use crate::store::StoreError;

const RESENDS_FIRST: &str = "UPDATE outbox SET next_at = \
    (SELECT min(next_at) FROM outbox WHERE state IN ('queued', 'resend')) \
    WHERE state = 'resend' AND next_at <= ?1";

impl Sqlite {
    /// Opens a journal that is there. `None`: nothing was made in the file yet, as by a process
    /// that was killed in that moment; [`Sqlite::migrate`] makes one in it.
    pub fn open_made(path: impl AsRef<Path>) -> Result<Option<Self>, StoreError> {
        let path = path.as_ref();
        let store = Self::connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
        let things = "SELECT count(*) FROM sqlite_schema";
        let things = store.connection.query_row(things, [], |row| row.get::<_, u32>(0));
        if things.map_err(|error| schema::unusable(path, error))? == 0 {
            return Ok(None);
        }
        schema::check(&store.connection, path)?;
        Ok(Some(store))
    }

    /// Enqueues what an iterator gives, in one transaction: all of it, or, where one is an error,
    /// nothing. Memory does not grow with it. Gives how many.
    pub fn enqueue_each<E: From<StoreError>>(
        &mut self,
        intents: impl Iterator<Item = Result<Intent, E>>,
    ) -> Result<u64, E> {
        let transaction = self.begin()?;
        let mut count = 0;
        for intent in intents {
            enqueue::enqueue(&transaction, &intent?)?;
            count += 1;
        }
        failpoint::pass("enqueue.written");
        transaction.commit().map_err(StoreError::from)?;
        failpoint::pass("enqueue.committed");
        Ok(count)
    }

    /// The ids of the runs in this journal, each with the moment of its first intent.
    pub fn runs(&self) -> Result<Vec<(String, DateTime<Utc>)>, StoreError> {
        read::runs(&self.connection)
    }

    /// The row of an intent without a namespace.
    pub fn find(&self, id: &str) -> Result<Option<(Row, Record)>, StoreError> {
        read::of_intent(&self.connection, "", id)
    }

    /// What of a run was written to files, to be corrected: the ids of intents, each with the last
    /// file. See [`Command::HandOut`].
    pub fn handed_out(&self, run: &str) -> Result<BTreeMap<String, String>, StoreError> {
        read::handed_out(&self.connection, run)
    }

    /// Hands over each row, or each of a run, in the order they were enqueued.
    pub fn each<E: From<StoreError>>(
        &self,
        run: Option<&str>,
        each: impl FnMut(Row, Record) -> Result<(), E>,
    ) -> Result<(), E> {
        read::each(&self.connection, run, each)
    }

    /// What there is of a run, in numbers.
    pub fn status_of_run(&self, run: &str) -> Result<Status, StoreError> {
        let now = read::now(&self.connection)?;
        read::status(&self.connection, Some(run), now)
    }

    /// Does the same with each of these rows, or with none.
    pub fn command_each(&mut self, ids: &[RowId], command: &Command) -> Result<(), StoreError> {
        let transaction = self.begin()?;
        for id in ids {
            let found = read::row(&transaction, *id)?;
            let (row, intent) = found.ok_or(StoreError::NoSuchRow(*id))?;
            let now = read::now(&transaction)?;
            let (_, changes) = command.apply(row, &intent, now).map_err(StoreError::Refused)?;
            write::changes(&transaction, &changes)?;
        }
        Ok(transaction.commit()?)
    }

    /// Takes the rows over that workers had who are gone: nobody else may work on this journal.
    /// Gives how many.
    pub fn take_over(&mut self, actor: &str) -> Result<usize, StoreError> {
        let transaction = self.begin()?;
        let rows = read::leased(&transaction)?;
        let now = read::now(&transaction)?;
        let command = Command::TakeOver { actor: actor.to_owned() };
        let changes = command.apply_to_all(rows, now).map_err(StoreError::Refused)?;
        write::changes(&transaction, &changes)?;
        // What may have been sent is sent again before what was not: until then it is in doubt.
        transaction.execute(RESENDS_FIRST, [moment(now)])?;
        transaction.commit()?;
        Ok(changes.rows.len())
    }
}
