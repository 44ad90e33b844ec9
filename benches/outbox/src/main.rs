//! The outbox beside other queues on Postgres, and what a claim costs in a large table.

mod bank;
mod claims;
mod ours;
mod race;
mod server;

use std::path::PathBuf;

use bench_core::Failure;
use bank::Bank;
use claims::Size;
use race::{CONCURRENCIES, Race, Who};
use server::Server;

const USAGE: &str = "bench-outbox race GRAPHILE PYTHON JOBS ROUNDS [WHO,...] [CONCURRENCY,...]";

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
        ["race", graphile, python, jobs, rounds, ref rest @ ..] => {
            let folder = tempfile::tempdir()?;
            let server = Server::start(&std::env::temp_dir())?;
            let bank = Bank::start()?;
            let mut who = Who::ALL.to_vec();
            let mut concurrencies = CONCURRENCIES.to_vec();
            if let Some(only) = rest.first() {
                who.retain(|who| only.split(',').any(|it| it == who.word()));
            }
            if let Some(only) = rest.get(1) {
                concurrencies = only.split(',').map(str::parse).collect::<Result<_, _>>()?;
            }
            Race {
                server: &server,
                bank: &bank,
                folder: folder.path(),
                graphile: PathBuf::from(graphile),
                python: PathBuf::from(python),
                jobs: jobs.parse()?,
                rounds: rounds.parse()?,
                who,
                concurrencies,
            }
            .run()?;
            Ok(())
        }
        ["claims", rows, worked, turns] => {
            let memory = memory();
            let folder = tempfile::tempdir_in(&memory)?;
            let size = Size { rows: rows.parse()?, worked: worked.parse()?, turns: turns.parse()? };
            println!("{:?}", claims::sqlite(folder.path(), size)?);
            println!("{:?}", claims::postgres(&Server::start(&memory)?, size)?);
            Ok(())
        }
        _ => Err(USAGE.into()),
    }
}
