use hmac::{Hmac, KeyInit, Mac};
use qbank_sandbox::{Delivery, WEBHOOK_SECRET};
use serde_json::Value;
use sha2::Sha256;

use crate::customer::{Customer, HOUR, ach, key, wire};

const HOOK: &str = r#"{"url":"http://127.0.0.1:9/hook","secret":"s3cret"}"#;

#[track_caller]
fn is_signed(delivery: &Delivery, secret: &str) {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let tag = mac.chain_update(&delivery.body).finalize().into_bytes();
    let hex = tag.iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
    assert_eq!(delivery.headers["webhook-signature"], *hex);
}

#[test]
fn a_final_payment_is_delivered_once_to_each_receiver() {
    let mut customer = Customer::new();
    assert_eq!(customer.control("POST", "/webhooks", HOOK).status, 201);
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("10.10"));
    assert!(customer.bank.tick(customer.now).is_empty());

    customer.advance(24 * HOUR);
    let due = customer.bank.tick(customer.now);
    assert_eq!(due.len(), 1);
    assert!(customer.bank.tick(customer.now).is_empty());

    let delivery = &due[0];
    assert_eq!(delivery.url, "http://127.0.0.1:9/hook");
    is_signed(delivery, "s3cret");
    let event: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_eq!(event["event_type"], "payment.status.update");
    assert_eq!(event["resource_type"], "payment");
    assert_eq!(event["event_id"], delivery.event_id.to_string());
    assert_eq!(event["data"]["status"], "P_COMPLETED");
    customer.log_in("");
    assert_eq!(event["data"], customer.get(accepted.header("location")).json());
    let attempt = delivery.headers["webhook-event-id"].to_str().unwrap();
    assert_ne!(attempt, delivery.event_id.to_string());
}

#[test]
fn a_wire_is_delivered_as_soon_as_it_is_made() {
    let mut customer = Customer::new();
    customer.control("POST", "/webhooks", HOOK);
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    assert_eq!(customer.bank.tick(customer.now).len(), 1);
}

#[test]
fn an_event_keeps_its_id_while_each_attempt_has_its_own() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let id = customer.bank.entries()[0].payment_id.unwrap();
    let first = customer.bank.event_for(id).unwrap();
    let second = customer.bank.event_for(id).unwrap();
    is_signed(&first, WEBHOOK_SECRET);
    assert_eq!(first.event_id, second.event_id);
    assert_eq!(first.body, second.body);
    assert_ne!(first.attempt_id, second.attempt_id);
}

#[test]
fn a_receiver_elsewhere_is_refused_and_no_secret_is_shown() {
    let mut customer = Customer::new();
    let elsewhere = r#"{"url":"http://example.com/hook"}"#;
    customer.control("POST", "/webhooks", elsewhere).refused(400, "ERR_REQ_001");
    let registered = customer.control("POST", "/webhooks", HOOK);
    let listed = customer.control("GET", "/webhooks", "");
    assert!(!registered.text().contains("s3cret") && !listed.text().contains("s3cret"));
    assert!(!format!("{:?}", customer.bank).contains("s3cret"));
}

#[test]
fn what_came_of_a_delivery_is_recorded() {
    let mut customer = Customer::new();
    customer.control("POST", "/webhooks", HOOK);
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let due = customer.bank.tick(customer.now);
    customer.bank.record_delivery(customer.now, &due[0], Ok(http::StatusCode::OK));
    customer.bank.record_delivery(customer.now, &due[0], Err("no response in time".into()));
    let records = customer.control("GET", "/deliveries", "").json();
    assert_eq!(records[0]["status"], 200);
    assert_eq!(records[0]["event_id"], due[0].event_id.to_string());
    assert_eq!(records[0]["paymentId"], due[0].payment_id.to_string());
    assert!(records[1]["status"].is_null());
    assert_eq!(records[1]["error"], "no response in time");
}
