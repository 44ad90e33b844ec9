use qbank_sandbox::{CLOSED, OPERATING, SAVINGS};
use serde_json::Value;

use crate::customer::{Customer, HOUR, ach, key, transfer};

fn list(customer: &mut Customer, path: &str) -> Vec<Value> {
    let response = customer.get(path);
    assert_eq!(response.status, 200, "{response:?}");
    response.json().as_array().unwrap().clone()
}

#[test]
fn accounts_are_listed_without_the_banks_own() {
    let mut customer = Customer::new();
    let accounts = list(&mut customer, "/v1/accounts");
    assert_eq!(accounts.len(), 5);
    let operating = &accounts[0];
    assert_eq!(operating["accountId"], OPERATING.to_string());
    assert_eq!(operating["accountName"], "Operating");
    assert_eq!(operating["accountType"], "Checking");
    assert_eq!(operating["status"], "Active");
    assert_eq!(operating["actor"], "sandbox");
    assert!(operating["timestamp"].is_string() && operating["request_id"].is_string());
    assert_eq!(accounts[4]["accountId"], CLOSED.to_string());
    assert_eq!(accounts[4]["status"], "Closed");
}

#[test]
fn a_balance_is_exact_and_in_real_time() {
    let mut customer = Customer::new();
    let path = format!("/v1/balances/{SAVINGS}");
    let expected = |cents: &str| {
        format!(
            r#"{{"accountId":"{SAVINGS}","availableBalance":{cents},"currentBalance":{cents},"currency":"USD"}}"#
        )
    };
    assert_eq!(customer.get(&path).text(), expected("75500.25"));
    customer.write("/v1/transfers", &key(1), &transfer("500.20"));
    assert_eq!(customer.get(&path).text(), expected("75000.05"));
    customer.get("/v1/balances/x").refused(400, "ERR_REQ_001");
    customer.get(&format!("/v1/balances/{}", key(1))).refused(404, "ERR_ACC_001");
}

#[test]
fn a_filter_that_cannot_be_read_is_refused() {
    let mut customer = Customer::new();
    for query in [
        "accountId=1",
        "postingDateGte=1.1.2026",
        "account=x",
        "postingDateGte=2026-01-01&postingDateGte=2026-01-02",
    ] {
        customer.get(&format!("/v1/transactions?{query}")).refused(400, "ERR_REQ_001");
    }
    customer.get(&format!("/v1/transactions?accountId={}", key(1))).refused(404, "ERR_ACC_001");
}

#[test]
fn two_checks_did_not_match() {
    let mut customer = Customer::new();
    let exceptions = list(&mut customer, "/v1/positivepay/exceptions");
    assert_eq!(exceptions.len(), 2);
    assert_eq!(exceptions[0]["reason_code"], "AMOUNT_MISMATCH");
    assert_eq!(exceptions[0]["presented_amount"].to_string(), "1250.0");
    assert_eq!(exceptions[0]["presentment_date"], "2026-01-02");
    assert_eq!(exceptions[1]["reason_code"], "NO_ISSUE");
    assert!(exceptions.iter().all(|e| e["exceptionId"].is_string() && e["actor"] == "sandbox"));
}

#[test]
fn an_unknown_payment_is_404() {
    let mut customer = Customer::new();
    customer.get(&format!("/v1/payments/{}", key(1))).refused(404, "ERR_PAY_001");
    customer.get("/v1/payments/x").refused(400, "ERR_REQ_001");
}

#[test]
fn the_same_seed_and_the_same_requests_give_the_same_responses() {
    let script = || {
        let mut customer = Customer::new();
        customer.write("/v1/payments/ach", &key(1), &ach("12.34"));
        customer.write("/v1/transfers", &key(2), &transfer("1.00"));
        customer.advance(12 * HOUR);
        customer.log_in("");
        let transactions = customer.get("/v1/transactions");
        (transactions, customer.control("GET", "/requests", ""), customer.bank.ledger())
    };
    assert_eq!(script(), script());
}
