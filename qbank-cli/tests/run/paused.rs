//! One process works on a journal; another stops it, a signal too, and the same command goes on.

use std::time::Duration;

use crate::program::folder::{intent_of_app, invoices, refused, result};
use crate::program::{Folder, Running};
use serde_json::json;

const SLOW: &str = r#"{"path":"/payments/ach","kind":"delay","ms":300,"times":1000}"#;

/// A run that is under way.
fn under_way(folder: &Folder, line: &str) -> Running {
    folder.bank.fault(SLOW);
    let running = folder.run(line).start();
    running.until("a payment", || (folder.bank.entries() > 0).then_some(()));
    running
}

#[test]
fn a_second_process_is_told_of_the_first() {
    let folder = Folder::of(100);
    let running = under_way(&folder, "p.csv --yes");
    let message = refused(&folder.run("p.csv --yes").run());
    let id = running.child.id();
    assert!(message.contains(&format!("process {id} is working on p.csv.qbank.db")), "{message}");
    assert!(message.contains("--pause"), "{message}");
    // Through another name of the same file, too.
    std::os::unix::fs::symlink(folder.path("p.csv.qbank.db"), folder.path("other.db")).unwrap();
    let message = refused(&folder.run("p.csv --yes --journal other.db").run());
    assert!(message.contains(&format!("process {id} ")), "{message}");
    drop(running.kill());
    assert!(folder.bank.entries() < 100);
}

#[test]
fn a_pause_from_another_process() {
    let folder = Folder::of(100);
    let running = under_way(&folder, "p.csv --yes");
    assert_eq!(folder.run("p.csv --pause").run().ok(), json!({ "paused": true }));
    let ended = running.end();
    goes_on(&folder, &result(&ended, 3));
    assert!(ended.stderr.contains("paused by `qbank run --pause`"), "{ended:?}");
    assert!(!ended.stderr.contains("outbox continue"), "{ended:?}");
}

#[test]
fn a_signal_stops_it_as_well() {
    for signal in ["INT", "TERM", "HUP"] {
        let folder = Folder::of(60);
        let running = under_way(&folder, "p.csv --yes");
        running.signal(signal);
        let ended = running.end();
        assert!(ended.took < Duration::from_secs(5), "{ended:?}");
        assert!(ended.stderr.contains("stopping: nothing new is sent"), "{ended:?}");
        goes_on(&folder, &result(&ended, 3));
    }
}

/// It stopped between two rows; the same command pays the rest.
#[track_caller]
fn goes_on(folder: &Folder, found: &serde_json::Value) {
    let paid = folder.bank.entries();
    let rows = found["rows"].as_u64().unwrap();
    assert_eq!(found["accepted"], paid);
    assert_eq!(found["pending"], rows - paid as u64);
    assert!(found["pending"].as_u64() > Some(0), "{found}");
    let outcomes = folder.outcomes("p.csv");
    assert_eq!(outcomes.iter().filter(|it| *it == "accepted").count(), paid);
    assert_eq!(outcomes.iter().filter(|it| *it == "pending").count() + paid, outcomes.len());
    let found = result(&folder.run("p.csv --yes --concurrency 64").run(), 0);
    assert_eq!(found["accepted"], rows);
    assert_eq!(folder.bank.entries() as u64, rows);
}

#[test]
fn where_nothing_is_under_way_nothing_is_paused() {
    let folder = Folder::of(3);
    let message = refused(&folder.run("p.csv --pause").run());
    assert!(message.contains("no run is under way: there is no p.csv.qbank.db"), "{message}");
    result(&folder.run("p.csv --yes").run(), 0);
    let message = refused(&folder.run("p.csv --pause").run());
    assert!(message.contains("no run is under way"), "{message}");
}

/// Somebody stopped it for a reason; another file of the same journal must not pay its rows.
#[test]
fn what_is_paused_is_not_paid_by_another_run_of_the_journal() {
    let folder = Folder::of(60);
    let running = under_way(&folder, "p.csv --yes --journal j.db");
    running.signal("TERM");
    result(&running.end(), 3);
    let paid = folder.bank.entries();
    folder.write("q.csv", invoices(1001..=1002));
    let message = refused(&folder.run("q.csv --yes --journal j.db").run());
    assert!(message.contains("another run of j.db has"), "{message}");
    assert_eq!(folder.bank.entries(), paid);
    result(&folder.run("p.csv --yes --journal j.db --concurrency 64").run(), 0);
    let found = result(&folder.run("q.csv --yes --journal j.db").run(), 0);
    assert_eq!((&found["rows"], &found["accepted"]), (&json!(2), &json!(2)));
    assert_eq!(folder.bank.entries(), 62);
}

#[test]
fn nor_is_what_somebody_else_enqueued_there() {
    let folder = Folder::of(2);
    folder.write("q.csv", invoices(3..=3));
    result(&folder.run("p.csv --yes --journal j.db").run(), 0);
    let store = format!("sqlite:{}", folder.path("j.db").display());
    let add = folder.bank.qbank("outbox add -").env("QBANK_STORE", &store);
    let added = add.stdin(intent_of_app().to_string()).run();
    assert_eq!(added.code, Some(0), "{added:?}");
    let message = refused(&folder.run("q.csv --yes --journal j.db").run());
    assert!(message.contains("another run of j.db has 1 payments"), "{message}");
    assert_eq!(folder.bank.entries(), 2);
}
