//! What is wrong in a record is named by its path, before anything is sent, and never repeated.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::{FROM, KEY, PAYMENT, TO, ach, call, record};
use qbank_bindings::{Fate, Session};
use serde_json::{Value, json};

const SECRET: &str = "0012345678-not-to-be-repeated";

fn refused(operation: &str, request: &Value, options: &Value) -> Value {
    let error = call(operation, request, options).map(drop).unwrap_err();
    assert!(error.core().is_input_error());
    let error = record(&error);
    assert!(!error.to_string().contains(SECRET));
    error
}

fn with(mut record: Value, member: &str, value: Value) -> Value {
    record[member] = value;
    record
}

#[test]
fn a_member_of_a_request_is_named_by_its_path() {
    let party = json!({ "name": "ACME", "bankId": "021000021", "accountNumber": "0012345678" });
    let recipient = |member: &str, value: &str| {
        let party = with(party.clone(), member, value.into());
        json!({ "sourceAccountId": FROM, "recipientDetails": party, "amount": "1" })
    };
    let wire = |member: &str, value: &str| {
        let party = with(party.clone(), member, value.into());
        let (source, code) = (FROM, "INV-7");
        json!({ "sourceAccountId": source, "beneficiaryDetails": party, "amount": "1", "referenceCode": code })
    };
    for (operation, request, field) in [
        ("payments.createAch", with(ach(), "amount", "1e3".into()), "amount"),
        ("payments.createAch", with(ach(), "amount", 5.into()), "amount"),
        ("payments.createAch", with(ach(), "amount", Value::Null), "amount"),
        ("payments.createAch", with(ach(), "sourceAccountId", SECRET.into()), "sourceAccountId"),
        ("payments.createAch", with(ach(), "effectiveDate", "2026-02-30".into()), "effectiveDate"),
        (
            "payments.createAch",
            with(ach(), "effective_date", "2026-02-01".into()),
            "effective_date",
        ),
        (
            "payments.createAch",
            with(ach(), "recipientDetails", party.clone()),
            "destinationAccountId",
        ),
        ("payments.createAch", recipient("bankId", SECRET), "recipientDetails.bankId"),
        ("payments.createWire", wire("bankId", "021000022"), "beneficiaryDetails.bankId"),
        ("payments.createWire", wire("bank_id", "021000021"), "beneficiaryDetails.bank_id"),
        ("payments.get", json!({ "paymentId": "17" }), "paymentId"),
        ("balances.get", json!({}), "accountId"),
        ("transactions.list", json!({ "postedSince": "05/01/2026" }), "postedSince"),
        ("accounts.list", json!([]), "request"),
        ("accounts.close", json!({}), "operation"),
    ] {
        let error = refused(operation, &request, &json!({}));
        assert_eq!(error["field"], field);
        assert!(error["message"].as_str().unwrap().contains(field), "{error}");
    }
}

#[test]
fn what_the_core_refuses_is_named_as_well() {
    let refused = |operation: &str, request: &Value| {
        let mut call = common::Driven::new(call(operation, request, &json!({})).unwrap());
        call.end()["failed"].clone()
    };
    let transfer = json!({ "fromAccountId": FROM, "toAccountId": FROM, "amount": "1" });
    assert_eq!(refused("transfers.create", &transfer)["field"], "toAccountId");
    let party = json!({ "name": "", "bankId": "021000021", "accountNumber": "1" });
    let ach = json!({ "sourceAccountId": FROM, "recipientDetails": party, "amount": "1" });
    assert_eq!(refused("payments.createAch", &ach)["field"], "recipientDetails.name");
}

#[test]
fn the_fate_is_what_is_known_before_anything_is_sent() {
    let bad = with(ach(), "amount", "0".into());
    let resume = json!({ "idempotencyKey": KEY, "resumeFrom": 1_767_603_600_000_u64 });
    assert_eq!(refused("payments.createAch", &bad, &json!({}))["fate"], "never_sent");
    assert_eq!(refused("payments.createAch", &bad, &resume)["fate"], "unknown");
    let odd = with(resume.clone(), "resumeFrom", "yesterday".into());
    assert_eq!(refused("payments.createAch", &ach(), &odd)["fate"], "unknown");
    assert_eq!(refused("balances.get", &json!({}), &json!({}))["fate"], "not_applicable");
}

#[test]
fn options_are_named_and_those_of_writes_are_refused_for_reads() {
    for (member, value) in [
        ("timeoutMs", json!(-1)),
        ("maxRetries", json!("2")),
        ("idempotencyKey", json!(TO.replace("-4", "-1"))),
        ("onConflict", json!("Follow")),
        ("authDate", json!("yesterday")),
        ("accessToken", json!("a\nb")),
        ("resumeFrom", json!(i64::MAX)),
        ("retries", json!(1)),
    ] {
        let error = refused("payments.createAch", &ach(), &json!({ member: value }));
        assert_eq!(error["field"], member);
    }
    let first_sent = 1_767_603_600_000_u64;
    let error = refused("payments.createAch", &ach(), &json!({ "resumeFrom": first_sent }));
    assert_eq!(error["field"], "idempotencyKey");
    let payment = json!({ "paymentId": PAYMENT });
    for member in ["idempotencyKey", "resumeFrom", "onConflict", "authDate"] {
        let value = match member {
            "idempotencyKey" => json!(KEY),
            "resumeFrom" => json!(first_sent),
            "onConflict" => json!("follow"),
            _ => json!("Sun, 06 Nov 1994 08:49:37 GMT"),
        };
        assert_eq!(refused("payments.get", &payment, &json!({ member: value }))["field"], member);
    }
}

#[test]
fn a_clients_options_are_named() {
    for (options, field) in [
        (json!({ "baseUrl": "http://bank.example/v1" }), "baseUrl"),
        (json!({ "baseUrl": "https://bank.example/v1", "tokenUrl": "x" }), "tokenUrl"),
        (json!({ "clientId": "id" }), "clientSecret"),
        (json!({ "clientId": "id", "clientSecret": "" }), "clientSecret"),
        (json!({ "accessToken": "" }), "accessToken"),
        (json!({ "sandboxPort": 65_536 }), "sandboxPort"),
        (json!({ "scopes": "accounts.read" }), "scopes"),
        (json!({ "userAgent": "a\r\nb" }), "userAgent"),
        (json!({ "baseURL": "https://bank.example/v1" }), "baseURL"),
    ] {
        let error = record(&Session::new(&options.to_string()).map(drop).unwrap_err());
        assert_eq!(error["field"], field, "{options}");
        assert_eq!(error["fate"], "never_sent");
    }
    assert_eq!(record(&Session::new("no json").map(drop).unwrap_err())["field"], "options");
}

#[test]
fn randomness_has_its_length() {
    let error = common::session().call("accounts.list", "{}", "{}", &[7; 23]).map(drop);
    assert_eq!(record(&error.unwrap_err())["field"], "random");
}

#[test]
fn a_binding_names_what_it_found_itself() {
    let error = qbank_bindings::Error::invalid_input("amount", "is no number", Fate::Unknown);
    let error = record(&error);
    assert_eq!((&error["field"], &error["fate"]), (&json!("amount"), &json!("unknown")));
}
