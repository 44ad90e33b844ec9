//! In bytes per call, at the moment when all of them are in flight.

use std::cell::Cell;
use std::rc::Rc;

use bench_core::{Failure, allocations, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, ours, runtime};
use qbank_hyper::{Client, Hyper};

use crate::counted::http2_client;

const CALLS: usize = 10_000;

pub(crate) fn measure() -> Result<(), Failure> {
    allocations::begin();
    let floor = peak(|port| {
        let floor = Floor::over(http2_client(CALLS), port)?;
        Ok(move || floor.clone().call(What::Post))
    })?;
    samples::print("in_flight.10000.bytes", "floor", floor);
    let ours = peak(|port| {
        let driver = Hyper::with_client(http2_client(CALLS));
        let client = Client::with_driver(ours::config(port), driver)?;
        Ok(move || ours::call(client.clone(), What::Post))
    })?;
    samples::print("in_flight.10000.bytes", "ours", ours);
    Ok(())
}

/// The most that lives while all calls are in flight, over what lived before.
fn peak<C, T>(make: impl FnOnce(u16) -> Result<C, Failure>) -> Result<f64, Failure>
where
    C: Fn() -> T,
    T: Future<Output = Result<(), Failure>> + 'static,
{
    let bank = Bank::start(Kind { http2: true, hold: CALLS, ..Kind::default() })?;
    let call = make(bank.port)?;
    let runtime = runtime()?;
    let tasks = tokio::task::LocalSet::new();
    runtime.block_on(tasks.run_until(async {
        let before = allocations::live();
        let peak = Rc::new(Cell::new(before));
        let mut running = Vec::with_capacity(CALLS);
        for _ in 0..CALLS {
            let (call, peak) = (call(), peak.clone());
            running.push(tokio::task::spawn_local(async move {
                let result = call.await;
                // The first answer comes when the last call is out.
                peak.set(peak.get().max(allocations::live()));
                result
            }));
        }
        for task in running {
            task.await??;
        }
        Ok((peak.get() - before) as f64 / CALLS as f64)
    }))
}
