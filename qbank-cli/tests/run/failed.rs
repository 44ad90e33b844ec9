//! `--failed-to`: what was not paid, to be corrected.

use crate::program::folder::{intent_of_app, invoices, records, refused, result};
use crate::program::{CLOSED, Folder, OPERATING};
use qbank_outbox::rusqlite::Connection;
use serde_json::json;

fn bad(n: u32) -> String {
    format!("BAD-{n},{CLOSED},\"Nobody, Inc\",021000021,8800{n},5.00,R\n")
}

#[test]
fn refused_rows_get_new_ids_and_can_be_corrected() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=2) + &bad(1) + &bad(2));
    let found = result(&folder.run("p.csv --yes --failed-to new.csv").run(), 3);
    assert_eq!(
        found["failed_to"],
        json!({ "file": "new.csv", "rows": 2, "earlier": [], "may_be_paid": [] })
    );
    let new = folder.read("new.csv");
    let ids: Vec<String> = records(&new).iter().map(|cells| cells[0].clone()).collect();
    assert_eq!(ids, ["payment_id", "BAD-1-retry-1", "BAD-2-retry-1"]);
    assert!(new.contains("\"Nobody, Inc\""), "{new}");
    // What was written is not overwritten, and nothing else is done.
    let requests = folder.bank.requests().len();
    let message = refused(&folder.run("p.csv --yes --failed-to new.csv").run());
    assert!(message.contains("new.csv is there already"), "{message}");
    assert_eq!(folder.bank.requests().len(), requests);

    folder.write("new.csv", new.replace(CLOSED, OPERATING));
    assert_eq!(result(&folder.run("new.csv --yes").run(), 0)["accepted"], 2);
    assert_eq!(folder.bank.entries(), 4);
}

#[test]
fn in_the_same_journal_they_are_no_duplicates() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=1) + &bad(1));
    result(&folder.run("p.csv --yes --journal j.db --failed-to new.csv").run(), 3);
    folder.write("new.csv", folder.read("new.csv").replace(CLOSED, OPERATING));
    assert_eq!(result(&folder.run("new.csv --yes --journal j.db").run(), 0)["accepted"], 1);
    // It is paid by now: no other file gets it, not even if the first one is called lost.
    let again = "p.csv --yes --journal j.db --failed-to more.csv --failed-again new.csv";
    assert_eq!(result(&folder.run(again).run(), 3)["failed_to"]["rows"], 0);
    assert!(!folder.path("more.csv").exists());
}

#[test]
fn a_row_that_another_intent_replaces_is_not_written() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=1) + &bad(1) + &bad(2));
    result(&folder.run("p.csv --yes").run(), 3);
    let store = format!("sqlite:{}", folder.path("p.csv.qbank.db").display());
    let mut intent = intent_of_app();
    intent["replaces"] = json!("BAD-1");
    for line in ["outbox add -", "outbox work --until-empty"] {
        let program = folder.bank.qbank(line).env("QBANK_STORE", &store);
        let ended = program.stdin(intent.to_string()).run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
    }
    let found = result(&folder.run("p.csv --yes --failed-to new.csv").run(), 3);
    assert_eq!(found["failed_to"]["rows"], 1);
    assert!(folder.read("new.csv").contains("BAD-2-retry-1"));
}

#[test]
fn only_what_the_lost_file_got_is_written_again() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=1) + &bad(1));
    result(&folder.run("p.csv --yes --failed-to a.csv").run(), 3);
    let lost = "p.csv --yes --failed-to b.csv --failed-again other.csv";
    let ended = folder.run(lost).run();
    assert_eq!(result(&ended, 3)["failed_to"]["rows"], 0);
    assert!(ended.stderr.contains("a.csv before: 1."), "{}", ended.stderr);
    let lost = "p.csv --yes --failed-to b.csv --failed-again a.csv";
    assert_eq!(result(&folder.run(lost).run(), 3)["failed_to"]["rows"], 1);
    // And what is in the second one is not lost with the first.
    let lost = "p.csv --yes --failed-to c.csv --failed-again a.csv";
    assert_eq!(result(&folder.run(lost).run(), 3)["failed_to"]["rows"], 0);
}

#[test]
fn a_row_is_written_to_one_file_only() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=1) + &bad(1) + &bad(2));
    result(&folder.run("p.csv --yes --failed-to new.csv").run(), 3);
    // The first file may have been paid, wherever it is by now.
    std::fs::rename(folder.path("new.csv"), folder.path("corrected.csv")).unwrap();
    for other in ["more.csv", "new.csv"] {
        let ended = folder.run(&format!("p.csv --yes --failed-to {other}")).run();
        let found = &result(&ended, 3)["failed_to"];
        let first = std::fs::canonicalize(folder.path("")).unwrap().join("new.csv");
        let earlier = json!([{ "file": first.display().to_string(), "rows": 2 }]);
        assert_eq!(
            found,
            &json!({ "file": null, "rows": 0, "earlier": earlier, "may_be_paid": [] })
        );
        assert!(ended.stderr.contains("They are not written again"), "{}", ended.stderr);
        assert!(!folder.path(other).exists(), "{other}");
    }
    // Whoever knows that it never was can have it again.
    let again = folder.run("p.csv --yes --failed-to more.csv --failed-again new.csv").run();
    assert_eq!(result(&again, 3)["failed_to"]["rows"], 2);
    assert_eq!(folder.bank.entries(), 1);
    let store = format!("sqlite:{}", folder.path("p.csv.qbank.db").display());
    let verified = folder.bank.qbank("outbox verify-audit").env("QBANK_STORE", &store).run();
    assert_eq!(verified.code, Some(0), "{verified:?}");
}

#[test]
fn where_nothing_failed_no_file_is_written() {
    let folder = Folder::of(2);
    let found = result(&folder.run("p.csv --yes --failed-to new.csv").run(), 0);
    assert_eq!(
        found["failed_to"],
        json!({ "file": null, "rows": 0, "earlier": [], "may_be_paid": [] })
    );
    assert!(!folder.path("new.csv").exists());
}

#[test]
fn what_was_called_off_is_not_to_be_corrected() {
    let folder = Folder::of(2);
    result(&folder.run("p.csv --yes --hold").run(), 0);
    let store = format!("sqlite:{}", folder.path("p.csv.qbank.db").display());
    let ended = folder.bank.qbank("outbox cancel 1").env("QBANK_STORE", &store).run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let found = result(&folder.run("p.csv --yes --failed-to new.csv").run(), 3);
    assert_eq!((&found["never_sent"], &found["held"]), (&json!(1), &json!(1)));
    assert_eq!(found["failed_to"]["rows"], 0);
}

#[test]
fn what_was_handed_out_and_is_in_doubt_by_now_is_named() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=1) + &bad(1) + &bad(2));
    result(&folder.run("p.csv --yes --failed-to new.csv").run(), 3);
    // As a late response leaves it.
    let journal = Connection::open(folder.path("p.csv.qbank.db")).unwrap();
    let late = "UPDATE outbox SET state = 'reconcile', fate = 'unknown' WHERE id = \
                (SELECT id FROM intent WHERE intent_id = 'BAD-1')";
    assert_eq!(journal.execute(late, []).unwrap(), 1);
    drop(journal);
    let ended = folder.run("p.csv --yes --failed-to more.csv").run();
    let found = &result(&ended, 5)["failed_to"];
    assert_eq!((&found["rows"], &found["may_be_paid"]), (&json!(0), &json!(["BAD-1"])));
    assert!(ended.stderr.contains("accepted or in doubt by now: BAD-1."), "{}", ended.stderr);
}
