//! Processor time per call, and calls per second, with 64 in flight.

use bench_core::{Failure, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, lanes, ours, runtime};
use qbank_hyper::Client;

const IN_FLIGHT: usize = 64;
const CALLS: usize = 16_000;

pub(crate) fn measure(rounds: usize) -> Result<(), Failure> {
    let bank = Bank::start(Kind::default())?;
    runtime()?.block_on(async {
        let client = Client::new(ours::config(bank.port))?;
        let bare = Floor::new(bank.port)?;
        for round in 0..=rounds {
            for what in [What::Get, What::Post] {
                let bare = bare.clone();
                let floor = lanes::run(IN_FLIGHT, CALLS, move || bare.clone().call(what)).await?;
                let client = client.clone();
                let ours =
                    lanes::run(IN_FLIGHT, CALLS, move || ours::call(client.clone(), what)).await?;
                // The first round warms up.
                if round > 0 {
                    for (who, took) in [("floor", floor), ("ours", ours)] {
                        samples::print(&format!("hyper.{}.cpu", what.name()), who, took.cpu);
                        samples::print(&format!("hyper.{}.rate", what.name()), who, took.rate);
                    }
                }
            }
        }
        Ok(())
    })
}
