//! `--output csv`: a header, and a row for each item.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use program::lists::{TRANSPORTS, cut_at, item, list, whole};
use program::{Bank, OPERATING, PAYROLL, Program};
use serde_json::Value;

/// The rows as they are read: the names, and the cells of each row.
fn read(text: &str) -> (Vec<String>, Vec<Vec<String>>) {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let cells = |row: &csv::StringRecord| row.iter().map(str::to_owned).collect();
    let names = cells(reader.headers().unwrap());
    (names, reader.records().map(|row| cells(&row.unwrap())).collect())
}

#[test]
fn each_list_has_the_members_of_its_json() {
    let bank = Bank::start();
    for line in ["accounts list", "transactions list", "positive-pay exceptions"] {
        let items = bank.qbank(line).run().ok()["result"].as_array().unwrap().clone();
        let ended = bank.qbank(line).args("--output csv").run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        let (names, rows) = read(&ended.stdout);
        assert_eq!(rows.len(), items.len(), "{ended:?}");
        for (item, row) in items.iter().zip(&rows) {
            // Each member is in a column.
            let item = item.as_object().unwrap();
            assert!(item.keys().all(|name| names.contains(name)), "{line}: {item:?}");
            for (name, cell) in names.iter().zip(row) {
                match item.get(name) {
                    Some(Value::String(text)) => assert_eq!(text, cell, "{line}: {name}"),
                    Some(Value::Number(number)) => {
                        assert_eq!(number.as_f64(), cell.parse().ok(), "{line}: {name}");
                    }
                    other => assert!(other.is_none() && cell.is_empty(), "{line}: {other:?}"),
                }
            }
        }
    }
    // Amounts are as exact as in JSON.
    let ended = bank.qbank("transactions list --output csv").run();
    assert!(ended.stdout.contains(",-18999.50,Salaries,"), "{ended:?}");
}

#[test]
fn what_a_spreadsheet_would_execute_is_a_text() {
    let descriptions =
        ["=1+1", "+2", "-3+4", "@A1", "\\t5", "-6.50", "a,b", "say \\\"x\\\"", "two\\nlines"];
    let items: Vec<String> = (1..)
        .zip(descriptions)
        .map(|(n, text)| item(n).replace(&format!("Rent {n}"), text))
        .collect();
    let body = format!("[{}]", items.join(","));
    for transport in TRANSPORTS {
        let ended = list(&whole(body.clone()), transport, "csv").run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let (names, rows) = read(&ended.stdout);
        let at = names.iter().position(|name| name == "description").unwrap();
        let shown: Vec<&str> = rows.iter().map(|row| row[at].as_str()).collect();
        let expected =
            ["'=1+1", "'+2", "'-3+4", "'@A1", "' 5", "-6.50", "a,b", "say \"x\"", "two lines"];
        assert_eq!(shown, expected);
        assert_eq!(ended.stdout.lines().count(), expected.len() + 1);
    }
}

#[test]
fn a_list_of_nothing_has_a_header() {
    for transport in TRANSPORTS {
        let ended = list(&whole("[]".to_owned()), transport, "csv").run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.starts_with("transactionId,amount,description,"), "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    }
}

#[test]
fn a_list_that_breaks_off_leaves_whole_rows() {
    let body = format!("[{},{}]", item(1), item(2));
    let cut = body.len() - 5;
    for transport in TRANSPORTS {
        let ended = list(&cut_at(body.clone(), cut), transport, "csv").run();
        ended.error_after_output(3);
        let (_, rows) = read(&ended.stdout);
        assert_eq!(rows.len(), 1, "{ended:?}");
        assert!(ended.stdout.ends_with('\n'), "{ended:?}");
    }
}

#[test]
fn the_outbox_is_a_list() {
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("outbox.db").display());
    let outbox = |line: &str| Program::new("outbox").args(line).env("QBANK_STORE", &store);
    assert_eq!(outbox("migrate").run().code, Some(0));
    let intent = format!(
        r#"{{"id":"=INV","type":"ach","actor":"clerk","request":{{"source_account_id":"{OPERATING}","destination_account_id":"{PAYROLL}","amount":1.50}}}}"#
    );
    assert_eq!(outbox("add -").stdin(intent).run().code, Some(0));
    let item: Value = serde_json::from_str(&outbox("list").run().stdout).unwrap();
    let ended = outbox("list --output csv").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    let (names, rows) = read(&ended.stdout);
    let mut members: Vec<&String> = item.as_object().unwrap().keys().collect();
    members.sort();
    let mut columns: Vec<&String> = names.iter().collect();
    columns.sort();
    assert_eq!(columns, members);
    assert_eq!(rows.len(), 1);
    let at = names.iter().position(|name| name == "id").unwrap();
    assert_eq!(rows[0][at], "'=INV");
    // There is nothing to reconcile.
    let ended = outbox("reconcile --output csv").run();
    assert_eq!(read(&ended.stdout).1.len(), 0, "{ended:?}");
}

#[test]
fn what_is_no_list_is_refused_before_it_is_sent() {
    let bank = Bank::start();
    let others = ["token", "demo", "outbox status", "payments get nonsense"];
    for line in program::WRITES.into_iter().chain(others) {
        let error = bank.qbank(line).args("--output csv").run().error(2);
        assert_eq!(error["kind"], "invalid_input", "{line}");
    }
    let error = bank.qbank(program::ACH).args("--output csv").run().error(2);
    assert_eq!(error["fate"], "never_sent");
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("csv is for lists"), "{message}");
    assert!(bank.requests().is_empty());
}
