//! Payments that outlive the process: enqueued in the application's own database transaction,
//! sent by workers, each with a fate whatever crashes.
//!
//! ```text
//!   application ── enqueue, in its own transaction ──► intent, outbox
//!                                                         │
//!   worker:  Outbox (pure) ── Store a turn ──► SQLite, Postgres: lock rows, hand them to
//!               │                              Turn::apply (pure), write what it changes
//!               └── Drive a job ──► any driver: one send, with the key and bytes of the intent
//! ```
//!
//! Two pure pieces decide everything: [`Outbox`], which turn and which call comes next, and
//! [`Turn::apply`], what a turn changes. A store only locks, reads and writes rows. Key and bytes
//! are committed with the enqueue, and every send is committed before its first byte, so that a
//! crash at any moment leaves a row that is sent again with the same key, or not at all.

mod audit;
mod digest;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod enqueue;
mod failpoint;
mod intent;
mod job;
mod machine;
mod operator;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod prune;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod random;
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;
mod statement;
mod status;
mod store;
mod turn;
mod webhook;
mod worker;

pub use audit::{Evidence, FailureCodes, Link, verify};
pub use intent::{Intent, Kind, Record, Request, UnknownKind};
pub use job::{Answer, Job, JobMachine, JobResult};
pub use machine::{End, Options, Outbox, Step};
pub use operator::{Command, Refused};
#[cfg(feature = "postgres")]
pub use postgres::{BlockingPostgres, Postgres};
pub use row::{AttemptRow, Lane, Row, RowId, State, UnknownState};
#[cfg(feature = "sqlite")]
pub use rusqlite;
#[cfg(feature = "sqlite")]
pub use sqlite::Sqlite;
pub use statement::{Dialect, Parameter, insert_statement};
pub use status::Status;
pub use store::{Enqueued, Listed, Store, StoreError};
#[cfg(feature = "postgres")]
pub use tokio_postgres;
pub use turn::{
    Begun, Changes, Claimed, Ended, Failure, Lease, Outcome, Snapshot, Task, Turn, Turned, Wanted,
};
pub use webhook::apply_event;
#[cfg(feature = "tokio")]
pub use worker::AsyncStore;
pub use worker::{Stop, Worker};
