//! Plays schedules of the outbox: `simulate [--schedules N] [--seed S] [--mutants]`. The last
//! line is `N schedules, V violations, R schedules/min`; it fails on a violation. With
//! `--mutants` it plays wrong outboxes, until each is found; it fails where one is not.

#![allow(clippy::unwrap_used, reason = "of the simulation, which the tests share")]
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program")]

#[path = "../tests/simulation/mod.rs"]
mod simulated;

use std::process::ExitCode;
use std::time::Instant;

use simulated::{Mutant, run};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().collect();
    let option = |name: &str| -> Option<u64> {
        let at = arguments.iter().position(|it| it == name)?;
        arguments.get(at + 1)?.parse().ok()
    };
    let schedules = option("--schedules").unwrap_or(10_000);
    let first = option("--seed").unwrap_or(0);
    if arguments.iter().any(|it| it == "--mutants") {
        let mut all = ExitCode::SUCCESS;
        for mutant in Mutant::ALL {
            let found = (first..first.saturating_add(schedules))
                .find_map(|seed| Some((seed, run(seed, Some(mutant))?)));
            if let Some((seed, broken)) = found {
                println!("{mutant:?}: seed {seed}: {broken}");
            } else {
                println!("{mutant:?}: not found");
                all = ExitCode::FAILURE;
            }
        }
        return all;
    }
    let began = Instant::now();
    let mut violations = 0_u64;
    for seed in first..first.saturating_add(schedules) {
        if let Some(broken) = run(seed, None) {
            violations += 1;
            println!("seed {seed}: {broken}");
        }
    }
    let minutes = began.elapsed().as_secs_f64() / 60.0;
    let played = f64::from(u32::try_from(schedules).unwrap_or(u32::MAX));
    let rate = (played / minutes.max(1e-9)).round();
    println!("{schedules} schedules, {violations} violations, {rate} schedules/min");
    if violations == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
