//! A resource's record has the members that the core's own has, in camel case, dollars as texts.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]

mod common;

use common::{Driven, FROM, PAYMENT as ID, call, record};
use qbank_bindings::{Data, Step, to_json, verify};
use serde_json::{Value, json};

fn audit(mut resource: Value) -> Value {
    resource["timestamp"] = json!("2026-01-05T09:00:00.123Z");
    resource["actor"] = json!("a \"client\"");
    resource["request_id"] = json!("9d2f6a51-1111-4222-8333-444455556666");
    resource
}

fn in_camel_case(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(in_camel_case).collect(),
        Value::Object(members) => {
            members.into_iter().map(|(name, value)| (camel(&name), in_camel_case(value))).collect()
        }
        Value::Number(dollars) => format!("{:.2}", dollars.as_f64().unwrap()).into(),
        other => other,
    }
}

fn camel(name: &str) -> String {
    let mut words = name.split('_');
    let mut camel = words.next().unwrap().to_owned();
    for word in words {
        camel.push_str(&word[..1].to_uppercase());
        camel.push_str(&word[1..]);
    }
    camel
}

/// What the call makes of this body: its record, and the core's own serialisation.
fn read(operation: &str, request: &Value, body: &Value) -> (Value, Value) {
    let mut call = Driven::new(call(operation, request, &json!({})).unwrap());
    call.respond(200, &[], &body.to_string());
    let Step::Done(reply) = call.next() else { panic!("{operation} fails") };
    let core = match &reply.core().value {
        Data::Accounts(list) => serde_json::to_string(list),
        Data::Balance(balance) => serde_json::to_string(balance),
        Data::CheckExceptions(list) => serde_json::to_string(list),
        Data::Payment(payment) => serde_json::to_string(payment),
        Data::Transactions(list) => serde_json::to_string(list),
        other => panic!("{other:?}"),
    };
    let core = serde_json::from_str(&core.unwrap()).unwrap();
    (record(&*reply)["data"].clone(), in_camel_case(core))
}

#[test]
fn every_resource_has_the_members_that_the_core_gives_it() {
    let time = "2026-01-05T09:00:00Z";
    let payment = audit(json!({ "paymentId": ID, "type": "ACH", "amount": 1000.5,
        "status": "P_PROCESSING", "creationDate": time, "completionDate": time }));
    let balance = json!({ "accountId": FROM, "availableBalance": -0.5, "currentBalance": 7,
        "currency": "USD", "last_updated_timestamp": time });
    let account = audit(json!({ "accountId": ID, "accountName": "é", "accountType": "Savings",
        "currency": "USD", "status": "Active" }));
    let transaction = audit(json!({ "transactionId": ID, "amount": -12.34, "description": "x",
        "transaction_date": time, "value_date": "2026-01-06", "posting_date": time,
        "status": "NEW" }));
    let exception = audit(json!({ "exceptionId": ID, "account_id": ID, "check_number": "1",
        "presented_amount": 1, "presentment_date": "2026-01-05", "reason_code": "NO_ISSUE" }));
    for (operation, request, body, members) in [
        ("payments.get", json!({ "paymentId": ID }), payment, 9),
        ("payments.get", json!({ "paymentId": ID }), json!({ "paymentId": ID }), 1),
        ("balances.get", json!({ "accountId": FROM }), balance, 5),
        ("accounts.list", json!({}), json!([account, { "accountId": ID }]), 8),
        ("transactions.list", json!({}), json!([transaction]), 10),
        ("positivePay.exceptions", json!({}), json!([exception]), 9),
    ] {
        let (record, core) = read(operation, &request, &body);
        assert_eq!(record, core);
        let one = record.as_array().map_or(&record, |list| &list[0]);
        assert_eq!(one.as_object().unwrap().len(), members, "{record}");
    }
}

#[test]
fn the_values_of_writes_have_their_members() {
    let issue = json!({ "issueId": ID, "accountId": FROM, "checkNumber": "1", "amount": "1",
        "issueDate": "2026-01-05" });
    let mut call = Driven::new(call("positivePay.createIssue", &issue, &json!({})).unwrap());
    call.respond(201, &[], &json!({ "issueId": ID }).to_string());
    assert_eq!(call.end()["done"]["data"], json!({ "issueId": ID }));
}

#[test]
fn a_genuine_event_is_a_record_and_a_forged_one_a_reason() {
    let body = br#"{"event_id":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","event_type":"paymentStatusUpdate","data":{"paymentId":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","amount":1.5}}"#;
    let delivery =
        |signature: &str| json!({ "signature": signature, "secrets": ["s"] }).to_string();
    let signature = "2e2f95b97d54b36a3d2242b18dca486bb2fddf2242dc886da693ccc68a53ebe5";
    let event = verify(body, &delivery(signature)).unwrap().unwrap();
    let payment = json!({ "paymentId": ID, "amount": "1.50" });
    assert_eq!(
        record(&event),
        json!({ "eventId": ID, "eventType": "payment.status.update", "data": payment })
    );
    // Genuine, but no event.
    let signature = "143ca8d517ba1b181025d732b1cf275d90104fca57bb02a565542978aa18c4b6";
    assert!(verify(b"{}", &delivery(signature)).unwrap().is_none());
    let delivery = json!({ "signature": "00".repeat(32), "secrets": ["s"] }).to_string();
    let refusal = verify(body, &delivery).unwrap_err();
    assert_eq!(refusal.reason, "mismatch");
    assert!(to_json(&refusal).contains("mismatch"));
    let delivery = json!({ "signature": "00".repeat(32), "secrets": [] }).to_string();
    assert_eq!(verify(body, &delivery).unwrap_err().reason, "bad_secret");
}
