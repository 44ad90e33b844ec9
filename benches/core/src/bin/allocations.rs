//! Allocations of each piece: exact, whatever else the machine does.

use bench_core::allocations::{self, Counting};
use bench_core::webhook::Signed;
use bench_core::{Failure, ach, call, samples, transactions, webhook};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

fn main() -> Result<(), Failure> {
    allocations::begin();
    let session = call::ready_session()?;
    let hand = ach::ByHand::new();
    for (name, full) in [("located", false), ("with_body", true)] {
        let answer = || if full { ach::full_answer() } else { ach::bare_answer() };
        let by_hand = ach::Payment::new()?;
        // What is made once is not counted.
        ach::ours(&session, ach::payment()?, answer()?)?;
        let (payment, prepared) = (ach::payment()?, answer()?);
        let ours = counted(|| ach::ours(&session, payment, prepared).map(drop))?;
        let prepared = answer()?;
        let floor = counted(|| hand.call(&by_hand, prepared).map(drop))?;
        samples::print(&format!("allocations.ach.{name}"), "ours", ours);
        samples::print(&format!("allocations.ach.{name}"), "floor", floor);
    }
    let count = 1_000;
    let list = transactions::list(count);
    let per_item = |all: f64| all / count as f64;
    let buffered = counted(|| transactions::buffered(&session, list.clone()).map(drop))?;
    samples::print("allocations.transaction.buffered", "ours", per_item(buffered));
    let streamed = counted(|| transactions::streamed(&list).map(drop))?;
    samples::print("allocations.transaction.streamed", "ours", per_item(streamed));
    let floor = counted(|| transactions::by_hand(&list).map(drop))?;
    samples::print("allocations.transaction.buffered", "floor", per_item(floor));
    let (verifier, key) = (webhook::verifier()?, webhook::prepared()?);
    for length in [512, 4096, 65536] {
        let signed = Signed::new(length)?;
        let figure = format!("allocations.webhook.{length}");
        let ours = counted(|| genuine(webhook::ours(&verifier, &signed)))?;
        samples::print(&figure, "ours", ours);
        let floor = counted(|| genuine(webhook::by_hand(&key, &signed)))?;
        samples::print(&figure, "floor", floor);
    }
    Ok(())
}

fn genuine(verified: bool) -> Result<(), Failure> {
    if verified { Ok(()) } else { Err("not genuine".into()) }
}

fn counted(work: impl FnOnce() -> Result<(), Failure>) -> Result<f64, Failure> {
    let before = allocations::count();
    work()?;
    Ok((allocations::count() - before) as f64)
}
