//! Allocations per call of the async driver, one call after the other.

use bench_core::{Failure, allocations, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, ours, runtime};
use qbank_hyper::Client;

const CALLS: usize = 2_000;

pub(crate) fn measure() -> Result<(), Failure> {
    let bank = Bank::start(Kind::default())?;
    runtime()?.block_on(async {
        let client = Client::new(ours::config(bank.port))?;
        let floor = Floor::new(bank.port)?;
        for what in [What::Get, What::Post] {
            // What is made once is not counted.
            floor.clone().call(what).await?;
            ours::call(client.clone(), what).await?;
            allocations::begin();
            let figure = format!("hyper.{}.allocations", what.name());
            let before = allocations::count();
            for _ in 0..CALLS {
                floor.clone().call(what).await?;
            }
            samples::print(&figure, "floor", per_call(before));
            let before = allocations::count();
            for _ in 0..CALLS {
                ours::call(client.clone(), what).await?;
            }
            samples::print(&figure, "ours", per_call(before));
        }
        Ok(())
    })
}

fn per_call(before: usize) -> f64 {
    (allocations::count() - before) as f64 / CALLS as f64
}
