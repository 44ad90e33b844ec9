//! Our async client, a bare `hyper-util` client and the hand-rolled one, in turn, with
//! 64 calls in flight. `bench-peers ROUNDS`.

use std::sync::Arc;

use bench_core::{Failure, samples};
use bench_peers::HandRolled;
use bench_wire::bank::{Bank, Kind, serve_if_asked};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, lanes, ours, runtime};
use qbank_hyper::Client;

const IN_FLIGHT: usize = 64;
const CALLS: usize = 16_000;

fn main() -> Result<(), Failure> {
    if serve_if_asked()? {
        return Ok(());
    }
    let rounds = std::env::args().nth(1).ok_or("bench-peers ROUNDS")?.parse()?;
    let bank = Bank::start(Kind::default())?;
    runtime()?.block_on(async {
        let client = Client::new(ours::config(bank.port))?;
        let bare = Floor::new(bank.port)?;
        let peer = Arc::new(HandRolled::new(bank.port)?);
        for round in 0..=rounds {
            for what in [What::Get, What::Post] {
                let bare = bare.clone();
                let floor = lanes::run(IN_FLIGHT, CALLS, move || bare.clone().call(what)).await?;
                let client = client.clone();
                let ours =
                    lanes::run(IN_FLIGHT, CALLS, move || ours::call(client.clone(), what)).await?;
                let peer = Arc::clone(&peer);
                let one = move || {
                    let peer = Arc::clone(&peer);
                    async move { peer.call(what).await }
                };
                let peer = lanes::run(IN_FLIGHT, CALLS, one).await?;
                // The first round connects, and fetches the tokens.
                if round > 0 {
                    for (who, took) in [("floor", floor), ("ours", ours), ("peer", peer)] {
                        samples::print(&format!("reqwest.{}.rate", what.name()), who, took.rate);
                        samples::print(&format!("reqwest.{}.cpu", what.name()), who, took.cpu);
                    }
                }
            }
        }
        Ok(())
    })
}
