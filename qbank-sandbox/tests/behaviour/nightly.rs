//! What the nightly load brings, and what it has not brought yet.

use std::time::Duration;

use qbank_sandbox::{CLOSED, OPERATING, PAYROLL, SAVINGS};
use serde_json::Value;

use crate::customer::{Customer, HOUR, ach, key, transfer, wire};

/// The transactions of an account since the bank opened.
fn of(customer: &mut Customer, account: qbank_proto::AccountId) -> Vec<Value> {
    customer.log_in("");
    let path = format!("/v1/transactions?accountId={account}&postingDateGte=2026-01-06");
    let response = customer.get(&path);
    assert_eq!(response.status, 200, "{response:?}");
    response.json().as_array().unwrap().clone()
}

#[test]
fn a_transaction_lags_the_real_time_balance_until_one_in_the_night() {
    let mut customer = Customer::new();
    customer.write("/v1/transfers", &key(1), &transfer("500.00"));
    assert_eq!(customer.cents(OPERATING), 25_050_000);
    // Monday 14:00 UTC: eleven hours to go.
    customer.advance(Duration::from_secs(11 * 3_600 - 1));
    assert!(of(&mut customer, OPERATING).is_empty());
    customer.advance(Duration::from_secs(1));
    let (credit, debit) = (of(&mut customer, OPERATING), of(&mut customer, SAVINGS));
    assert_eq!((credit.len(), debit.len()), (1, 1));
    assert_eq!(credit[0]["amount"].to_string(), "500.0");
    assert_eq!(debit[0]["amount"].to_string(), "-500.0");
    assert_ne!(credit[0]["transactionId"], debit[0]["transactionId"]);
    assert_eq!(credit[0]["transaction_date"], "2026-01-05T14:00:00.000Z");
    assert_eq!(credit[0]["value_date"], "2026-01-05");
    assert_eq!(credit[0]["posting_date"], "2026-01-06T01:00:00.000Z");
    assert_eq!(credit[0]["status"], "POSTED");
    assert_eq!(credit[0]["actor"], "sandbox");
    assert!(credit[0]["request_id"].is_string() && credit[0]["timestamp"].is_string());
}

#[test]
fn an_ach_payment_is_pending_until_the_load_after_its_settlement() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/ach", &key(1), &ach("12.34"));
    customer.advance(11 * HOUR);
    let debit = of(&mut customer, OPERATING).remove(0);
    let credit = of(&mut customer, PAYROLL).remove(0);
    assert_eq!(debit["amount"].to_string(), "-12.34");
    assert_eq!(credit["amount"].to_string(), "12.34");
    assert_eq!(debit["status"], "PENDING");
    assert_eq!(debit["value_date"], "2026-01-06");
    assert_eq!(debit["posting_date"], "2026-01-06T01:00:00.000Z");
    // Settled at nine, and still as the last load saw it.
    customer.advance(20 * HOUR);
    assert_eq!(of(&mut customer, OPERATING)[0]["status"], "PENDING");
    customer.advance(4 * HOUR);
    let settled = of(&mut customer, OPERATING).remove(0);
    assert_eq!(settled["status"], "POSTED");
    assert_eq!(settled["transactionId"], debit["transactionId"]);
    assert_eq!(settled["posting_date"], debit["posting_date"]);
}

#[test]
fn funds_of_a_weekend_count_from_monday() {
    let mut customer = Customer::new();
    customer.advance(5 * 24 * HOUR);
    customer.log_in("");
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    customer.advance(24 * HOUR);
    let path = "/v1/transactions?postingDateGte=2026-01-11";
    customer.log_in("");
    let sunday = customer.get(path).json();
    assert_eq!(sunday[0]["transaction_date"], "2026-01-10T14:00:00.000Z");
    assert_eq!(sunday[0]["posting_date"], "2026-01-11T01:00:00.000Z");
    assert_eq!(sunday[0]["value_date"], "2026-01-12");
}

#[test]
fn what_arrives_by_ach_is_available_once_it_has_settled() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/ach", &key(1), &ach("100.00"));
    let path = format!("/v1/balances/{PAYROLL}");
    let before = customer.get(&path);
    assert!(before.text().contains(r#""availableBalance":40000.00,"currentBalance":40100.00"#));
    let spend = transfer("40000.01").replace(&SAVINGS.to_string(), &PAYROLL.to_string());
    customer.write("/v1/transfers", &key(2), &spend).refused(422, "ERR_ACC_002");
    customer.advance(24 * HOUR);
    customer.log_in("");
    assert!(customer.get(&path).text().contains(r#""availableBalance":40100.00,"#));
    assert_eq!(customer.write("/v1/transfers", &key(2), &spend).status, 201);
}

#[test]
fn an_account_that_is_closed_today_is_listed_as_closed_tomorrow() {
    let mut customer = Customer::new();
    let body = format!(r#"{{"accountId":"{PAYROLL}","status":"Closed"}}"#);
    assert_eq!(customer.control("POST", "/accounts", &body).status, 204);
    customer.write("/v1/payments/ach", &key(1), &ach("1.00")).refused(422, "ERR_ACC_003");
    assert_eq!(customer.get("/v1/accounts").json()[1]["status"], "Active");
    customer.advance(11 * HOUR);
    customer.log_in("");
    let accounts = customer.get("/v1/accounts").json();
    assert_eq!(accounts[1]["status"], "Closed");
    assert_eq!(accounts[1]["timestamp"], "2026-01-05T14:00:00.000Z");
    assert_eq!(accounts[0]["status"], "Active");

    let body = format!(r#"{{"accountId":"{CLOSED}","status":"Active"}}"#);
    assert_eq!(customer.control("POST", "/accounts", &body).status, 204);
    let to_it = ach("1.00").replace(&PAYROLL.to_string(), &CLOSED.to_string());
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &to_it).status, 202);
    for bad in [body.replace("Active", "Gone"), "{}".into(), "[".into()] {
        customer.control("POST", "/accounts", &bad).refused(400, "ERR_REQ_001");
    }
    let clearing = qbank_sandbox::ACH_CLEARING.to_string();
    let body = body.replace(&CLOSED.to_string(), &clearing);
    customer.control("POST", "/accounts", &body).refused(404, "ERR_ACC_001");
}
