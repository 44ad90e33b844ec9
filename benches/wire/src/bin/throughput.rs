//! Calls per second with 64 in flight over loopback, TLS off: `qbank-hyper`
//! against a bare `hyper-util` client that does the same requests and reads the
//! same values. Interleaved in one run; the figure is the ratio.

use std::time::{Duration, Instant};

use bench_wire::floor::Floor;
use bench_wire::{Bank, Failure, median_and_spread, ours, runtime, serve_if_asked};
use tokio::task::JoinSet;

const IN_FLIGHT: usize = 64;
const ROUNDS: usize = 15;

fn main() -> Result<(), Failure> {
    if serve_if_asked() {
        return Ok(());
    }
    let round = Duration::from_millis(700);
    let bank = Bank::start(false, 0)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let client = ours::client(bank.port)?;
        let bare = Floor::new(bank.port);
        println!("| calls, {IN_FLIGHT} in flight | bare hyper-util /s | qbank-hyper /s | ratio |");
        println!("|---|---|---|---|");
        for post in [false, true] {
            let (mut floor, mut mine) = (Vec::new(), Vec::new());
            for number in 0..=ROUNDS {
                let bare = bare.clone();
                let b = rate(round, move || bare.clone().call(post)).await?;
                let client = client.clone();
                let o = rate(round, move || ours::call(client.clone(), post)).await?;
                // The first round warms up.
                if number > 0 {
                    floor.push(b);
                    mine.push(o);
                }
            }
            let ratios = mine.iter().zip(&floor).map(|(o, b)| o / b).collect();
            let (b, b_spread) = median_and_spread(floor);
            let (o, o_spread) = median_and_spread(mine);
            let (ratio, spread) = median_and_spread(ratios);
            let name = if post { "POST /payments/ach" } else { "GET /balances/{accountId}" };
            println!(
                "| {name} | {b:.0} ± {b_spread:.0} | {o:.0} ± {o_spread:.0} | {ratio:.3} ± {spread:.3} |"
            );
        }
        Ok(())
    })
}

/// Calls per second, with so many in flight for so long.
async fn rate<F, T>(time: Duration, call: F) -> Result<f64, Failure>
where
    F: Fn() -> T + Clone + Send + 'static,
    T: Future<Output = Result<(), Failure>> + Send + 'static,
{
    let begun = Instant::now();
    let mut lanes = JoinSet::new();
    for _ in 0..IN_FLIGHT {
        let call = call.clone();
        lanes.spawn(async move {
            let mut done = 0_u32;
            while begun.elapsed() < time {
                call().await?;
                done += 1;
            }
            Ok::<_, Failure>(done)
        });
    }
    let mut total = 0.0;
    while let Some(done) = lanes.join_next().await {
        total += f64::from(done??);
    }
    Ok(total / begun.elapsed().as_secs_f64())
}
