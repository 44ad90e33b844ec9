//! User instructions per call of the async driver, one call after the other: what a
//! thousand more calls add to what callgrind counts of this whole process.

use bench_core::callgrind::instructions;
use bench_core::{Failure, samples};
use bench_wire::bank::{Bank, Kind};
use bench_wire::bare_hyper::Floor;
use bench_wire::{What, lanes, ours, runtime};
use hyper_util::client::legacy::Client as Bare;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioTimer};
use qbank_hyper::{Client, Hyper};

pub(crate) fn measure() -> Result<(), Failure> {
    for what in [What::Get, What::Post] {
        for who in ["floor", "ours"] {
            let count = per_call(who, what, 1, "1", [200, 1_200])?;
            samples::print(&format!("hyper.{}.instructions", what.name()), who, count);
        }
    }
    Ok(())
}

/// So many calls are made, and then so many more.
pub(crate) fn per_call(
    who: &str,
    what: What,
    lanes: usize,
    http: &str,
    calls: [usize; 2],
) -> Result<f64, Failure> {
    let program = std::env::current_exe()?;
    let total = |calls: usize| {
        let (lanes, calls) = (lanes.to_string(), calls.to_string());
        instructions(&program, &["run", who, what.name(), &lanes, http, &calls], None)
    };
    let [few, many] = calls;
    let more = total(many)?.saturating_sub(total(few)?);
    Ok(more as f64 / (many - few) as f64)
}

/// Makes these calls and nothing else.
pub(crate) fn run(arguments: &[&str]) -> Result<(), Failure> {
    let [who, what, lanes, http, calls] = arguments else { return Err("run what?".into()) };
    let (what, lanes, calls): (_, usize, usize) =
        (What::named(what)?, lanes.parse()?, calls.parse()?);
    let http2 = *http == "2";
    let bank = Bank::start(Kind { http2, hold: lanes, ..Kind::default() })?;
    runtime()?.block_on(async {
        if *who == "floor" {
            let floor = if http2 {
                Floor::over(http2_client(lanes), bank.port)?
            } else {
                Floor::new(bank.port)?
            };
            lanes::run(lanes, calls, move || floor.clone().call(what)).await?;
        } else {
            let driver =
                if http2 { Hyper::with_client(http2_client(lanes)) } else { Hyper::default() };
            let client = Client::with_driver(ours::config(bank.port), driver)?;
            lanes::run(lanes, calls, move || ours::call(client.clone(), what)).await?;
        }
        Ok(())
    })
}

/// A client that sends so many calls at once over one connection, so that descriptors
/// are not what is measured.
pub(crate) fn http2_client(at_once: usize) -> bench_wire::bare_hyper::Bare {
    let mut builder = Bare::builder(TokioExecutor::new());
    builder.http2_only(true).pool_timer(TokioTimer::new()).timer(TokioTimer::new());
    builder.http2_initial_max_send_streams(at_once);
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    builder.build(connector)
}
