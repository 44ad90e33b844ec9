//! A balance through our async client, and a balance through `async-stripe` as it is
//! shipped, in turn, with 64 calls in flight, from one server. `bench-stripe ROUNDS`.

use bench_core::{Failure, samples};
use bench_wire::bank::{Bank, Kind, serve_if_asked};
use bench_wire::{What, lanes, ours, runtime};
use qbank_hyper::Client;

const IN_FLIGHT: usize = 64;
/// It opens a connection per call, and each leaves a port behind for a minute.
const CALLS: usize = 1_024;

fn main() -> Result<(), Failure> {
    if serve_if_asked()? {
        return Ok(());
    }
    let rounds = std::env::args().nth(1).ok_or("bench-stripe ROUNDS")?.parse()?;
    let bank = Bank::start(Kind::default())?;
    runtime()?.block_on(async {
        let client = Client::new(ours::config(bank.port))?;
        let url = format!("http://127.0.0.1:{}/", bank.port);
        let peer = stripe::Client::from_url(url.as_str(), "sk_test_benchmark");
        for round in 0..=rounds {
            let client = client.clone();
            let ours =
                lanes::run(IN_FLIGHT, CALLS, move || ours::call(client.clone(), What::Get)).await?;
            let peer = peer.clone();
            let one = move || {
                let peer = peer.clone();
                async move {
                    let balance = stripe::Balance::retrieve(&peer, None).await?;
                    if balance.available.is_empty() { Err("no balance".into()) } else { Ok(()) }
                }
            };
            let peer = lanes::run(IN_FLIGHT, CALLS, one).await?;
            // The first round connects, and fetches the token.
            if round > 0 {
                for (who, took) in [("ours", ours), ("peer", peer)] {
                    samples::print("stripe.get.cpu", who, took.cpu);
                    samples::print("stripe.get.rate", who, took.rate);
                }
            }
        }
        Ok(())
    })
}
