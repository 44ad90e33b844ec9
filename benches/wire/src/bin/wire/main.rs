//! Measures whole calls over loopback, TLS off, and prints samples for the report.
//! Everything is measured in turn with its floor, in the same process.

mod allocated;
mod blocking;
mod calls;
mod counted;
mod in_flight;
mod streaming;

use bench_core::Failure;
use bench_core::allocations::Counting;
use bench_wire::bank::serve_if_asked;

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const USAGE: &str = "wire calls ROUNDS | blocking ROUNDS | allocations | instructions
     | in-flight ROUNDS | in-flight-instructions | in-flight-memory | streaming N…";

fn main() -> Result<(), Failure> {
    if serve_if_asked()? {
        return Ok(());
    }
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments.as_slice() {
        ["calls", rounds] => calls::measure(rounds.parse()?),
        ["blocking", rounds] => blocking::measure(rounds.parse()?),
        ["allocations"] => allocated::measure(),
        ["instructions"] => counted::measure(),
        ["in-flight", rounds] => in_flight::time::measure(rounds.parse()?),
        ["in-flight-instructions"] => in_flight::instructions::measure(),
        ["in-flight-memory"] => in_flight::memory::measure(),
        ["streaming", counts @ ..] => streaming::measure(counts),
        // What the program asks of itself.
        ["run", run @ ..] => counted::run(run),
        ["stream", driver, count] => streaming::stream(driver, count.parse()?),
        _ => Err(USAGE.into()),
    }
}
