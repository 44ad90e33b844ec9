//! Allocations per call, one after the other: `qbank-hyper` over a bare
//! `hyper-util` client that does the same requests and reads the same values.
//! Exact, whatever else the machine does.
//!
//! `cost bare|ours get|post N` makes only these calls, so that
//! `valgrind --tool=callgrind` can count their instructions.

use bench_core::allocations::{self, Counting};
use bench_wire::floor::Floor;
use bench_wire::{Bank, Failure, ours, runtime, serve_if_asked};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CALLS: usize = 2_000;

fn main() -> Result<(), Failure> {
    if serve_if_asked() {
        return Ok(());
    }
    let bank = Bank::start(false, 0)?;
    let runtime = runtime()?;
    runtime.block_on(async {
        let client = ours::client(bank.port)?;
        let floor = Floor::new(bank.port);
        let arguments: Vec<String> = std::env::args().skip(1).collect();
        if let [who, what, calls] = arguments.as_slice() {
            for _ in 0..calls.parse()? {
                if who == "bare" {
                    floor.clone().call(what == "post").await?;
                } else {
                    ours::call(client.clone(), what == "post").await?;
                }
            }
            return Ok(());
        }
        println!("| allocations per call | bare hyper-util | qbank-hyper | more |");
        println!("|---|---|---|---|");
        for post in [false, true] {
            // What is made once is not counted.
            floor.clone().call(post).await?;
            ours::call(client.clone(), post).await?;
            let before = allocations::count();
            for _ in 0..CALLS {
                floor.clone().call(post).await?;
            }
            let bare = (allocations::count() - before) as f64 / CALLS as f64;
            let before = allocations::count();
            for _ in 0..CALLS {
                ours::call(client.clone(), post).await?;
            }
            let mine = (allocations::count() - before) as f64 / CALLS as f64;
            let name = if post { "POST /payments/ach" } else { "GET /balances/{accountId}" };
            println!("| {name} | {bare:.1} | {mine:.1} | +{:.1} |", mine - bare);
        }
        Ok(())
    })
}
