//! The same store for threads.

use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::webhook::Event;
use tokio::runtime::{Builder, Handle, Runtime};

use super::Postgres;
use super::fault::other;
use crate::audit::Evidence;
use crate::intent::Intent;
use crate::operator::Command;
use crate::row::{Lane, RowId, State};
use crate::status::Status;
use crate::store::{Enqueued, Listed, Store, StoreError};
use crate::turn::{Turn, Turned};

/// The store on Postgres for a thread that may block: the program's, or a worker's. In a task of
/// tokio use [`Postgres`].
#[derive(Debug)]
pub struct BlockingPostgres {
    store: Postgres,
    runtime: Runtime,
}

impl BlockingPostgres {
    /// Opens a store that is there.
    pub fn connect(url: &str) -> Result<Self, StoreError> {
        let runtime = runtime()?;
        let store = wait(&runtime, Postgres::connect(url))?;
        Ok(Self { store, runtime })
    }

    /// Opens a store, and makes it where there is none, in a database that is there.
    pub fn migrate(url: &str) -> Result<Self, StoreError> {
        let runtime = runtime()?;
        let store = wait(&runtime, Postgres::migrate(url))?;
        Ok(Self { store, runtime })
    }
}

fn runtime() -> Result<Runtime, StoreError> {
    let runtime = Builder::new_current_thread().enable_all().build();
    runtime.map_err(|error| StoreError::Unavailable(Box::new(error)))
}

fn wait<T>(
    runtime: &Runtime,
    work: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    // tokio would panic.
    if Handle::try_current().is_ok() {
        return Err(other("a task of tokio must not block: use `Postgres`"));
    }
    runtime.block_on(work)
}

impl Store for BlockingPostgres {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, StoreError> {
        wait(&self.runtime, self.store.turn(turn))
    }

    fn enqueue(&mut self, intents: &[Intent]) -> Result<Vec<Enqueued>, StoreError> {
        wait(&self.runtime, self.store.enqueue_all(intents))
    }

    fn list(
        &mut self,
        state: Option<State>,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let mut after = 0;
        loop {
            let page = wait(&self.runtime, self.store.page(state, after))?;
            let Some(last) = page.last() else { return Ok(()) };
            after = last.outbox_id;
            page.into_iter().try_for_each(&mut *each)?;
        }
    }

    fn evidence(&mut self, id: RowId) -> Result<Option<Evidence>, StoreError> {
        wait(&self.runtime, self.store.evidence(id))
    }

    fn ids_after(&mut self, after: RowId, limit: u32) -> Result<Vec<RowId>, StoreError> {
        wait(&self.runtime, self.store.ids_after(after, limit))
    }

    fn apply_webhook(&mut self, event: &Event) -> Result<Option<Listed>, StoreError> {
        wait(&self.runtime, self.store.apply_webhook(event))
    }

    fn status(&mut self) -> Result<Status, StoreError> {
        wait(&self.runtime, self.store.status())
    }

    fn prune(&mut self, before: DateTime<Utc>, actor: &str) -> Result<usize, StoreError> {
        wait(&self.runtime, self.store.prune(before, actor))
    }

    fn after_restore(&mut self, actor: &str) -> Result<usize, StoreError> {
        wait(&self.runtime, self.store.after_restore(actor))
    }

    fn command(&mut self, id: RowId, command: &Command) -> Result<Listed, StoreError> {
        wait(&self.runtime, self.store.command(id, command))
    }

    fn pause(&mut self, reason: &str) -> Result<(), StoreError> {
        wait(&self.runtime, self.store.pause(reason))
    }

    fn resume(&mut self) -> Result<(), StoreError> {
        wait(&self.runtime, self.store.resume())
    }

    fn lanes(&mut self) -> Result<Vec<(Lane, Duration)>, StoreError> {
        wait(&self.runtime, self.store.lanes())
    }
}
