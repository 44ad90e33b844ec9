//! The same pieces for a person who looks for what changed: gungraun keeps the last
//! run of each and shows the difference, cache misses included.

#![allow(missing_docs, reason = "the macros make public items")]
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot start has to end")]

use bench_core::pieces::{PIECES, Work, measured};
use gungraun::{library_benchmark, library_benchmark_group, main};

fn prepared(number: usize) -> Work {
    let (_, _, prepare) = PIECES[number];
    prepare().unwrap()
}

#[library_benchmark]
#[benches::in_order_of_the_table(iter = 0..PIECES.len(), setup = prepared)]
fn piece(work: Work) {
    measured(work).unwrap();
}

library_benchmark_group!(name = core, benchmarks = [piece]);

main!(library_benchmark_groups = core);
