//! A worker stands still while it sends, for longer than its lease: another has its rows by then.

use std::time::{Duration, Instant};

use qbank_sandbox::BankFault;

use crate::behaviour::Folder;
use crate::part::Limits;
use crate::process::{Ended, until};
use crate::server::Database;
use crate::setup::{Setup, Shared};

const LIMITS: Limits =
    Limits { deadline: Duration::from_secs(1), margin: Duration::from_secs(1), ..Limits::LONG };

/// As many as a worker sends at once, and some for the other.
const ROWS: u32 = 10;

fn a_worker_that_stands_still_while_it_sends_doubles_nothing<P: Shared>(worker: &str) {
    let Some(setup) = Setup::<P>::new() else { return };
    let sending = || setup.count("outbox WHERE state = 'sending'");
    let mut rows = 0;
    // Where this machine is so slow that the responses are there before the worker is stopped,
    // once more.
    let stopped = (0..5).find_map(|_| {
        setup.enqueue(rows..rows + ROWS);
        let paid = setup.paid() + LIMITS.concurrency;
        rows += ROWS;
        let delay = LIMITS.deadline * 3 / 4;
        setup.inject(BankFault::delay(delay).times(4));
        let stopped = setup.start(&mut setup.command(worker, LIMITS));
        until("the bank has one", || setup.paid() > paid - LIMITS.concurrency);
        let since = Instant::now();
        until("the bank has all that is sent at once", || setup.paid() >= paid);
        stopped.signal("STOP");
        // No response was there, so that it is in no transaction, whose locks it would keep.
        if since.elapsed() < delay / 2 && sending() == LIMITS.concurrency {
            return Some(stopped);
        }
        stopped.signal("CONT");
        assert_eq!(stopped.wait(), Ended::Well);
        None
    });
    let stopped = stopped.unwrap_or_else(|| panic!("no worker was stopped while it sent"));
    let rows = usize::try_from(rows).unwrap();

    let other = setup.start(&mut setup.command(worker, LIMITS));
    assert_eq!(other.wait(), Ended::Well);
    setup.all_paid(rows);
    let taken = "audit WHERE event = 'lease_expired' AND detail LIKE ";
    let taken = setup.count(&format!("{taken} '%worker:{}%'", stopped.id()));
    assert_eq!(taken, LIMITS.concurrency, "what it was sending was taken over");

    // What comes of its own sends is written down, and changes nothing.
    let by = format!("audit WHERE event = 'late_answer' AND actor = 'worker:{}'", stopped.id());
    assert_eq!(setup.count(&by), 0);
    stopped.signal("CONT");
    assert_eq!(stopped.wait(), Ended::Well);
    assert_eq!(setup.count(&by), LIMITS.concurrency);
    setup.all_paid(rows);
    setup.chains_hold();
}

#[test]
fn a_worker_that_stands_still_while_it_sends_doubles_nothing_on_sqlite() {
    a_worker_that_stands_still_while_it_sends_doubles_nothing::<Folder>("worker");
}

#[test]
fn a_worker_that_stands_still_while_it_sends_doubles_nothing_on_postgres() {
    a_worker_that_stands_still_while_it_sends_doubles_nothing::<Database>("worker");
}

#[test]
fn a_worker_that_stands_still_while_it_sends_doubles_nothing_on_postgres_and_tokio() {
    a_worker_that_stands_still_while_it_sends_doubles_nothing::<Database>("tokio worker");
}
