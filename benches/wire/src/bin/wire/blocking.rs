//! The blocking driver: processor time per call, and threads started by calls.

use bench_core::{Failure, processor, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_ureq::Floor;
use bench_wire::{What, ours};
use qbank_blocking::Client;

const CALLS: usize = 3_000;

pub(crate) fn measure(rounds: usize) -> Result<(), Failure> {
    let bank = Bank::start(Kind::default())?;
    let client = Client::new(ours::config(bank.port))?;
    let bare = Floor::new(bank.port)?;
    for round in 0..=rounds {
        for what in [What::Get, What::Post] {
            let floor = time(|| bare.call(what))?;
            let ours = time(|| ours::call_blocking(&client, what))?;
            // The first round connects, and fetches the token.
            if round > 0 {
                samples::print(&format!("blocking.{}.cpu", what.name()), "floor", floor);
                samples::print(&format!("blocking.{}.cpu", what.name()), "ours", ours);
            }
        }
    }
    let threads = started(|| ours::call_blocking(&client, What::Post))?;
    samples::print("blocking.threads", "ours", threads);
    samples::print("blocking.threads", "floor", started(|| bare.call(What::Post))?);
    Ok(())
}

/// Microseconds of processor time per call.
fn time(mut call: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let begun = processor::time();
    for _ in 0..CALLS {
        call()?;
    }
    Ok(processor::since(begun).as_secs_f64() * 1e6 / CALLS as f64)
}

/// Threads per call: the standard library numbers all that it starts, in order.
fn started(mut call: impl FnMut() -> Result<(), Failure>) -> Result<f64, Failure> {
    let before = next_thread()?;
    for _ in 0..CALLS {
        call()?;
    }
    // The thread that tells the number is one.
    Ok((next_thread()? - before - 1) as f64 / CALLS as f64)
}

fn next_thread() -> Result<u64, Failure> {
    let id = std::thread::spawn(|| std::thread::current().id()).join();
    let id = format!("{:?}", id.map_err(|_| "a thread died")?);
    let number: String = id.chars().filter(char::is_ascii_digit).collect();
    Ok(number.parse()?)
}
