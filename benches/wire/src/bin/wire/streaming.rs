//! The memory that it takes to stream a list, over what the client takes when idle:
//! each in a process of its own, since a process does not give memory back.

use std::process::Command;

use bench_core::{Failure, allocations, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::{What, ours, runtime};
use qbank_hyper::endpoint::ListTransactions;

pub(crate) fn measure(counts: &[&str]) -> Result<(), Failure> {
    for count in counts {
        for driver in ["blocking", "hyper"] {
            let mut program = Command::new(std::env::current_exe()?);
            let ran = program.args(["stream", driver, count]).output()?;
            if !ran.status.success() {
                return Err(String::from_utf8_lossy(&ran.stderr).into_owned().into());
            }
            print!("{}", String::from_utf8(ran.stdout)?);
        }
    }
    Ok(())
}

/// Streams so many transactions, and says what it took at most, in MiB.
pub(crate) fn stream(driver: &str, count: usize) -> Result<(), Failure> {
    allocations::begin();
    let bank = Bank::start(Kind { transactions: count, ..Kind::default() })?;
    let config = ours::config(bank.port);
    let (idle, seen) = match driver {
        "blocking" => {
            let client = qbank_blocking::Client::new(config)?;
            // Connected, with a token, and idle.
            ours::call_blocking(&client, What::Get)?;
            let idle = Idle::now()?;
            let mut seen = 0;
            for item in client.transactions().list(ListTransactions::new()).stream()? {
                seen += usize::from(item?.amount.is_some());
            }
            (idle, seen)
        }
        "hyper" => runtime()?.block_on(async {
            let client = qbank_hyper::Client::new(config)?;
            ours::call(client.clone(), What::Get).await?;
            let idle = Idle::now()?;
            let mut seen = 0;
            let mut list = client.transactions().list(ListTransactions::new()).stream().await?;
            while let Some(item) = list.next().await {
                seen += usize::from(item?.amount.is_some());
            }
            Ok::<_, Failure>((idle, seen))
        })?,
        _ => return Err("blocking or hyper".into()),
    };
    if seen != count {
        return Err(format!("{seen} of {count} transactions").into());
    }
    let peak = (allocations::peak() - idle.live) as f64 / f64::from(1 << 20);
    samples::print(&format!("streaming.{driver}.{count}.heap"), "ours", peak);
    let resident = memory("VmHWM:")? - idle.resident;
    samples::print(&format!("streaming.{driver}.{count}.resident"), "ours", resident);
    Ok(())
}

struct Idle {
    live: isize,
    resident: f64,
}

impl Idle {
    /// Forgets the peaks so far.
    fn now() -> Result<Self, Failure> {
        // Linux: the resident set's high-water mark begins anew.
        std::fs::write("/proc/self/clear_refs", "5")?;
        allocations::peak();
        Ok(Self { live: allocations::live(), resident: memory("VmRSS:")? })
    }
}

/// A line of `/proc/self/status`, in MiB.
fn memory(name: &str) -> Result<f64, Failure> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)).ok_or("no such line")?;
    let kib: f64 = line.trim().trim_end_matches("kB").trim().parse()?;
    Ok(kib / 1024.0)
}
