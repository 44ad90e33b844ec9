//! Clients, a network and the bank in one thread of virtual time, all from one seed.
//!
//! ```text
//!   application ─► driver ─► machine of qbank-proto
//!        │            │
//!      disk        network: late, lost, twice, cut off, a gateway's response
//!        │            │
//!   the fates      ┌──▼─┐
//!   it got     ≟   │Bank│  what is in its books
//!                  └────┘
//! ```
//! A schedule is one to three processes, each with a session and up to five jobs:
//! payments, wires, transfers, checks, reads. Processes crash between any two steps and
//! come back with what they had on disk; machines sleep, with their clocks or without;
//! wall clocks are set, the bank's clock goes ahead, tokens run out and are revoked, the
//! bank forgets keys, payments fail in the core. What the network may do, and what no
//! network does, is in `simulator/trouble.rs`; what the application does with each
//! fate, in `simulator/application.rs`: above all, it pays again with a new key what was
//! reported to have moved no money.
//!
//! At the end the fates that the applications got are compared with the bank's
//! own books: see [`Rule`]. A schedule that breaks one is run again with less and less
//! trouble, as long as it breaks the same rule, and what is left is printed.
//!
//! ```
//! use qbank_sandbox::simulator::{Mutant, Schedule};
//!
//! assert!(Schedule::new(7).run().is_none());
//!
//! // The same days with a client that makes a new key for each attempt.
//! let wrong = (0..200).map(|seed| Schedule::new(seed).with(Mutant::NewKeyPerAttempt));
//! let (schedule, violation) = wrong.into_iter().find_map(|it| Some((it, it.run()?))).unwrap();
//! println!("{}", schedule.explain(&violation)); // shrunk, line by line
//! ```

mod application;
mod driver;
mod invariants;
mod life;
mod mutant;
mod network;
mod plan;
mod process;
mod random;
mod running;
mod shrink;
mod tokens;
mod trace;
mod trouble;
mod world;

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

use plan::Knob;
use trace::Trace;
use world::World;

pub use invariants::{Rule, Violation};
pub use mutant::Mutant;

/// One bad day: everything that happens in it follows from its seed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Schedule {
    seed: u64,
    mutant: Option<Mutant>,
}

impl Schedule {
    /// The schedule of this seed.
    pub const fn new(seed: u64) -> Self {
        Self { seed, mutant: None }
    }

    /// The same with a wrong client.
    #[must_use]
    pub const fn with(self, mutant: Mutant) -> Self {
        Self { mutant: Some(mutant), ..self }
    }

    /// Its seed.
    pub const fn seed(self) -> u64 {
        self.seed
    }

    /// Runs it; gives the rule that it broke, if it broke one.
    pub fn run(self) -> Option<Violation> {
        self.observed(&BTreeSet::new(), Trace::default()).violation
    }

    /// All that happens in it, line by line.
    pub fn trace(self) -> String {
        self.traced(&BTreeSet::new())
    }

    /// The smallest part of it that still breaks the same rule, line by line.
    pub fn explain(self, violation: &Violation) -> String {
        let disabled = shrink::shrink(self, violation.rule);
        self.traced(&disabled)
    }

    fn traced(self, disabled: &BTreeSet<Knob>) -> String {
        self.observed(disabled, Trace::written()).trace
    }

    /// A panic is a violation as well: between send and response it is a payment whose
    /// fate is lost.
    fn observed(self, disabled: &BTreeSet<Knob>, trace: Trace) -> Run {
        let mut world = World::new(self.seed, self.mutant, disabled, trace);
        if catch_unwind(AssertUnwindSafe(|| world.run())).is_err() {
            world.broken(Rule::NoPanic, "a panic".to_owned());
        }
        let World { violation, fired, trace, .. } = world;
        Run { violation, fired, trace: trace.into_text() }
    }
}

/// What came of a run.
struct Run {
    violation: Option<Violation>,
    /// What could have been left out.
    fired: Vec<Knob>,
    trace: String,
}
