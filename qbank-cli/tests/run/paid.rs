//! What becomes of the rows, and how it is told.

use crate::program::document::{assert_members, is_moment, is_uuid};
use crate::program::folder::{HEADER, RESULTS, invoices, result};
use crate::program::{CLOSED, Folder, OPERATING, PAYROLL};
use serde_json::{Value, json};

#[test]
fn each_row_is_paid_once_and_told_of() {
    let folder = Folder::of(20);
    let ended = folder.run("p.csv --yes").run();
    let found = result(&ended, 0);
    let numbers = [
        "accepted",
        "refused",
        "never_sent",
        "in_progress",
        "unknown",
        "reconcile",
        "failed",
        "held",
        "pending",
    ];
    let names = [&["run", "rows", "total", "results", "journal"], &numbers[..]].concat();
    assert_members(&found, &names);
    assert_eq!((&found["rows"], &found["accepted"]), (&json!(20), &json!(20)));
    assert_eq!(found["total"], "22.10");
    assert_eq!(found["results"], "p.csv.results.csv");
    assert_eq!(found["journal"], "p.csv.qbank.db");
    assert_eq!(folder.bank.entries(), 20);
    assert_eq!(folder.bank.sends("/token").len(), 1);

    let text = folder.read("p.csv.results.csv");
    assert_eq!(text.lines().next(), Some(RESULTS));
    let rows = folder.results("p.csv");
    assert_eq!(rows.len(), 20);
    for (row, n) in rows.iter().zip(1..) {
        assert_eq!(row.cell("row"), n.to_string());
        assert_eq!((&*row.payment_id, &*row.outcome), (&*format!("INV-{n}"), "accepted"));
        assert_eq!(row.cell("amount"), format!("1.{n:02}"));
        assert_eq!(row.cell("recipient_name"), format!("Supplier {n}"));
        assert_eq!(row.cell("account"), format!("{n:04}"));
        assert_eq!(row.cell("attempts"), "1");
        for id in ["bank_payment_id", "idempotency_key"] {
            assert!(is_uuid(&row.cell(id).into()), "{row:?}");
        }
        assert!(is_moment(&row.cell("first_sent").into()), "{row:?}");
        assert_eq!(folder.bank.entries_of(row.cell("idempotency_key")), 1);
        assert_eq!(row.cell("message"), "");
    }
    assert!(!text.contains("7000000"), "an account number: {text}");
}

#[test]
fn the_same_command_again_sends_nothing() {
    let folder = Folder::of(5);
    let first = result(&folder.run("p.csv --yes").run(), 0);
    let results = folder.read("p.csv.results.csv");
    let requests = folder.bank.requests().len();
    let again = result(&folder.run("p.csv --yes").run(), 0);
    assert_eq!(again, first);
    assert_eq!(folder.read("p.csv.results.csv"), results);
    assert_eq!(folder.bank.requests().len(), requests);
}

/// A fault at the bank, and what becomes of a row that meets it.
#[test]
fn the_exit_code_is_that_of_the_worst_row() {
    let folder = Folder::new();
    let bad = |id: &str, to: &str| format!("{id},{OPERATING},Closed,021000021,{to},1.00,R\n");
    // Rejected by the bank's core after it was accepted.
    let fails = bad("FAILS", "9990000002");
    let refused = format!("NO,{CLOSED},Nobody,021000021,88,5.00,R\n");
    folder.write("refused.csv", invoices(1..=2) + &refused);
    let ended = folder.run("refused.csv --yes").run();
    let found = result(&ended, 3);
    assert_eq!((&found["accepted"], &found["refused"]), (&json!(2), &json!(1)));
    let row = folder.results("refused.csv").pop().unwrap();
    assert_eq!(row.outcome, "refused");
    assert!(!row.cell("error_kind").is_empty(), "{row:?}");
    assert!(!row.cell("message").is_empty(), "{row:?}");
    assert!(is_uuid(&row.cell("request_id").into()), "{row:?}");

    folder.write("fails.csv", invoices(3..=4) + &fails);
    let running = folder.run("fails.csv --yes --wait --deadline 60").start();
    running
        .until("three payments", || (folder.bank.sends("/payments/ach").len() >= 6).then_some(()));
    folder.bank.advance(std::time::Duration::from_secs(7 * 24 * 3600));
    let found = result(&running.end(), 3);
    assert_eq!((&found["accepted"], &found["failed"]), (&json!(2), &json!(1)));
    assert_eq!(folder.outcomes("fails.csv"), ["settled", "settled", "failed"]);

    // The bank does not tell whether it was taken.
    folder.write("doubt.csv", invoices(5..=5));
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"status","status":503,"times":99}"#);
    let running = folder.run("doubt.csv --yes --max-retries 0").start();
    running.until("a send", || (folder.bank.sends("/payments/ach").len() >= 7).then_some(()));
    std::thread::sleep(std::time::Duration::from_millis(300));
    running.signal("TERM");
    let found = result(&running.end(), 5);
    assert_eq!(found["unknown"], 1, "{found}");
    assert_eq!(folder.outcomes("doubt.csv"), ["unknown"]);
}

#[test]
fn a_cell_is_no_formula_in_the_results() {
    let folder = Folder::new();
    let row =
        |id: &str, name: &str, to: u32| format!("{id},{OPERATING},{name},021000021,{to},1.00,R\n");
    let file = [
        row("A-1", "=cmd()", 70_000_001),
        row("A-2", "@SUM", 70_000_002),
        row("+A-3", "-ACME", 70_000_003),
    ];
    folder.write("p.csv", HEADER.to_owned() + &file.concat());
    result(&folder.run("p.csv --yes").run(), 0);
    let rows = folder.results("p.csv");
    let names: Vec<&str> = rows.iter().map(|row| row.cell("recipient_name")).collect();
    assert_eq!(names, ["'=cmd()", "'@SUM", "'-ACME"]);
    assert_eq!(rows[2].payment_id, "'+A-3");
}

#[test]
fn wires_and_transfers_inside_the_bank_are_paid_as_well() {
    let folder = Folder::new();
    let header = "payment_id,type,source_account_id,destination_account_id,recipient_name,bank_id,\
                  account_number,amount,reference\n";
    let rows = [
        format!("W-1,wire,{OPERATING},,ACME,021000021,70000001,5.00,INV 1\n"),
        format!("A-1,,{OPERATING},{PAYROLL},,,,6.00,\n"),
    ];
    folder.write("p.csv", header.to_owned() + &rows.concat());
    let found = result(&folder.run("p.csv --yes").run(), 0);
    assert_eq!(found["accepted"], 2);
    assert_eq!(folder.bank.sends("/payments/wire").len(), 1);
    assert_eq!(folder.bank.sends("/payments/ach").len(), 1);
}

#[test]
fn a_person_gets_a_table_and_what_to_do() {
    let folder = Folder::new();
    let refused = format!("NO,{CLOSED},Nobody,021000021,88,5.00,R\n");
    folder.write("p.csv", invoices(1..=2) + &refused);
    let ended = folder.run("p.csv --yes --output table").run();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    for text in
        ["3 payments, 7.03 dollars", "accepted", "refused", "--failed-to", "p.csv.results.csv"]
    {
        assert!(ended.stdout.contains(text), "{text}: {ended:?}");
    }
    assert_eq!(serde_json::from_str::<Value>(&ended.stdout).ok(), None);
}
