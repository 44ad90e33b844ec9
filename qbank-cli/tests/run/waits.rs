//! `--wait`, and lanes that stay paused.

use std::time::Duration;

use crate::program::Folder;
use crate::program::folder::result;
use serde_json::json;

#[test]
fn each_is_waited_for_until_it_is_final() {
    let folder = Folder::of(3);
    let running = folder.run("p.csv --yes --wait --deadline 60").start();
    running.until("three payments", || (folder.bank.entries() == 3).then_some(()));
    std::thread::sleep(Duration::from_millis(500));
    folder.bank.advance(Duration::from_secs(7 * 24 * 3600));
    assert_eq!(result(&running.end(), 0)["accepted"], 3);
    assert_eq!(folder.outcomes("p.csv"), ["settled"; 3]);
    let row = &folder.results("p.csv")[0];
    assert_eq!(row.cell("bank_status"), "P_COMPLETED");
}

#[test]
fn time_up_while_the_bank_has_them() {
    let folder = Folder::of(3);
    let ended = folder.run("p.csv --yes --wait --deadline 1.5").run();
    assert_eq!(result(&ended, 4)["accepted"], 3);
    assert!(ended.took < Duration::from_secs(6), "{ended:?}");
    assert!(ended.stderr.contains("3 payments are accepted and not final yet"), "{ended:?}");
    assert_eq!(folder.outcomes("p.csv"), ["accepted"; 3]);
}

#[test]
fn time_up_while_they_are_sent() {
    let folder = Folder::of(40);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":400,"times":1000}"#);
    let ended = folder.run("p.csv --yes --wait --deadline 1 --concurrency 2").run();
    let found = result(&ended, 4);
    assert!(found["pending"].as_u64() > Some(0), "{found}");
    assert!(ended.took < Duration::from_secs(6), "{ended:?}");
}

#[test]
fn a_right_that_is_missing_refuses_no_row() {
    let folder = Folder::of(20);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"status","status":403,"times":1000}"#);
    let ended = folder.run("p.csv --yes --lane-patience 2").run();
    let found = result(&ended, 3);
    assert_eq!((&found["pending"], &found["refused"]), (&json!(20), &json!(0)));
    assert!(ended.took < Duration::from_secs(12), "{ended:?}");
    assert_eq!(folder.bank.entries(), 0);
    assert_eq!(folder.outcomes("p.csv"), ["pending"; 20]);
    assert!(ended.stderr.contains("is paused"), "{ended:?}");
    assert!(folder.bank.sends("/payments/ach").len() < 20);
}

/// Better at once than after the patience of a lane.
#[test]
fn credentials_that_are_wrong_are_told_before_anything_is_written() {
    let folder = Folder::of(2);
    let ended = folder.run("p.csv --yes").env("QBANK_CLIENT_SECRET", "wrong").run();
    let error = ended.error(3);
    // The balance is read first.
    let (kind, fate) = (json!("unauthenticated"), json!("not_applicable"));
    assert_eq!((&error["kind"], &error["fate"]), (&kind, &fate));
    assert!(!folder.path("p.csv.qbank.db").exists());
    assert!(ended.took < Duration::from_secs(10), "{ended:?}");
}
