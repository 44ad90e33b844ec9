//! In processor time per call.

use bench_core::{Failure, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, lanes, ours, runtime};
use qbank_hyper::{Client, Hyper};

use super::AT_ONCE;
use crate::counted::http2_client;

/// So many calls make a round, if so many are not in flight at once anyway.
const CALLS: usize = 4_000;

pub(crate) fn measure(rounds: usize) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let mut clients = Vec::new();
        for at_once in AT_ONCE {
            let bank = Bank::start(Kind { http2: true, hold: at_once, ..Kind::default() })?;
            let floor = Floor::over(http2_client(at_once), bank.port)?;
            let driver = Hyper::with_client(http2_client(at_once));
            let client = Client::with_driver(ours::config(bank.port), driver)?;
            clients.push((at_once, bank, floor, client));
        }
        for round in 0..=rounds {
            for (at_once, _bank, floor, client) in &clients {
                let (calls, figure) = (CALLS.max(2 * at_once), format!("in_flight.{at_once}.cpu"));
                let floor = floor.clone();
                let floor =
                    lanes::run(*at_once, calls, move || floor.clone().call(What::Post)).await?;
                let client = client.clone();
                let ours =
                    lanes::run(*at_once, calls, move || ours::call(client.clone(), What::Post))
                        .await?;
                // The first round connects, and fetches the token.
                if round > 0 {
                    samples::print(&figure, "floor", floor.cpu);
                    samples::print(&figure, "ours", ours.cpu);
                }
            }
        }
        Ok(())
    })
}
