//! Processes are ended at every named place, one after the other: workers four at a time, and
//! each other operation of a store.

use qbank_sandbox::BankFault;

use crate::behaviour::Folder;
use crate::part::Limits;
use crate::process::Ended;
use crate::server::Database;
use crate::setup::{Setup, Shared};

/// Where a worker passes.
const PLACES: [&str; 10] = [
    "turn.before",
    "turn.read",
    "write.rows",
    "write.attempts",
    "write.audit",
    "write.lanes",
    "turn.written",
    "turn.committed",
    "call.before",
    "call.after",
];

/// How many rows there are for each place: more than four workers send before they die.
const ROWS: u32 = 20;

fn whoever_dies_wherever_each_payment_is_made_once<P: Shared>(worker: &str) {
    let Some(setup) = Setup::<P>::new() else { return };
    let mut rows = 0;
    for place in PLACES {
        setup.enqueue(rows..rows + ROWS);
        rows += ROWS;
        let mut passes = [1, 1, 2, 3];
        if place == "write.lanes" {
            // Who tries a row of a paused lane writes that down, and then what came of it: two
            // workers die at the one, and two at the other, of which one has a 401.
            setup.pause_credential();
            setup.inject(BankFault::revoke_token());
            passes = [1, 1, 2, 2];
        }
        let workers = passes.map(|nth| setup.start_to_end_at(worker, place, nth));
        assert_eq!(setup.wait_all(workers), 4, "of four workers died at {place}");
        setup.run_out("TRUE");
        setup.work();
        setup.all_paid(usize::try_from(rows).unwrap());
    }
    assert_ne!(setup.count("outbox WHERE sends > 1"), 0, "somebody died between send and response");
    assert_eq!(setup.count("lane"), 0);
    setup.chains_hold();
}

#[test]
fn whoever_dies_wherever_each_payment_is_made_once_on_sqlite() {
    whoever_dies_wherever_each_payment_is_made_once::<Folder>("worker");
}

#[test]
fn whoever_dies_wherever_each_payment_is_made_once_on_postgres() {
    whoever_dies_wherever_each_payment_is_made_once::<Database>("worker");
}

#[test]
fn whoever_dies_wherever_each_payment_is_made_once_on_postgres_and_tokio() {
    whoever_dies_wherever_each_payment_is_made_once::<Database>("tokio worker");
}

/// Each operation, and the places before its commit. The next one finds what it needs.
const OPERATIONS: [(&str, &[&str]); 7] = [
    (
        "enqueue",
        &["enqueue.before", "write.intents", "write.rows", "write.audit", "enqueue.written"],
    ),
    (
        "command",
        &["command.before", "command.read", "write.rows", "write.audit", "command.written"],
    ),
    ("pause", &["pause.before", "write.lanes", "pause.written"]),
    ("resume", &["resume.before", "write.lanes", "resume.written"]),
    (
        "webhook",
        &["webhook.before", "webhook.read", "write.rows", "write.audit", "webhook.written"],
    ),
    (
        "prune",
        &[
            "prune.before",
            "prune.read",
            "write.intents",
            "write.rows",
            "write.audit",
            "prune.written",
        ],
    ),
    (
        "after_restore",
        &[
            "after_restore.before",
            "after_restore.read",
            "write.rows",
            "write.audit",
            "after_restore.written",
        ],
    ),
];

fn an_operation_whose_process_dies_is_done_or_not_begun<P: Shared>() {
    let Some(setup) = Setup::<P>::new() else { return };
    setup.enqueue(0..4);
    setup.work();
    setup.enqueue(4..6);
    let operate = |operation: &str, place: Option<&str>| {
        // The row that is cancelled, and the payment that settles.
        let row = if operation == "command" { "5" } else { "1" };
        let mut command = setup.command(operation, Limits::LONG);
        command.env("OUTBOX_ROW", row);
        if let Some(place) = place {
            command.env("QBANK_FAILPOINT", format!("{place}=1"));
        }
        setup.start(&mut command).wait()
    };
    let mut before = setup.place.content();
    for (operation, places) in OPERATIONS {
        for place in places {
            let ended = operate(operation, Some(place));
            assert_eq!(ended, Ended::AtItsPlace, "{operation} does not pass {place}");
            assert_eq!(setup.place.content(), before, "{operation} died at {place}");
        }
        let ended = operate(operation, Some(&format!("{operation}.committed")));
        assert_eq!(ended, Ended::AtItsPlace, "{operation} does not pass its commit");
        let done = setup.place.content();
        assert_ne!(done, before, "{operation} died after its commit");
        // Its caller did not get the result, and repeats it.
        assert_eq!(operate(operation, None), Ended::Well);
        assert_eq!(setup.place.content(), done, "{operation}, once more");
        before = done;
    }
    let states = setup.place.sql("SELECT state, count(*) FROM outbox GROUP BY state ORDER BY 1");
    assert_eq!(states, "accepted|3\ncancelled|1\nreconcile|4\nsettled|1");
    assert_eq!(setup.paid(), 4);
    setup.chains_hold();
}

#[test]
fn an_operation_whose_process_dies_is_done_or_not_begun_on_sqlite() {
    an_operation_whose_process_dies_is_done_or_not_begun::<Folder>();
}

#[test]
fn an_operation_whose_process_dies_is_done_or_not_begun_on_postgres() {
    an_operation_whose_process_dies_is_done_or_not_begun::<Database>();
}

fn a_migration_whose_process_dies_is_done_or_not_begun<P: Shared>() {
    let Some(setup) = Setup::<P>::empty() else { return };
    for place in ["migrate.before", "migrate.written"] {
        assert_eq!(setup.start_to_end_at("migrate", place, 1).wait(), Ended::AtItsPlace);
        assert!(!setup.place.opens(), "there is no store after a death at {place}");
    }
    let committed = setup.start_to_end_at("migrate", "migrate.committed", 1);
    assert_eq!(committed.wait(), Ended::AtItsPlace);
    assert!(setup.place.opens());
    let again = setup.start(&mut setup.command("migrate", Limits::LONG));
    assert_eq!(again.wait(), Ended::Well);
    setup.enqueue(0..1);
    setup.work();
    setup.all_paid(1);
}

#[test]
fn a_migration_whose_process_dies_is_done_or_not_begun_on_sqlite() {
    a_migration_whose_process_dies_is_done_or_not_begun::<Folder>();
}

#[test]
fn a_migration_whose_process_dies_is_done_or_not_begun_on_postgres() {
    a_migration_whose_process_dies_is_done_or_not_begun::<Database>();
}
