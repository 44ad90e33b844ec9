//! Workers whose clocks are an hour off: what counts is the database's clock. With SQLite there
//! is one clock, the machine's.

use std::process::Command;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qbank_outbox::Store;
use qbank_sandbox::BankFault;

use crate::part::Limits;
use crate::process::{Ended, Process, until};
use crate::server::{Database, skipped};
use crate::setup::Setup;

const HOUR: i64 = 3600;

/// By a clock that is an hour off, everything in doubt would be too old, or nothing.
const LIMITS: Limits = Limits { max_key_age: Duration::from_secs(1800), ..Limits::LONG };

/// What makes the wall clock of a process another one: a library that is loaded before others.
struct Faketime(String);

impl Faketime {
    /// None, where this machine has none, which is said.
    fn find() -> Option<Self> {
        let found = Self::try_find();
        if found.is_none() {
            skipped("no worker had a wrong clock: faketime is not installed");
        }
        found
    }

    fn try_find() -> Option<Self> {
        let output = Command::new("faketime").args(["-m", "-f", "+1h", "env"]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        let library = text.lines().find_map(|line| line.strip_prefix("LD_PRELOAD="))?;
        Some(Self(library.to_owned()))
    }

    /// The monotonic clock stays: it has no hours to be off by.
    fn apply(&self, command: &mut Command, seconds: i64) {
        command.env("LD_PRELOAD", &self.0).env("FAKETIME", format!("{seconds:+}"));
        command.env("FAKETIME_DONT_FAKE_MONOTONIC", "1").env("DONT_FAKE_MONOTONIC", "1");
    }
}

/// By how much the clock of a process was off.
fn off(log: &str) -> i64 {
    let clock = log.lines().find_map(|line| line.strip_prefix("clock=")).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    clock.parse::<i64>().unwrap() - now.cast_signed()
}

/// A worker whose clock is off by so much.
fn start(setup: &Setup<Database>, part: &str, faketime: &Faketime, seconds: i64) -> Process {
    let mut command = setup.command(part, LIMITS);
    if seconds != 0 {
        faketime.apply(&mut command, seconds);
    }
    setup.start(&mut command)
}

#[test]
fn workers_whose_clocks_are_an_hour_off_double_nothing_beside_one_that_is_right() {
    let Some(faketime) = Faketime::find() else { return };
    let Some(setup) = Setup::<Database>::new() else { return };
    setup.enqueue(0..60);
    setup.inject(BankFault::drop_after_commit().times(6));
    setup.inject(BankFault::delay(Duration::from_millis(50)).times(54));
    // All begin at once.
    setup.store().pause("until all workers are there").unwrap();
    let workers = [(HOUR, "worker"), (-HOUR, "tokio worker"), (0, "worker")]
        .map(|(seconds, part)| (seconds, start(&setup, part, &faketime, seconds)));
    let there = "pg_stat_activity WHERE datname = current_database() \
                 AND application_name = 'qbank-outbox'";
    until("all workers are there", || setup.count(there) == workers.len());
    for (seconds, worker) in &workers {
        let off = off(&worker.log());
        assert!((off - seconds).abs() < 600, "a clock is off by {off} and not by {seconds} s");
    }
    setup.store().resume().unwrap();
    assert_eq!(setup.wait_all(workers.map(|(_, worker)| worker)), 0);
    setup.all_paid(60);
    let workers = "SELECT count(DISTINCT actor) FROM audit WHERE event = 'sending'";
    assert_eq!(setup.place.sql(workers).unwrap(), "3", "each has sent some");
    setup.chains_hold();
}

#[test]
fn the_age_of_a_key_is_by_the_databases_clock() {
    let Some(faketime) = Faketime::find() else { return };
    for seconds in [HOUR, -HOUR] {
        let Some(setup) = Setup::<Database>::new() else { return };
        let sql = |sql: &str| setup.place.sql(sql).unwrap();
        // In doubt since just now: it is sent again.
        setup.enqueue(0..1);
        setup.inject(BankFault::drop_after_commit());
        assert_eq!(start(&setup, "worker", &faketime, seconds).wait(), Ended::Well);
        setup.all_paid(1);
        assert_eq!(sql("SELECT sends FROM outbox"), "2");
        // It is not polled any more, so that there is one row to call the bank for.
        sql("UPDATE outbox SET next_at = NULL");

        // In doubt for forty minutes: it is not.
        setup.enqueue(1..2);
        assert_eq!(setup.start_to_end_at("worker", "call.after", 1).wait(), Ended::AtItsPlace);
        setup.run_out("TRUE");
        sql("UPDATE outbox SET first_sent_at = first_sent_at - interval '40 minutes' \
             WHERE state = 'sending'");
        assert_eq!(start(&setup, "worker", &faketime, seconds).wait(), Ended::Well);
        let rows = sql("SELECT state, sends FROM outbox ORDER BY id");
        assert_eq!(rows, "accepted|2\nreconcile|1", "a clock is off by {seconds} s");
        assert_eq!(setup.paid(), 2);
        setup.chains_hold();
    }
}
