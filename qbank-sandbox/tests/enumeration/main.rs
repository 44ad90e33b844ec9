//! Exactly once, by enumeration: every sequence of outcomes of the table up to a depth,
//! with crash and resume in every gap, against the real machine and the real bank.
//!
//! Depth three, with one crash in a sequence, runs in every `cargo test`. Deeper, or with
//! more crashes, in release:
//!
//! ```sh
//! QBANK_DEPTH=4 cargo test --release -p qbank-sandbox --test enumeration -- --nocapture
//! QBANK_CRASHES=4 cargo test --release -p qbank-sandbox --test enumeration -- --nocapture
//! ```
#![allow(
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::match_same_arms,
    clippy::struct_field_names,
    reason = "a test fails by panicking, and says how much it did; a table has a line per row"
)]

mod network;
mod operation;
mod outcome;
mod rules;
mod sequence;
mod wrong;

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Instant;

use operation::Operation;
use outcome::{Gets, OUTCOMES, Only, Outcome, Reaches, Spoilt};
use rules::Broken;
use sequence::{Attempt, Sequence, World};
use wrong::Wrong;

const PAYING: [Operation; 3] = [Operation::Ach, Operation::Wire, Operation::Transfer];

#[test]
fn every_sequence_of_outcomes_keeps_every_rule() {
    let (depth, crashes) = (asked("QBANK_DEPTH", 3), asked("QBANK_CRASHES", 1));
    for operation in PAYING {
        let count = Plan { operation, depth, max_retries: 2, crashes, wrong: None }.holds();
        // An enumeration that ends early would hold as well.
        assert!(depth < 3 || count > 300_000, "{operation:?}: only {count} sequences");
    }
}

fn asked(name: &str, default: usize) -> usize {
    std::env::var(name).map_or(default, |number| number.parse().unwrap())
}

#[test]
fn so_does_every_shorter_one_of_payments_that_fail_of_reads_and_without_retries() {
    use Operation::{Ach, AchThatFails, Read, Transfer, Wire, WireThatFails, WireThatIsRefused};
    for operation in [AchThatFails, WireThatFails, WireThatIsRefused, Read] {
        Plan { operation, depth: 2, max_retries: 2, crashes: 1, wrong: None }.holds();
    }
    for operation in [Ach, Wire, Transfer] {
        Plan { operation, depth: 2, max_retries: 0, crashes: 1, wrong: None }.holds();
    }
}

#[test]
fn every_mistake_is_found() {
    for wrong in Wrong::ALL {
        let found = (1..=2).find_map(|depth| {
            PAYING.into_iter().find_map(|operation| {
                let wrong = Some(wrong);
                let plan = Plan { operation, depth, max_retries: 2, crashes: 1, wrong };
                plan.run().1.map(|found| (operation, found))
            })
        });
        let Some((operation, found)) = found else { panic!("{wrong:?} is not found") };
        println!("{wrong:?}, {operation:?}: {found}");
    }
}

/// What is enumerated.
#[derive(Debug, Clone, Copy)]
struct Plan {
    operation: Operation,
    depth: usize,
    max_retries: u32,
    /// How many gaps of a sequence may have a crash.
    crashes: usize,
    wrong: Option<Wrong>,
}

impl Plan {
    /// Gives how many sequences there were.
    fn holds(self) -> u64 {
        let began = Instant::now();
        let (count, found) = self.run();
        if let Some(found) = found {
            panic!("{self:?}: {found}");
        }
        let Self { operation, depth, max_retries, .. } = self;
        println!(
            "{operation:?}, depth {depth}, {max_retries} retries: {count} sequences, {:?}",
            began.elapsed()
        );
        count
    }

