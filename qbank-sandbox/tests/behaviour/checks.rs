//! Positive pay: checks that are presented, and those that do not match.

use qbank_sandbox::{ACH_CLEARING, OPERATING};
use serde_json::Value;

use crate::customer::{Customer, HOUR, issue, key};

fn present(customer: &mut Customer, number: &str, amount: &str) -> Value {
    let body =
        format!(r#"{{"account_id":"{OPERATING}","check_number":"{number}","amount":{amount}}}"#);
    let response = customer.control("POST", "/checks", &body);
    assert_eq!(response.status, 201, "{response:?}");
    response.json()
}

/// Issued on the day the bank opens, over 75.00.
fn issued() -> Customer {
    let mut customer = Customer::new();
    let body = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01");
    assert_eq!(customer.write("/v1/positivepay/issues", &key(1), &body).status, 202);
    customer
}

#[test]
fn a_check_that_matches_its_issue_is_paid_once() {
    let mut customer = issued();
    let paid = present(&mut customer, "1001", "75.00");
    assert_eq!(paid["matched"], true);
    assert!(paid["reason_code"].is_null() && paid["exceptionId"].is_null());
    let again = present(&mut customer, "1001", "75.00");
    assert_eq!(again["matched"], false);
    assert_eq!(again["reason_code"], "DUPLICATE");
    assert!(customer.bank.entries().is_empty());
}

#[test]
fn a_check_over_another_amount_or_without_an_issue_does_not_match() {
    let mut customer = issued();
    assert_eq!(present(&mut customer, "1001", "75.01")["reason_code"], "AMOUNT_MISMATCH");
    assert_eq!(present(&mut customer, "1002", "75.00")["reason_code"], "NO_ISSUE");
    // What did not match was not paid.
    assert_eq!(present(&mut customer, "1001", "75.00")["matched"], true);
}

#[test]
fn a_check_of_more_than_180_days_is_stale() {
    let mut customer = issued();
    customer.advance(180 * 24 * HOUR);
    let mut later = issued();
    later.advance(181 * 24 * HOUR);
    assert_eq!(present(&mut customer, "1001", "75.00")["matched"], true);
    assert_eq!(present(&mut later, "1001", "75.00")["reason_code"], "STALE_DATED");
}

#[test]
fn a_later_issue_of_the_same_check_corrects_it() {
    let mut customer = issued();
    let other = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e02").replace("75.00", "80.00");
    assert_eq!(customer.write("/v1/positivepay/issues", &key(2), &other).status, 202);
    assert_eq!(present(&mut customer, "1001", "80.00")["matched"], true);
}

#[test]
fn an_exception_is_listed_from_the_next_night_on() {
    let mut customer = issued();
    let presented = present(&mut customer, "1002", "12.50");
    assert_eq!(presented["visible"], "2026-01-06T01:00:00.000Z");
    let before = customer.get("/v1/positivepay/exceptions").json();
    assert_eq!(before.as_array().unwrap().len(), 2);
    customer.advance(11 * HOUR);
    customer.log_in("");
    let after = customer.get("/v1/positivepay/exceptions").json();
    assert_eq!(after.as_array().unwrap().len(), 3);
    let exception = &after[2];
    assert_eq!(exception["exceptionId"], presented["exceptionId"]);
    assert_eq!(exception["account_id"], OPERATING.to_string());
    assert_eq!(exception["check_number"], "1002");
    assert_eq!(exception["presented_amount"].to_string(), "12.5");
    assert_eq!(exception["presentment_date"], "2026-01-05");
    assert_eq!(exception["reason_code"], "NO_ISSUE");
    assert_eq!(exception["timestamp"], "2026-01-05T14:00:00.000Z");
    assert_eq!(exception["actor"], "sandbox");
    assert!(exception["request_id"].is_string());
}

#[test]
fn a_check_that_cannot_be_read_is_refused() {
    let mut customer = Customer::new();
    for bad in ["", "{}", "[]", r#"{"account_id":"x","check_number":"1","amount":1}"#] {
        customer.control("POST", "/checks", bad).refused(400, "ERR_REQ_001");
    }
    let body = format!(r#"{{"account_id":"{ACH_CLEARING}","check_number":"1","amount":1}}"#);
    customer.control("POST", "/checks", &body).refused(404, "ERR_ACC_001");
    customer.control("GET", "/checks", "").refused(405, "ERR_REQ_002");
}
