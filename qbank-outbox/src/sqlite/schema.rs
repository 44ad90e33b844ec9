//! Whether a file is a store, and how it becomes one.

use std::path::Path;

use rusqlite::{Connection, ErrorCode, OptionalExtension, TransactionBehavior};

use crate::failpoint;
use crate::store::StoreError;

pub(super) const SQL: &str = include_str!("../../migrations/sqlite-1.sql");
const VERSION: u32 = 1;

pub(super) fn migrate(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    failpoint::pass("migrate.before");
    match version(connection, path)? {
        Some(VERSION) => return Ok(()),
        Some(other) => return Err(of_another_version(path, other)),
        None => {}
    }
    // Readers and a writer do not wait for each other. Not in a transaction, and kept in the file.
    connection
        .execute_batch("PRAGMA journal_mode = WAL;")
        .map_err(|error| unusable(path, error))?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    // Another process may have made it just now.
    if version(&transaction, path)?.is_none() {
        transaction.execute_batch(SQL)?;
    }
    failpoint::pass("migrate.written");
    transaction.commit()?;
    failpoint::pass("migrate.committed");
    Ok(())
}

pub(super) fn check(connection: &Connection, path: &Path) -> Result<(), StoreError> {
    match version(connection, path)? {
        Some(VERSION) => Ok(()),
        Some(other) => Err(of_another_version(path, other)),
        None => {
            let path = path.display();
            Err(StoreError::NotAStore(format!(
                "{path} is a database without an outbox; `migrate` makes one in it"
            )))
        }
    }
}

fn version(connection: &Connection, path: &Path) -> Result<Option<u32>, StoreError> {
    let has = "SELECT count(*) FROM sqlite_schema WHERE name IN ('meta', 'intent', 'outbox')";
    let has: u32 =
        connection.query_row(has, [], |row| row.get(0)).map_err(|error| unusable(path, error))?;
    if has == 0 {
        return Ok(None);
    }
    let version = "SELECT value FROM meta WHERE name = 'schema'";
    let version = connection.query_row(version, [], |row| row.get::<_, String>(0)).optional();
    match version.ok().flatten().and_then(|text| text.parse().ok()) {
        Some(version) if has == 3 => Ok(Some(version)),
        _ => {
            let path = path.display();
            Err(StoreError::NotAStore(format!(
                "{path} has tables of these names that are no outbox; nothing was changed"
            )))
        }
    }
}

fn of_another_version(path: &Path, version: u32) -> StoreError {
    let path = path.display();
    StoreError::NotAStore(format!(
        "{path} has schema {version}, and this program knows {VERSION}: use a newer program; nothing was changed"
    ))
}

/// A new file is its owner's alone: account numbers lie in it.
pub(super) fn make_private(path: &Path) -> Result<(), StoreError> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        let made = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
        match made {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                let path = path.display();
                return Err(StoreError::NotAStore(format!("{path} cannot be made: {error}")));
            }
            _ => {}
        }
    }
    let _ = path;
    Ok(())
}

/// What keeps a file from being opened.
pub(super) fn unusable(path: &Path, error: rusqlite::Error) -> StoreError {
    let path = path.display();
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            StoreError::NotAStore(format!("{path} is no SQLite database; nothing was changed"))
        }
        Some(ErrorCode::CannotOpen) => {
            StoreError::NotAStore(format!("{path} cannot be opened: {error}"))
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => {
            StoreError::NotAStore(format!("{path} may not be written: {error}"))
        }
        _ => error.into(),
    }
}
