//! Bad days by the thousand, with a client that is right and with clients that are not.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

use std::process::Command;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use qbank_sandbox::simulator::{Mutant, Rule, Schedule, Violation};

/// Schedules that found something once, and what: a line of `qbank-proto` or of the bank
/// that was broken by hand, unless noted otherwise. They run in every test.
const REGRESSIONS: [(u64, &str); 23] = [
    (0, "every call refreshed the token for itself; an attempt outlived the deadline"),
    (4, "the bank: a key in process was done again"),
    (11, "a resumed call started at never sent"),
    (16, "the last attempt decided the fate"),
    (19, "a broken connection was never sent; one retry too many"),
    (21, "a ticket that the driver lost was never sent; a retry delay crossed the deadline"),
    (22, "a conflict of keys was a refusal"),
    (26, "a Location of another origin was followed"),
    (29, "a token was refreshed at half of its life"),
    (47, "a 503 was a refusal"),
    (69, "a wire that failed was accepted; the bank: a failed payment kept the money"),
    (178, "a call that was called off had never been sent"),
    (184, "a payment was followed whatever its amount"),
    (201, "a call that gave the lead up woke no other"),
    (335, "a key was sent again however old it was"),
    (347, "a 401 threw away a newer token than the one it refused"),
    (411, "the bank: keys were forgotten too early"),
    (452, "a page of a proxy was a refusal"),
    (590, "a redirect was a refusal"),
    (2837, "a 408 was a refusal"),
    (
        9_945_760,
        "the clock set forwards and back: a failed early refresh brought the next one nearer",
    ),
    (10_606_011, "the same, where the token endpoint could not be reached"),
    (40_379_150, "the simulator itself: a call that a 429 held back was taken for forgotten"),
];

#[test]
fn twenty_thousand_bad_days_break_no_rule() {
    let next = AtomicU64::new(0);
    let work = || {
        while let Some(seed) = Some(next.fetch_add(1, Ordering::Relaxed)).filter(|it| *it < 20_000)
        {
            holds(Schedule::new(seed), "new");
        }
    };
    thread::scope(|scope| {
        for thread in [scope.spawn(work), scope.spawn(work)] {
            thread.join().unwrap();
        }
    });
}

#[test]
fn what_was_found_once_stays_found() {
    for (seed, what) in REGRESSIONS {
        holds(Schedule::new(seed), what);
    }
}

fn holds(schedule: Schedule, what: &str) {
    if let Some(violation) = schedule.run() {
        let (seed, trace) = (schedule.seed(), schedule.explain(&violation));
        panic!("seed {seed} ({what}): {violation}\n{trace}\n{AGAIN} --seed {seed}");
    }
}

const AGAIN: &str = "again: cargo run --release -p qbank-sandbox --bin simulate -- --schedules 1";

#[test]
fn a_seed_decides_everything() {
    for seed in 0..20 {
        let trace = Schedule::new(seed).trace();
        assert!(!trace.is_empty());
        assert_eq!(trace, Schedule::new(seed).trace());
    }
}

#[test]
fn every_wrong_client_is_found_out() {
    let mut escaped = Vec::new();
    for mutant in Mutant::ALL {
        let began = Instant::now();
        match first_violation(mutant) {
            Some((schedule, violation)) => println!(
                "{mutant:?}: {:?} after {} schedules, {:?}",
                violation.rule,
                schedule.seed() + 1,
                began.elapsed()
            ),
            None => escaped.push(mutant),
        }
    }
    assert!(escaped.is_empty(), "not found out: {escaped:?}");
}

/// Enough for each, in a few seconds.
const MOST_TRIES: u64 = 3_000;

fn first_violation(mutant: Mutant) -> Option<(Schedule, Violation)> {
    (0..MOST_TRIES)
        .map(|seed| Schedule::new(seed).with(mutant))
        .find_map(|schedule| Some((schedule, schedule.run()?)))
}

#[test]
fn a_failing_schedule_is_explained_in_few_lines() {
    let (schedule, violation) = first_violation(Mutant::NewKeyPerAttempt).unwrap();
    let trace = schedule.explain(&violation);
    assert_eq!(violation.rule, Rule::PaidOnce);
    assert!(trace.lines().count() <= 12, "{trace}");
    assert!(trace.contains("VIOLATION PaidOnce"), "{trace}");
}

#[test]
fn the_program_sums_up_in_its_last_line_and_fails_on_a_violation() {
    let (code, output) = simulate(&["--schedules", "50", "--seed", "3"]);
    let last = output.lines().last().unwrap();
    let rate = last.strip_prefix("50 schedules, 0 violations, ").unwrap();
    let rate: u64 = rate.strip_suffix(" schedules/min").unwrap().parse().unwrap();
    assert!(rate > 0);
    assert_eq!(code, Some(0));

    let (code, output) = simulate(&["--schedules", "50", "--mutant", "NewKeyPerAttempt"]);
    assert!(output.contains("VIOLATION PaidOnce"), "{output}");
    assert!(!output.lines().last().unwrap().contains(" 0 violations"), "{output}");
    assert_eq!(code, Some(1));

    for bad in [&["--schedules"][..], &["--schedules", "many"], &["--seed", "1"], &["--what", "1"]]
    {
        assert_eq!(simulate(bad).0, Some(2), "{bad:?}");
    }
}

fn simulate(arguments: &[&str]) -> (Option<i32>, String) {
    let ran = Command::new(env!("CARGO_BIN_EXE_simulate")).args(arguments).output().unwrap();
    (ran.status.code(), String::from_utf8(ran.stdout).unwrap())
}
