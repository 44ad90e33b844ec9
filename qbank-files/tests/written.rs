//! What is written: results that a spreadsheet can show, and rows that can be read again.
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use std::borrow::Cow;

use file::{BANK, Entry, FROM, HEADER, TO, lines, nacha, pain001, payments, transfer};
use qbank_files::{FailedWriter, Outcome, Payment, Request, ResultRow, ResultsWriter};
use qbank_proto::endpoint::Endpoint;

fn results(rows: &[ResultRow<'_>]) -> String {
    let mut writer = ResultsWriter::new(Vec::new()).unwrap();
    for row in rows {
        writer.write(row).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

#[test]
fn results_have_the_documented_columns() {
    let file = format!("{HEADER}A,ach,{FROM},,\"ACME, Inc\",{BANK},0012345678,5,,\n");
    let payments = payments(&file);
    let mut row = ResultRow::new(&payments[0], Outcome::Settled);
    row.bank_payment_id = Some("0b9e3c5e".into());
    row.bank_status = Some("P_COMPLETED".into());
    row.idempotency_key = Some("key".into());
    row.first_sent = Some("2026-11-30T09:00:00.5Z".parse().unwrap());
    row.attempts = 2;
    row.error_kind = Some("server".into());
    row.error_code = Some("ERR_1".into());
    row.request_id = Some("r-1".into());
    row.message = Some("two\nlines".into());
    assert_eq!(
        results(&[row]),
        "row,payment_id,outcome,bank_payment_id,bank_status,amount,recipient_name,account,\
         idempotency_key,first_sent,attempts,error_kind,error_code,request_id,message\n\
         1,A,settled,0b9e3c5e,P_COMPLETED,5.00,\"ACME, Inc\",5678,key,\
         2026-11-30T09:00:00.500Z,2,server,ERR_1,r-1,\"two\nlines\"\n"
    );
    assert_eq!(results(&[]).lines().count(), 1);
}

#[test]
fn a_formula_is_no_formula_in_the_results() {
    for cell in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"] {
        let file = format!("{HEADER}A,ach,{FROM},,ACME,{BANK},1,5,,\n");
        let payments = payments(&file);
        let mut row = ResultRow::new(&payments[0], Outcome::Refused);
        row.message = Some(Cow::Borrowed(cell));
        row.payment_id = Cow::Borrowed(cell);
        let written = results(&[row]);
        let mut reader = csv::Reader::from_reader(written.as_bytes());
        let record = reader.records().next().unwrap().unwrap();
        assert_eq!(&record[1], format!("'{cell}"));
        assert_eq!(&record[14], format!("'{cell}"));
    }
}

#[test]
fn every_outcome_has_its_documented_name() {
    use Outcome::{
        Accepted, Failed, Held, InProgress, NeverSent, Pending, Reconcile, Refused, Settled,
        Unknown,
    };
    let all = [
        Accepted, Refused, NeverSent, InProgress, Unknown, Reconcile, Settled, Failed, Held,
        Pending,
    ];
    assert_eq!(
        all.map(Outcome::as_str).join(" "),
        "accepted refused never_sent in_progress unknown reconcile settled failed held pending"
    );
    for outcome in all {
        assert_eq!(serde_json::to_value(outcome).unwrap(), outcome.as_str());
    }
}

fn failed(payments: &[Payment]) -> String {
    let mut writer = FailedWriter::new(Vec::new());
    for payment in payments {
        writer.write(payment, |_| false).unwrap();
    }
    String::from_utf8(writer.finish().unwrap()).unwrap()
}

fn body(payment: &Payment) -> Vec<u8> {
    match &payment.request {
        Request::Ach(it) => it.body(),
        Request::Wire(it) => it.body(),
    }
    .unwrap()
    .to_vec()
}

#[test]
fn failed_rows_of_a_csv_keep_its_columns_cells_and_separator() {
    let file = format!(
        "note;amount;Payment ID;destination_account_id\r\n\
         \"a; \"\"b\"\"\r\nc\";5;INV-1;{TO}\r\n=x;6.10;INV-1-retry-1;{TO}\r\n"
    );
    assert_eq!(
        failed(&payments(&file)),
        format!(
            "note;amount;Payment ID;destination_account_id\n\
             \"a; \"\"b\"\"\nc\";5;INV-1-retry-1;{TO}\n=x;6.10;INV-1-retry-2;{TO}\n"
        )
    );
}

#[test]
fn failed_rows_of_any_format_pay_the_same_under_another_id() {
    let rows = format!(
        "{HEADER}A,ach,{FROM},,\"ACME, \"\"Inc\"\"\",{BANK},0012345678,5,2026-12-01,R\n\
         B,wire,{FROM},,ACME,{BANK},77,6.10,,W-1\nC,ach,{FROM},{TO},,,,7,,\n"
    );
    for file in [
        rows,
        lines(&nacha(&[Entry::new("A", 100), Entry::new("B", 5)])),
        pain001(&[transfer("A", "1.00"), transfer("B", "2.00")], 2, "3.00").replace("NURG", "URGP"),
    ] {
        let before = payments(&file);
        let after = payments(failed(&before));
        assert_eq!(before.len(), after.len());
        for (before, after) in before.iter().zip(&after) {
            assert_eq!(after.payment_id, format!("{}-retry-1", before.payment_id));
            assert_eq!(body(before), body(after));
            assert_eq!(before.effective_date, after.effective_date);
        }
    }
}

#[test]
fn no_id_is_given_that_is_taken() {
    let file = format!("{HEADER}A,ach,{FROM},,ACME,{BANK},1,5,,\n");
    let mut writer = FailedWriter::new(Vec::new());
    let id = writer.write(&payments(&file)[0], |id| id == "A-retry-1").unwrap();
    assert_eq!(id, "A-retry-2");
    assert!(FailedWriter::new(Vec::new()).finish().unwrap().is_empty());
}