    /// How many sequences, and the first that broke a rule.
    fn run(self) -> (u64, Option<String>) {
        let attempts = self.attempts();
        let (next, count) = (AtomicUsize::new(0), AtomicU64::new(0));
        let found: Mutex<Option<(usize, String)>> = Mutex::new(None);
        let work = || {
            while let Some((first, second)) =
                branch(next.fetch_add(1, Ordering::Relaxed), attempts.len())
            {
                let mut walk = Walk { plan: self, attempts: &attempts, count: 0, path: Vec::new() };
                let broken = walk.branch(first, second);
                count.fetch_add(walk.count, Ordering::Relaxed);
                if let Some(text) = broken {
                    let mut found = found.lock().unwrap();
                    let place = usize::from(second) * attempts.len() + first;
                    if found.as_ref().is_none_or(|(at, _)| place < *at) {
                        *found = Some((place, text));
                    }
                }
            }
        };
        let threads = std::thread::available_parallelism().map_or(2, usize::from);
        std::thread::scope(|scope| {
            for _ in 0..threads {
                scope.spawn(work);
            }
        });
        let found = found.into_inner().unwrap();
        (count.into_inner(), found.map(|(_, text)| text))
    }

    /// What may happen to one attempt of this operation.
    fn attempts(self) -> Vec<Attempt> {
        let fits = |outcome: &&Outcome| self.operation.meets(outcome);
        let each = OUTCOMES.iter().filter(fits);
        each.flat_map(|outcome| {
            let crashes = outcome.client == Gets::Crash;
            let then_crash = [false, true].into_iter().filter(move |then| !(crashes && *then));
            then_crash.map(move |then_crash| Attempt { outcome, then_crash })
        })
        .collect()
    }
}

/// The first attempt of the branch, and whether the process dies before it.
fn branch(number: usize, attempts: usize) -> Option<(usize, bool)> {
    (number < 2 * attempts).then(|| (number % attempts, number >= attempts))
}

impl Operation {
    fn meets(self, outcome: &Outcome) -> bool {
        let conflict = matches!(
            outcome.client,
            Gets::InProcess
                | Gets::ForeignConflict
                | Gets::Spoilt(Spoilt::BareConflict | Spoilt::ConflictPage)
        );
        let of_payment = matches!(outcome.client, Gets::Spoilt(how) if how != Spoilt::Garbage);
        match outcome.only {
            _ if !self.writes() => !conflict && !of_payment && outcome.bank != Reaches::Twice,
            Only::All => true,
            Only::Ach => self.is_ach(),
            Only::NotAch => !self.is_ach(),
        }
    }
}

/// Walks through the sequences that begin with one attempt.
struct Walk<'a> {
    plan: Plan,
    attempts: &'a [Attempt],
    count: u64,
    path: Vec<usize>,
}

impl Walk<'_> {
    fn branch(&mut self, first: usize, crash_before: bool) -> Option<String> {
        self.path = vec![first];
        if self.crashes(crash_before) > self.plan.crashes {
            return None;
        }
        self.below(crash_before)
    }

    /// Plays the path, and everything that continues it. A path that needs more attempts
    /// than it has is none of the sequences, but the beginning of some.
    fn below(&mut self, crash_before: bool) -> Option<String> {
        let attempts: Vec<Attempt> = self.path.iter().map(|at| self.attempts[*at]).collect();
        let Plan { operation, max_retries, wrong, .. } = self.plan;
        let sequence =
            Sequence { operation, crash_before, attempts: &attempts, max_retries, wrong };
        let sends = match World::new(sequence).play() {
            Ok(sends) => sends,
            Err(broken) => return Some(explain(&sequence, &broken)),
        };
        if self.path.len() == self.plan.depth || sends <= self.path.len() {
            self.count += 1;
            return None;
        }
        for next in 0..self.attempts.len() {
            self.path.push(next);
            if self.crashes(crash_before) <= self.plan.crashes
                && let Some(broken) = self.below(crash_before)
            {
                return Some(broken);
            }
            self.path.pop();
        }
        None
    }

    fn crashes(&self, crash_before: bool) -> usize {
        let dies = |at: &&usize| {
            let attempt = self.attempts[**at];
            attempt.then_crash || attempt.outcome.client == Gets::Crash
        };
        usize::from(crash_before) + self.path.iter().filter(dies).count()
    }
}

fn explain(sequence: &Sequence<'_>, broken: &Broken) -> String {
    let mut names: Vec<&str> = Vec::new();
    if sequence.crash_before {
        names.push("crash");
    }
    for attempt in sequence.attempts {
        names.push(attempt.outcome.name);
        if attempt.then_crash {
            names.push("crash");
        }
    }
    format!("{:?}: {} ({})", broken.rule, broken.what, names.join(" | "))
}
