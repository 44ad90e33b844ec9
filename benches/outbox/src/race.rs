//! The contestants, in turn, round by round, each in a process and a database of its own.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use bench_core::Failure;

use crate::bank::Bank;
use crate::server::{Server, ticks};

/// So many calls at once.
pub(crate) const CONCURRENCIES: [usize; 3] = [8, 32, 128];

/// Who takes part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Who {
    /// The outbox on Postgres.
    Ours,
    /// `graphile_worker` as it is by default.
    Graphile,
    /// The same with its batching.
    Batched,
    /// `procrastinate`.
    Procrastinate,
    /// The outbox on SQLite.
    Sqlite,
}

impl Who {
    /// All of them.
    pub(crate) const ALL: [Self; 5] =
        [Self::Ours, Self::Graphile, Self::Batched, Self::Procrastinate, Self::Sqlite];

    /// As the page names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Ours => "outbox, Postgres",
            Self::Graphile => "`graphile_worker`",
            Self::Batched => "`graphile_worker`, batched",
            Self::Procrastinate => "`procrastinate`",
            Self::Sqlite => "outbox, SQLite",
        }
    }

    /// As an argument names it.
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ours => "ours",
            Self::Graphile => "graphile",
            Self::Batched => "batched",
            Self::Procrastinate => "procrastinate",
            Self::Sqlite => "sqlite",
        }
    }
}

/// What one contestant did: payments per second, round by round.
#[derive(Debug, Default)]
pub(crate) struct Rates {
    /// Enqueued, 500 in a transaction.
    pub(crate) enqueued: Vec<f64>,
    /// Worked off.
    pub(crate) done: Vec<f64>,
    /// Microseconds of processor time for a payment that is worked off: of its process and
    /// Postgres.
    pub(crate) processor: Vec<f64>,
}

/// What each did, by concurrency.
pub(crate) type Results = BTreeMap<(usize, Who), Rates>;

/// Where the contestants' programs are, and what they do.
pub(crate) struct Race<'a> {
    pub(crate) server: &'a Server,
    pub(crate) bank: &'a Bank,
    /// Where SQLite has its file: on the disk on which Postgres has its own.
    pub(crate) folder: &'a Path,
    pub(crate) graphile: PathBuf,
    pub(crate) python: PathBuf,
    pub(crate) jobs: usize,
    pub(crate) rounds: usize,
    /// Those that take part.
    pub(crate) who: Vec<Who>,
    pub(crate) concurrencies: Vec<usize>,
}

impl Race<'_> {
    /// All rounds.
    pub(crate) fn run(&self) -> Result<Results, Failure> {
        let mut results = Results::new();
        for round in 0..self.rounds {
            for &concurrency in &self.concurrencies {
                let mut order = self.who.clone();
                // So that none always comes after the same other one.
                let first = round % order.len().max(1);
                order.rotate_left(first);
                for who in order {
                    let (enqueued, done, processor) = self.one(who, concurrency)?;
                    eprintln!(
                        "{round} {concurrency} {}: {enqueued:.0} {done:.0} {processor:.0}",
                        who.word()
                    );
                    let rates = results.entry((concurrency, who)).or_default();
                    rates.enqueued.push(enqueued);
                    rates.done.push(done);
                    rates.processor.push(processor);
                }
            }
        }
        Ok(results)
    }

    fn one(&self, who: Who, concurrency: usize) -> Result<(f64, f64, f64), Failure> {
        // It takes ten times as long for each.
        let jobs = if who == Who::Procrastinate { self.jobs / 10 } else { self.jobs };
        let database = who.word();
        let file = self.folder.join("outbox.sqlite");
        let mut command = match who {
            Who::Ours | Who::Sqlite => Command::new(std::env::current_exe()?),
            Who::Graphile | Who::Batched => Command::new(&self.graphile),
            Who::Procrastinate => Command::new(&self.python),
        };
        let place = if who == Who::Sqlite {
            for end in ["", "-wal", "-shm"] {
                let mut path = file.clone().into_os_string();
                path.push(end);
                let _ = std::fs::remove_file(path);
            }
            file.display().to_string()
        } else {
            self.server.fresh(database)?
        };
        match who {
            Who::Ours => command.arg("work-postgres"),
            Who::Sqlite => command.arg("work-sqlite"),
            Who::Procrastinate => {
                command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/python/work.py"))
            }
            Who::Graphile | Who::Batched => &mut command,
        };
        command.arg(place).args([self.bank.port.to_string(), jobs.to_string()]);
        command.arg(concurrency.to_string());
        match who {
            Who::Graphile => command.arg("one"),
            Who::Batched => command.arg("batched"),
            _ => &mut command,
        };
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let (Some(mut input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("no pipes".into());
        };
        let mut lines = BufReader::new(output).lines();
        let mut seconds = |word: &str| -> Result<f64, Failure> {
            let line = lines.next().ok_or("a contestant ended early")??;
            let value = line.strip_prefix(word).ok_or_else(|| format!("{word}: {line}"))?;
            Ok(value.trim().parse()?)
        };
        let enqueued = seconds("enqueued")?;
        if who != Who::Sqlite {
            self.server.settle(database)?;
        }
        let processor = || -> Result<f64, Failure> {
            Ok(self.server.processor()? + ticks(child.id(), 13..15)?)
        };
        let before = processor()?;
        input.write_all(b"\n")?;
        let done = seconds("done")?;
        let processor = processor()? - before;
        let status = child.wait()?;
        if !status.success() {
            return Err(format!("{}: {status}", who.word()).into());
        }
        let jobs = jobs as f64;
        Ok((jobs / enqueued, jobs / done, processor * 1e6 / jobs))
    }
}
