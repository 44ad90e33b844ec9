//! The journal of a run: an outbox in a file beside the payments, which one process works on.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};

use qbank_files::{Checks, Earlier};
use qbank_outbox::{Command, Intent, Record, Row, Sqlite, State, Status, Store, StoreError};
use qbank_proto::Money;
use qbank_proto::calendar::new_york_day;
use qbank_proto::chrono::Utc;
use serde_json::json;

use super::plan::Plan;
use super::source::Source;
use crate::args::Run;
use crate::commands::Context;
use crate::failure::Failure;

/// What is sent for a row.
pub(super) fn intent(request: qbank_files::Request) -> Intent {
    match request {
        qbank_files::Request::Ach(it) => Intent::new(it),
        qbank_files::Request::Wire(it) => Intent::new(it),
    }
}

/// An open journal.
pub(super) struct Journal {
    pub(super) path: PathBuf,
    pub(super) store: Sqlite,
    /// The run that is worked on: the digest of its file.
    pub(super) run: String,
}

/// Where it is, unless it is given.
pub(super) fn path(args: &Run) -> PathBuf {
    args.journal.clone().unwrap_or_else(|| beside(&args.file, ".qbank.db"))
}

/// The name of a file with something after it.
pub(super) fn beside(file: &Path, more: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// One process works on a journal. The lock ends with the process, however it ends.
pub(crate) fn lock(journal: &Path) -> Result<File, Failure> {
    let path = beside(journal, ".lock");
    let cannot = |error: &dyn std::fmt::Display| {
        Failure::usage(format!("{} cannot be locked: {error}", path.display()))
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
            let mut id = String::new();
            let _ = (&mut file).take(20).read_to_string(&mut id);
            Err(Failure::usage(format!(
                "process {} is working on {}: wait for it, or stop it with --pause; nothing was \
                 sent by this one",
                id.trim(),
                journal.display()
            )))
        }
        Err(TryLockError::Error(error)) => Err(cannot(&error)),
    }
}

/// Stops the run that is under way in another process.
pub(super) fn pause(context: &Context<'_>, path: &Path) -> Result<(), Failure> {
    let mut store = Sqlite::open(path)?;
    store.pause("paused by `qbank run --pause`")?;
    let text = "paused: the run ends what it has begun; the same command goes on with it";
    context.printer.either(text, &json!({ "paused": true }));
    Ok(())
}

impl Journal {
    /// The journal, if there is one. Nothing is made.
    pub(super) fn look(path: &Path) -> Result<Option<Self>, Failure> {
        if !path.exists() {
            return Ok(None);
        }
        let store = Sqlite::open(path)?;
        Ok(Some(Self { path: path.to_owned(), store, run: String::new() }))
    }

    pub(super) fn make(path: &Path, run: &str) -> Result<Self, Failure> {
        let store = Sqlite::migrate(path)?;
        Ok(Self { path: path.to_owned(), store, run: run.to_owned() })
    }

    pub(super) fn status(&self) -> Result<Status, Failure> {
        self.store.status_of_run(&self.run).map_err(Failure::from)
    }

    /// What it has that may be repeated by mistake.
    pub(super) fn earlier(&self, checks: &mut Checks) -> Result<(), Failure> {
        self.store.each(None, |row: Row, intent: Record| {
            if !matches!(row.state, State::Refused | State::Failed | State::Cancelled) {
                let day = intent.effective_date.as_deref().and_then(|day| day.parse().ok());
                let sent = row.first_sent_at.unwrap_or_else(Utc::now);
                checks.earlier(Earlier {
                    payment_id: intent.intent_id,
                    payee_hash: intent.payee_hash,
                    amount: Money::from_cents(intent.amount_cents),
                    day: day.unwrap_or_else(|| new_york_day(sent)),
                });
            }
            Ok::<(), StoreError>(())
        })?;
        Ok(())
    }

    /// Writes all rows down in one transaction, each with the key that it is sent with.
    pub(super) fn enqueue(
        &mut self,
        args: &Run,
        source: &Source,
        plan: &Plan,
        actor: &str,
    ) -> Result<(), Failure> {
        let mut checks = plan.checks(args);
        let rows = source.read()?.map(|row| {
            let mut payment = row.map_err(|error| Failure::rows("the file changed", [error]))?;
            // It moves days; what it finds is known by now.
            checks.check(&mut payment);
            let intent = intent(payment.request.clone()).id(payment.payment_id);
            let intent = intent.actor(actor).run_id(&source.digest);
            Ok(if args.hold { intent.hold() } else { intent })
        });
        let last = std::iter::once_with(|| source.is_as_it_was());
        self.store.enqueue_each(rows.chain(last.filter_map(|same| same.err().map(Err))))?;
        Ok(())
    }

    /// The control totals hold for a run that is resumed as well.
    pub(super) fn expects(&self, args: &Run) -> Result<(), Failure> {
        let status = self.status()?;
        let rows: u64 = status.depth.iter().map(|(_, rows)| rows).sum();
        let total = Money::checked_sum(status.dollars.iter().map(|(_, dollars)| *dollars));
        let wrong = |what: &str| Failure::usage(format!("{what}; nothing more was sent"));
        if let Some(expected) = args.expect_count.filter(|expected| *expected != rows) {
            return Err(wrong(&format!(
                "the run has {rows} payments, and {expected} are expected"
            )));
        }
        match (args.expect_total, total) {
            (Some(expected), Some(total)) if expected != total => {
                Err(wrong(&format!("the run has {total} dollars, and {expected} are expected")))
            }
            _ => Ok(()),
        }
    }

    /// Releases what is held, as somebody else than who held it.
    pub(super) fn approve(&mut self, actor: &str) -> Result<(), Failure> {
        let mut held = Vec::new();
        self.store.each(Some(&self.run), |row: Row, _| {
            if row.state == State::Held {
                held.push(row.id);
            }
            Ok::<(), StoreError>(())
        })?;
        if held.is_empty() {
            return Err(Failure::usage("nothing of this run is held; nothing was approved"));
        }
        let command = Command::Approve { actor: actor.to_owned() };
        self.store.command_each(&held, &command)?;
        Ok(())
    }
}
