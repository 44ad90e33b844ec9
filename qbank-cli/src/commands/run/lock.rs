//! One process works on a journal; another can stop it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use qbank_outbox::{Sqlite, Store as _};
use serde_json::json;

use super::places::real;
use super::whole::beside;
use crate::commands::Context;
use crate::failure::Failure;

/// What a lane says that was paused from another process.
pub(super) const PAUSED: &str = "paused by `qbank run --pause`";

/// Beside the journal, whatever that is called.
fn path(journal: &Path) -> PathBuf {
    if journal.is_symlink() { beside(&real(journal), ".lock") } else { beside(journal, ".lock") }
}

/// Locks a journal. The lock ends with the process, however it ends.
pub(crate) fn lock(journal: &Path) -> Result<File, Failure> {
    let path = path(journal);
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{} cannot be locked: {error}; nothing was sent", path.display()))
    };
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    let mut file = options.open(&path).map_err(|error| cannot(&error))?;
    match file.try_lock() {
        Ok(()) => {
            let id = std::process::id().to_string();
            let written = file.set_len(0).and_then(|()| file.write_all(id.as_bytes()));
            written.map_err(|error| cannot(&error))?;
            Ok(file)
        }
        Err(TryLockError::WouldBlock) => {
            let (id, journal) = (holder(&mut file), journal.display());
            Err(Failure::usage(format!(
                "process {id} is working on {journal}: wait for it, or stop it with --pause; \
                 nothing was sent by this one"
            )))
        }
        Err(TryLockError::Error(error)) => Err(cannot(&error)),
    }
}

/// Which process has the lock.
fn holder(file: &mut File) -> String {
    let mut id = String::new();
    let _ = file.take(20).read_to_string(&mut id);
    id.trim().to_owned()
}

/// Stops the run that is under way in another process.
pub(super) fn pause(context: &Context<'_>, journal: &Path) -> Result<(), Failure> {
    let none = |why: String| Failure::usage(format!("no run is under way: {why}"));
    let shown = journal.display();
    if !journal.exists() {
        return Err(none(format!("there is no {shown}")));
    }
    let mut file = File::open(path(journal)).ok();
    let id = match &mut file {
        Some(file) if file.try_lock_shared().is_err() => holder(file),
        _ => return Err(none(format!("no process works on {shown}; nothing was paused"))),
    };
    Sqlite::open(journal)?.pause(PAUSED)?;
    let text = format!(
        "paused: process {id} sends nothing new, ends what is under way and writes the results; \
         the same command as before goes on with the run"
    );
    context.printer.either(&text, &json!({ "paused": true }));
    Ok(())
}
