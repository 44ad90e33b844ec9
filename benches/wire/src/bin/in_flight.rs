//! Memory per call with 10,000 calls in flight at once on one session: the bank
//! holds every answer until all have arrived. Over one HTTP/2 connection, so
//! that descriptors are not what is measured.

use std::cell::Cell;
use std::rc::Rc;

use bench_core::allocations::{self, Counting};
use bench_wire::floor::Floor;
use bench_wire::{Bank, Failure, ours, runtime, serve_if_asked};
use http_body_util::Full;
use hyper_util::client::legacy::Client as Bare;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use qbank_hyper::{Client, Hyper};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const CALLS: usize = 10_000;

fn main() -> Result<(), Failure> {
    if serve_if_asked() {
        return Ok(());
    }
    println!("| {CALLS} calls in flight | bytes per call at the peak |");
    println!("|---|---|");
    let bare = measure(|port| {
        let floor = Floor::over(http2(), port);
        move || floor.clone().call(true)
    })?;
    println!("| bare hyper-util | {bare} |");
    let mine = measure(|port| {
        let driver = Hyper::with_client(http2());
        let client = ours::config(port).and_then(|it| Ok(Client::with_driver(it, driver)?));
        move || {
            let client = client.as_ref().map(Clone::clone).map_err(ToString::to_string);
            async move { ours::call(client?, true).await }
        }
    })?;
    println!("| qbank-hyper | {mine} |");
    println!("| more | {} |", mine - bare);
    Ok(())
}

fn http2() -> Bare<hyper_util::client::legacy::connect::HttpConnector, Full<bytes::Bytes>> {
    let mut builder = Bare::builder(TokioExecutor::new());
    builder.http2_only(true).pool_timer(TokioTimer::new()).timer(TokioTimer::new());
    builder.http2_initial_max_send_streams(CALLS);
    builder.build_http()
}

/// The peak of what lives while all calls are in flight, over what lived before.
fn measure<F, C, T>(make: F) -> Result<isize, Failure>
where
    F: FnOnce(u16) -> C,
    C: Fn() -> T,
    T: Future<Output = Result<(), Failure>> + 'static,
{
    let bank = Bank::start(true, CALLS)?;
    let call = make(bank.port);
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
        Ok((peak.get() - before) / CALLS as isize)
    }))
}
