//! The outbox in a world where everything breaks: see `simulation/mod.rs`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

#[path = "simulation/mod.rs"]
mod simulated;

use simulated::{Mutant, run};

#[test]
fn no_schedule_breaks_a_rule() {
    for seed in 0..300 {
        if let Some(broken) = run(seed, None) {
            panic!("seed {seed}: {broken}");
        }
    }
}

#[test]
fn every_wrong_outbox_is_found() {
    for mutant in Mutant::ALL {
        let found = (0..3_000).find_map(|seed| Some((seed, run(seed, Some(mutant))?)));
        let (seed, broken) = found.unwrap_or_else(|| panic!("{mutant:?} is not found"));
        println!("{mutant:?}: seed {seed}: {broken}");
    }
}
