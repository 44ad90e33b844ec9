//! Payments that fail: who rejects them, what becomes of the money, how it shows.

use std::time::Duration;

use qbank_proto::PaymentId;
use qbank_sandbox::{OPERATING, PAYROLL, PaymentStatus, SAVINGS, TREASURY};
use serde_json::Value;

use crate::customer::{BankResponse, Customer, HOUR, ach, key, wire};

const CENTS: i64 = 25_000_000;

fn referenced(reference: &str) -> String {
    ach("10.00").replace('}', &format!(r#","reference_id":"{reference}"}}"#))
}

fn to_outside(bank: &str, number: &str) -> String {
    format!(
        r#"{{"source_account_id":"{OPERATING}","amount":10.00,"recipient_details":{{"name":"Acme","bank_id":"{bank}","account_number":"{number}"}}}}"#
    )
}

fn id(accepted: &BankResponse) -> PaymentId {
    assert_eq!(accepted.status, 202, "{accepted:?}");
    accepted.header("location").trim_start_matches("/v1/payments/").parse().unwrap()
}

fn known(customer: &mut Customer, id: PaymentId) -> Value {
    customer.control("GET", &format!("/payments/{id}"), "").json()
}

#[test]
fn a_payment_that_validation_rejects_never_moves_money() {
    for reference in ["SBX-VALIDATION-FUNDS", "SBX-VALIDATION-CLOSED", "SBX-VALIDATION-ROUTING"] {
        let mut customer = Customer::new();
        let accepted = customer.write("/v1/payments/ach", &key(1), &referenced(reference));
        let id = id(&accepted);
        assert_eq!(customer.bank.payment_status(id), Some(PaymentStatus::Created));
        assert_eq!(customer.cents(OPERATING), CENTS);
        customer.now += Duration::from_millis(200);
        let payment = customer.get(accepted.header("location")).json();
        assert_eq!(payment["status"], "P_FAILED");
        assert_eq!(payment["completionDate"], "2026-01-05T14:00:00.200Z");
        customer.advance(72 * HOUR);
        assert_eq!(customer.bank.payment_status(id), Some(PaymentStatus::Failed));
        assert_eq!(customer.cents(OPERATING), CENTS);
        assert!(customer.bank.entries().is_empty() && customer.bank.reversals().is_empty());
        let known = known(&mut customer, id);
        assert_eq!(known["rejection"]["by"], "validation");
        assert!(known["entryId"].is_null());
        assert_eq!(known["states"].as_array().unwrap().len(), 2);
    }
}

#[test]
fn the_core_gives_back_the_money_of_a_payment_that_it_rejects() {
    for (body, reason) in [
        (referenced("SBX-CORE-FUNDS"), "insufficient_funds"),
        (referenced("SBX-CORE-CLOSED"), "closed_account"),
        (referenced("SBX-CORE-ROUTING"), "unknown_routing_number"),
        (to_outside("021000021", "9990000002"), "insufficient_funds"),
        (to_outside("021000021", "9990000003"), "closed_account"),
        (to_outside("990000000", "123"), "unknown_routing_number"),
    ] {
        let mut customer = Customer::new();
        let before = customer.bank.ledger();
        let accepted = customer.write("/v1/payments/ach", &key(1), &body);
        let id = id(&accepted);
        assert_eq!(customer.cents(OPERATING), CENTS - 1_000);
        assert_eq!(customer.bank.total(), before.total);

        // The core takes it at 17:00 and has rejected it at 18:00.
        customer.advance(Duration::from_secs(4 * 3_600 - 1));
        assert_eq!(customer.bank.payment_status(id), Some(PaymentStatus::Processing));
        customer.advance(Duration::from_secs(1));
        assert_eq!(customer.bank.payment_status(id), Some(PaymentStatus::Failed));
        customer.advance(72 * HOUR);
        assert_eq!(customer.bank.payment_status(id), Some(PaymentStatus::Failed));

        let after = customer.bank.ledger();
        assert_eq!(after.total, before.total);
        assert!(before.accounts.iter().zip(&after.accounts).all(|(a, b)| a.balance == b.balance));
        let [entry] = &after.entries[..] else { panic!("one entry per intent") };
        let [reversal] = &after.reversals[..] else { panic!("one reversal") };
        assert!(entry.is_reversed());
        assert_eq!(entry.reversal_id, Some(reversal.reversal_id));
        assert_eq!((reversal.entry_id, reversal.intent_key), (entry.entry_id, entry.intent_key));
        assert_eq!((reversal.from, reversal.to), (entry.to, entry.from));
        assert_eq!(reversal.amount, entry.amount);
        let known = known(&mut customer, id);
        assert_eq!(known["rejection"]["by"], "core");
        assert_eq!(known["rejection"]["reason"], reason);
        assert_eq!(known["reversalId"], reversal.reversal_id.to_string());
        assert_eq!(known["clientId"], "sandbox");
    }
}

#[test]
fn a_reversal_and_what_it_takes_back_show_in_the_transactions() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/ach", &key(1), &referenced("SBX-CORE-CLOSED"));
    customer.advance(11 * HOUR);
    customer.log_in("");
    for (account, cents) in [(OPERATING, "-10.0"), (PAYROLL, "10.0")] {
        let path = format!("/v1/transactions?accountId={account}&postingDateGte=2026-01-06");
        let listed = customer.get(&path).json();
        assert_eq!(listed.as_array().unwrap().len(), 2);
        assert_eq!(listed[0]["status"], "REVERSED");
        assert_eq!(listed[0]["amount"].to_string(), cents);
        assert_eq!(listed[1]["status"], "POSTED");
        assert_eq!(listed[1]["description"], "Reversal of an ACH payment SBX-CORE-CLOSED");
        assert_eq!(listed[1]["transaction_date"], "2026-01-05T18:00:00.000Z");
        assert_ne!(listed[0]["transactionId"], listed[1]["transactionId"]);
        // They add up to nothing.
        let cents = |n: usize| listed[n]["amount"].to_string().replace('-', "");
        assert_eq!(cents(0), cents(1));
        assert_ne!(listed[0]["amount"], listed[1]["amount"]);
    }
}

#[test]
fn an_account_that_closes_before_the_core_decides_fails_the_payment() {
    for closed in [OPERATING, PAYROLL] {
        let mut customer = Customer::new();
        let accepted = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
        customer.advance(HOUR);
        let body = format!(r#"{{"accountId":"{closed}","status":"Closed"}}"#);
        assert_eq!(customer.control("POST", "/accounts", &body).status, 204);
        customer.advance(24 * HOUR);
        let known = known(&mut customer, id(&accepted));
        assert_eq!(known["status"], "P_FAILED");
        assert_eq!(known["rejection"]["reason"], "closed_account");
        assert_eq!(customer.cents(OPERATING), CENTS);
        assert_eq!(customer.cents(PAYROLL), 4_000_000);
    }
}

#[test]
fn a_wire_is_rejected_in_its_response_or_fails_at_once() {
    let with = |from: &str, to: &str| wire("10.00").replace(from, to);
    for (body, code) in [
        (with("INV-1", "SBX-VALIDATION-FUNDS"), "ERR_ACC_002"),
        (with("INV-1", "SBX-VALIDATION-CLOSED"), "ERR_ACC_003"),
        (with("INV-1", "SBX-VALIDATION-ROUTING"), "ERR_PAY_002"),
        (with("12345678", "9990000001"), "ERR_ACC_002"),
    ] {
        let mut customer = Customer::new();
        customer.write("/v1/payments/wire", &key(1), &body).refused(422, code);
        assert!(customer.bank.entries().is_empty());
        // It used up nothing.
        assert_eq!(customer.write("/v1/payments/wire", &key(1), &wire("10.00")).status, 201);
    }
    for body in [
        with("INV-1", "SBX-CORE-FUNDS"),
        with("12345678", "9990000003"),
        with("021000021", "990000000"),
    ] {
        let mut customer = Customer::new();
        let made = customer.write("/v1/payments/wire", &key(1), &body);
        assert_eq!((made.status, &made.json()["status"]), (201, &Value::from("P_FAILED")));
        assert_eq!(customer.write("/v1/payments/wire", &key(1), &body), made);
        assert_eq!(customer.cents(TREASURY), 100_000_000);
        assert!(customer.bank.entries()[0].is_reversed());
        assert_eq!(customer.bank.reversals().len(), 1);
    }
}

#[test]
fn the_key_of_a_payment_that_failed_gives_its_response_again() {
    let mut customer = Customer::new();
    let body = referenced("SBX-CORE-FUNDS");
    let first = customer.write("/v1/payments/ach", &key(1), &body);
    assert_eq!(
        customer.write("/v1/payments/ach", &key(1), &body).conflict(),
        id(&first).to_string()
    );
    customer.advance(24 * HOUR);
    customer.log_in("");
    let again = customer.write("/v1/payments/ach", &key(1), &body);
    assert_eq!((again.status, again.header("location")), (202, first.header("location")));
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn both_outcomes_are_delivered() {
    let mut customer = Customer::new();
    customer.control("POST", "/webhooks", r#"{"url":"http://127.0.0.1:9/hook"}"#);
    customer.write("/v1/payments/ach", &key(1), &referenced("SBX-VALIDATION-FUNDS"));
    customer.write("/v1/payments/ach", &key(2), &referenced("SBX-CORE-FUNDS"));
    customer.write("/v1/payments/ach", &key(3), &ach("1.00"));
    customer.advance(24 * HOUR);
    let due = customer.bank.tick(customer.now);
    let events: Vec<Value> =
        due.iter().map(|it| serde_json::from_slice(&it.body).unwrap()).collect();
    let statuses: Vec<&str> =
        events.iter().map(|event| event["data"]["status"].as_str().unwrap()).collect();
    assert_eq!(statuses, ["P_FAILED", "P_FAILED", "P_COMPLETED"]);
}

#[test]
fn an_effective_date_holds_a_payment_back() {
    let mut customer = Customer::new();
    // Martin Luther King Jr. Day: it settles on the day after.
    let body = ach("10.00").replace('}', r#","effective_date":"2026-01-19"}"#);
    let accepted = customer.write("/v1/payments/ach", &key(1), &body);
    let known = known(&mut customer, id(&accepted));
    let states = known["states"].as_array().unwrap();
    assert_eq!(states[3]["timestamp"], "2026-01-16T17:00:00.000Z");
    assert_eq!(states[4]["status"], "P_COMPLETED");
    assert_eq!(states[4]["timestamp"], "2026-01-20T09:00:00.000Z");
    customer.advance(14 * 24 * HOUR);
    assert_eq!(customer.bank.payment_status(id(&accepted)), Some(PaymentStatus::Processing));
    customer.advance(24 * HOUR);
    assert_eq!(customer.bank.payment_status(id(&accepted)), Some(PaymentStatus::Completed));
}

#[test]
fn the_magic_values_are_listed() {
    let mut customer = Customer::new();
    let magic = customer.control("GET", "/magic", "").json();
    assert_eq!(magic.as_array().unwrap().len(), 10);
    for entry in magic.as_array().unwrap() {
        assert!(["validation", "core"].contains(&entry["by"].as_str().unwrap()), "{entry}");
        assert!(entry["field"].is_string() && entry["value"].is_string());
        assert!(entry["reason"].is_string());
    }
    let unknown = format!("/payments/{SAVINGS}");
    customer.control("GET", &unknown, "").refused(404, "ERR_PAY_001");
    customer.control("GET", "/payments/x", "").refused(400, "ERR_REQ_001");
    customer.control("POST", "/payments/x", "").refused(405, "ERR_REQ_002");
}
