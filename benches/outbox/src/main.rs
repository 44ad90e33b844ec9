//! The outbox beside other queues on Postgres, and what a claim costs in a large table.

mod bank;
mod claims;
mod ours;
mod page;
mod race;
mod server;

use std::path::{Path, PathBuf};

use bank::Bank;
use bench_core::Failure;
use claims::Size;
use page::{Measured, Run};
use race::{CONCURRENCIES, Race, Who};
use server::Server;

/// Instead of names: everything is measured, and only the rounds are given.
const ALL: &str = "";

/// With the last three: the race alone, of those who are named, and no page.
const USAGE: &str =
    "bench-outbox PAGE GRAPHILE PYTHON [--quick | ROUNDS | WHO,... CONCURRENCY,... ROUNDS]";

fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()
}

/// Where files lie in memory; where there is no such place, on the disk.
fn memory() -> PathBuf {
    let memory = PathBuf::from("/dev/shm");
    if memory.is_dir() { memory } else { std::env::temp_dir() }
}

fn main() -> Result<(), Failure> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["serve"] => runtime()?.block_on(bank::serve()),
        ["work-postgres", url, port, jobs, concurrency] => runtime()?.block_on(ours::postgres(
            url,
            port.parse()?,
            jobs.parse()?,
            concurrency.parse()?,
        )),
        ["work-sqlite", path, port, jobs, concurrency] => {
            ours::sqlite(path, port.parse()?, jobs.parse()?, concurrency.parse()?)
        }
        [out, graphile, python, ref rest @ ..] => {
            let (full, only) = match *rest {
                [] => (true, None),
                ["--quick"] => (false, None),
                [rounds] => (true, Some((ALL, "", rounds))),
                [who, concurrencies, rounds] => (false, Some((who, concurrencies, rounds))),
                _ => return Err(USAGE.into()),
            };
            measure(Path::new(out), graphile, python, full, only)
        }
        _ => Err(USAGE.into()),
    }
}

fn measure(
    out: &Path,
    graphile: &str,
    python: &str,
    full: bool,
    only: Option<(&str, &str, &str)>,
) -> Result<(), Failure> {
    let load = page::load();
    let folder = tempfile::tempdir()?;
    let server = Server::start(&std::env::temp_dir())?;
    let bank = Bank::start()?;
    let mut race = Race {
        server: &server,
        bank: &bank,
        folder: folder.path(),
        graphile: PathBuf::from(graphile),
        python: PathBuf::from(python),
        jobs: 5_000,
        rounds: if full { 5 } else { 3 },
        who: Who::ALL.to_vec(),
        concurrencies: CONCURRENCIES.to_vec(),
    };
    if let Some((who, concurrencies, rounds)) = only {
        race.rounds = rounds.parse()?;
        if who != ALL {
            race.who.retain(|it| who.split(',').any(|who| it.word() == who));
            race.concurrencies =
                concurrencies.split(',').map(str::parse).collect::<Result<_, _>>()?;
            return race.run().map(|_| ());
        }
    }
    let results = race.run()?;
    let size = if full {
        Size { rows: 1_000_000, worked: 100_000, turns: 200 }
    } else {
        Size { rows: 100_000, worked: 20_000, turns: 50 }
    };
    let memory = memory();
    let in_memory = Server::start(&memory)?;
    let (postgres, without, with) = claims::postgres(&in_memory, size)?;
    drop(in_memory);
    eprintln!("{postgres:?} {without:?} {with:?}");
    let in_memory = tempfile::tempdir_in(&memory)?;
    let sqlite = claims::sqlite(in_memory.path(), size)?;
    eprintln!("{sqlite:?}");
    let run = Run { size, race: &race, postgres: server.version()?, full, load };
    let measured = Measured { race: results, postgres, sqlite, worked: (without, with) };
    std::fs::write(out, page::page(&measured, &run)?)?;
    Ok(())
}
