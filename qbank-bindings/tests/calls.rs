//! A call is polled, does what it is asked for, and ends in a record.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

mod common;

use common::{Driven, FROM, KEY, PAYMENT, TO, ach, call, record, session};
use qbank_bindings::{Session, Step};
use serde_json::{Value, json};

fn pay(options: &Value) -> Driven {
    Driven::new(call("payments.createAch", &ach(), options).unwrap())
}

#[test]
fn a_payment_whose_response_is_lost_is_sent_again_with_the_same_key_and_bytes() {
    let mut call = pay(&json!({ "idempotencyKey": KEY }));
    assert!(matches!(call.next(), Step::Send(_)));
    call.settle(&json!({ "fault": "disconnected", "message": "reset" }), "");
    let location = format!("/v1/payments/{PAYMENT}");
    call.respond(202, &["location", &location, "x-other", "kept"], "");
    let done = &call.end()["done"];
    assert_eq!(done["data"], json!({ "paymentId": PAYMENT, "status": null }));
    assert_eq!(done["fate"], "accepted");
    assert_eq!(done["status"], 202);
    assert_eq!(done["idempotencyKey"], KEY);
    assert_eq!(done["headers"], json!([["location", location], ["x-other", "kept"]]));
    assert_eq!(done["attemptLog"][0]["fate"], "unknown");
    assert_eq!(done["attemptLog"][1]["status"], 202);
    let [(first, bytes), (second, again)] = &call.sent[..] else { unreachable!() };
    assert_eq!(bytes, again);
    assert_eq!(first["headers"], second["headers"]);
    assert_eq!(first["url"], second["url"]);
    assert_eq!(first["method"], "POST");
    assert!(first["headers"].to_string().contains(KEY));
    assert!(bytes.contains(r#""amount":1000.50"#));
}

#[test]
fn what_was_never_sent_is_told_from_what_was_perhaps_sent() {
    for (never_sent, fate) in [(true, "never_sent"), (false, "unknown")] {
        let mut call = pay(&json!({ "maxRetries": 0 }));
        assert!(matches!(call.next(), Step::Send(_)));
        call.settle(&json!({ "fault": "connect", "neverSent": never_sent, "message": "x" }), "");
        assert_eq!(call.end()["failed"]["fate"], fate);
    }
}

#[test]
fn a_response_that_cannot_be_read_leaves_the_payment_unknown() {
    let mut call = pay(&json!({ "maxRetries": 0 }));
    assert!(matches!(call.next(), Step::Send(_)));
    call.call.settle(call.now, "no record", Vec::new());
    assert_eq!(call.end()["failed"]["fate"], "unknown");
}

#[test]
fn the_head_that_came_before_a_fault_counts() {
    let mut call = pay(&json!({ "maxRetries": 0 }));
    assert!(matches!(call.next(), Step::Send(_)));
    let headers = ["location", &format!("/v1/payments/{PAYMENT}")];
    call.settle(&json!({ "status": 202, "headers": headers, "fault": "disconnected" }), "");
    assert_eq!(call.end()["done"]["data"]["paymentId"], PAYMENT);
}

#[test]
fn a_refusal_is_a_record_with_all_that_the_bank_said() {
    let mut call = pay(&json!({}));
    let body = r#"{"message":"No.","error_code":"ERR_ACC_001","request_id":"5d0c8a4e-1b7f-4e39-9c52-2f6a7b8c9d01"}"#;
    call.respond(422, &["x-trace", "1"], body);
    let failed = &call.end()["failed"];
    assert_eq!(failed["kind"], "invalid_request");
    assert_eq!(failed["fate"], "refused");
    assert_eq!(failed["status"], 422);
    assert_eq!(failed["errorCode"], "ERR_ACC_001");
    assert_eq!(failed["headers"], json!([["x-trace", "1"]]));
    assert_eq!(call.call.body(), body);
    for member in ["title", "detail", "transactionId", "field", "offset", "payment"] {
        assert_eq!(failed[member], Value::Null, "{member}");
    }
}

#[test]
fn a_call_that_is_abandoned_says_what_is_known() {
    let mut call = pay(&json!({ "idempotencyKey": KEY }));
    assert!(matches!(call.next(), Step::Send(_)));
    let abandoned = record(&call.call.abandon(call.now));
    assert_eq!(abandoned["failed"]["fate"], "unknown");
    assert_eq!(abandoned["failed"]["idempotencyKey"], KEY);
}

#[test]
fn the_application_supplies_the_token_or_says_why_not() {
    let session = Session::new("{}").unwrap();
    let begin = || Driven::new(session.call("accounts.list", "{}", "{}", &[7; 24]).unwrap());
    let mut refused = begin();
    assert!(matches!(refused.next(), Step::Authorize(_)));
    refused.call.supply(refused.now, r#"{"message": "not now"}"#);
    let failed = &refused.end()["failed"];
    assert_eq!(failed["kind"], "unauthenticated");
    assert!(failed["message"].as_str().unwrap().contains("not now"));
    let mut call = begin();
    assert!(matches!(call.next(), Step::Authorize(_)));
    call.call.supply(call.now, r#"{"accessToken": "supplied", "expiresIn": 60}"#);
    call.respond(200, &[], "[]");
    assert_eq!(call.end()["done"]["data"], json!([]));
    assert!(call.sent[0].0["headers"].to_string().contains("Bearer supplied"));
}

#[test]
fn a_wait_is_for_a_payment_to_become_final() {
    let request = json!({ "paymentId": PAYMENT, "accepted": true });
    let mut call = Driven::new(call("payments.wait", &request, &json!({})).unwrap());
    let payment = |status: &str| json!({ "paymentId": PAYMENT, "status": status }).to_string();
    call.respond(200, &[], &payment("P_PROCESSING"));
    call.respond(200, &[], &payment("P_COMPLETED"));
    let done = &call.end()["done"];
    assert_eq!(done["data"]["status"], "P_COMPLETED");
    assert_eq!(done["fate"], "accepted");
}

#[test]
fn a_list_gives_its_items_while_it_arrives_and_what_is_wrong_after_them() {
    let request = json!({ "accountId": FROM });
    let mut call = Driven::new(call("transactions.stream", &request, &json!({})).unwrap());
    assert!(matches!(call.next(), Step::Send(_)));
    assert!(!call.call.streams(call.now, 503));
    assert!(call.call.streams(call.now, 200));
    call.settle(&json!({ "status": 200 }), "");
    assert_eq!(call.end()["done"]["data"], Value::Null);
    let item = json!({ "transactionId": PAYMENT, "amount": -1.1 }).to_string();
    let (head, tail) = item.split_at(20);
    assert_eq!(record(&call.call.items(format!("[{head}").as_bytes(), None))["items"], json!([]));
    let items = record(&call.call.items(tail.as_bytes(), None));
    assert_eq!(items["items"], json!([{ "transactionId": PAYMENT, "amount": "-1.10" }]));
    let torn = record(&call.call.items(b"", Some("the connection broke")));
    assert_eq!(torn["failed"]["kind"], "unexpected_response");
    assert_eq!(torn["failed"]["offset"], item.len() + 1);
}

#[test]
fn an_item_that_cannot_be_read_is_given_in_its_place_and_ends_nothing() {
    let mut call = call("transactions.stream", &json!({}), &json!({})).unwrap();
    let item = json!({ "transactionId": PAYMENT, "amount": -1.1 }).to_string();
    let wrong = json!({ "transactionId": PAYMENT, "amount": "much" }).to_string();
    let items = record(&call.items(format!("[{item},{wrong},{item},{wrong}").as_bytes(), None));
    assert_eq!(items["items"].as_array().unwrap().len(), 2);
    assert_eq!(items["failed"], Value::Null);
    let unreadable = &items["unreadable"];
    assert_eq!((&unreadable[0][0], &unreadable[1][0]), (&json!(1), &json!(2)));
    assert_eq!(unreadable[0][1]["kind"], "unexpected_response");
    assert_eq!(unreadable[0][1]["offset"], item.len() + 2);
    let text = unreadable[0][1]["message"].as_str().unwrap();
    assert!(text.contains("[1].amount"), "{text}");
    // A list that is no list any more ends.
    let items = record(&call.items(b"}", None));
    assert_eq!((&items["items"], &items["unreadable"]), (&json!([]), &json!([])));
    assert_eq!(items["failed"]["kind"], "unexpected_response");
}

#[test]
fn authenticate_tells_of_the_token_all_but_its_text() {
    let credentials =
        r#"{"clientId": "id", "clientSecret": "a-secret", "scopes": ["accounts.read"]}"#;
    let session = Session::new(credentials).unwrap();
    let mut call = Driven::new(session.call("authenticate", "{}", "{}", &[7; 24]).unwrap());
    let token = r#"{"access_token":"a-token","token_type":"Bearer","expires_in":60,"scope":"accounts.read"}"#;
    call.respond(200, &[], token);
    let done = call.end();
    assert_eq!(done["done"]["data"], json!({ "scope": "accounts.read", "expiresInMs": 60_000 }));
    assert!(!done.to_string().contains("a-token"));
}

#[test]
fn calls_of_one_session_share_its_token_and_one_wakes_the_other() {
    let session = Session::new("{}").unwrap();
    let begin = || Driven::new(session.call("accounts.list", "{}", "{}", &[7; 24]).unwrap());
    let (mut first, mut second) = (begin(), begin());
    assert!(matches!(first.next(), Step::Authorize(_)));
    assert!(matches!(second.call.poll(second.now, std::task::Waker::noop()), Step::Wait(_)));
    first.call.supply(first.now, r#"{"accessToken": "shared"}"#);
    assert!(matches!(first.next(), Step::Send(_)));
    assert!(matches!(second.next(), Step::Send(_)));
}

#[test]
fn no_secret_shows_in_debug() {
    let session = session();
    let mut call = pay(&json!({ "accessToken": "of-this-call" }));
    let step = call.next();
    let shown = format!("{session:?} {step:?} {:?}", call.call);
    assert!(!shown.contains("a-token") && !shown.contains("of-this-call"), "{shown}");
}

#[test]
fn what_a_write_sends_is_known_before_it_is_sent() {
    let party =
        json!({ "name": "Acme", "bankId": "021000021", "accountNumber": "12345678", "x": 1.50 });
    for (operation, request) in [
        ("payments.createAch", ach()),
        (
            "payments.createAch",
            json!({ "sourceAccountId": FROM, "recipientDetails": party, "amount": "5" }),
        ),
        (
            "payments.createWire",
            json!({
                "sourceAccountId": FROM, "amount": "5", "referenceCode": "R",
                "beneficiaryDetails": { "name": "A", "bankId": "021000021", "accountNumber": "1" },
            }),
        ),
        ("transfers.create", json!({ "fromAccountId": FROM, "toAccountId": TO, "amount": "5" })),
        (
            "positivePay.createIssue",
            json!({
                "accountId": FROM, "checkNumber": "1", "amount": "5", "issueDate": "2026-01-31",
            }),
        ),
    ] {
        let random = [7; 24];
        let request = request.to_string();
        let intent = session().intent(operation, &request, "{}", &random).unwrap().unwrap();
        assert!(!format!("{intent:?}").contains("12345678"), "an account number is a secret");
        let options = json!({ "idempotencyKey": intent.key }).to_string();
        // Other randomness: the key alone makes it the same intent.
        let mut call =
            Driven::new(session().call(operation, &request, &options, &[8; 24]).unwrap());
        assert!(matches!(call.next(), Step::Send(_)), "{operation}");
        let (head, body) = &call.sent[0];
        assert_eq!(body.as_bytes(), intent.body, "{operation}");
        assert!(head["headers"].to_string().contains(&intent.key.to_string()), "{operation}");
    }
    assert!(session().intent("accounts.list", "{}", "{}", &[7; 24]).unwrap().is_none());
    let error = session().intent("transfers.create", "{}", "{}", &[7; 24]).unwrap_err();
    assert_eq!(record(&error)["field"], "fromAccountId");
}
