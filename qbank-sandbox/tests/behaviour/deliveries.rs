//! Webhooks that are not taken, come twice, come late, or are made to order.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use qbank_sandbox::Delivery;
use serde_json::Value;

use crate::customer::{Customer, HOUR, ach, key, wire};

fn with_a_receiver() -> Customer {
    let mut customer = Customer::new();
    let hook = r#"{"url":"http://127.0.0.1:9/hook"}"#;
    assert_eq!(customer.control("POST", "/webhooks", hook).status, 201);
    customer
}

fn tick(customer: &mut Customer) -> Vec<Delivery> {
    customer.bank.tick(customer.now)
}

fn respond(customer: &mut Customer, delivery: &Delivery, status: u16) {
    let status = StatusCode::from_u16(status).unwrap();
    customer.bank.record_delivery(customer.now, delivery, Ok(status));
}

fn status_of(delivery: &Delivery) -> String {
    let event: Value = serde_json::from_slice(&delivery.body).unwrap();
    event["data"]["status"].as_str().unwrap().to_owned()
}

#[test]
fn a_failed_delivery_is_tried_again_after_longer_and_longer_waits() {
    let mut customer = with_a_receiver();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let first = tick(&mut customer).remove(0);
    let mut attempts = BTreeSet::from([first.attempt_id]);
    let mut last = first.clone();
    for (wait, status) in
        [(1, 500), (5, 201), (30, 204), (120, 302), (600, 400), (3_600, 404), (21_600, 503)]
    {
        respond(&mut customer, &last, status);
        customer.advance(Duration::from_millis(wait * 1_000 - 1));
        assert!(tick(&mut customer).is_empty(), "before {wait} s");
        customer.advance(Duration::from_millis(1));
        last = tick(&mut customer).remove(0);
        assert_eq!((last.event_id, &last.body), (first.event_id, &first.body));
        assert_eq!(last.headers["webhook-signature"], first.headers["webhook-signature"]);
        assert!(attempts.insert(last.attempt_id), "each attempt has its own id");
    }
    assert_eq!(last.attempt, 8);
    respond(&mut customer, &last, 500);
    customer.advance(1_000 * HOUR);
    assert!(tick(&mut customer).is_empty(), "given up");

    let records = customer.control("GET", "/deliveries", "").json();
    assert_eq!(records.as_array().unwrap().len(), 8);
    assert_eq!((&records[0]["attempt"], &records[0]["status"]), (&1.into(), &500.into()));
    assert_eq!(records[0]["next_attempt"], "2026-01-05T14:00:01.000Z");
    assert!(records[7]["next_attempt"].is_null());
}

#[test]
fn exactly_200_is_the_end_of_it_and_no_response_is_not() {
    let mut customer = with_a_receiver();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let first = tick(&mut customer).remove(0);
    let failure = Err("connection refused".into());
    customer.bank.record_delivery(customer.now, &first, failure);
    customer.advance(HOUR);
    let second = tick(&mut customer).remove(0);
    respond(&mut customer, &second, 200);
    // A second outcome changes nothing.
    respond(&mut customer, &second, 500);
    customer.advance(1_000 * HOUR);
    assert!(tick(&mut customer).is_empty());
}

#[test]
fn a_receiver_that_is_deleted_gets_no_further_delivery() {
    let mut customer = with_a_receiver();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let first = tick(&mut customer).remove(0);
    customer.control("DELETE", "/webhooks", "");
    respond(&mut customer, &first, 500);
    customer.advance(HOUR);
    assert!(tick(&mut customer).is_empty());
}

#[test]
fn a_url_that_registers_again_gets_one_delivery_under_its_new_secret() {
    let mut customer = with_a_receiver();
    let hook = r#"{"url":"http://127.0.0.1:9/hook","secret":"rotated"}"#;
    customer.control("POST", "/webhooks", hook);
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    assert_eq!(tick(&mut customer).len(), 1);
    assert_eq!(customer.control("GET", "/webhooks", "").json().as_array().unwrap().len(), 1);
}

#[test]
fn an_event_is_resent_with_its_id_and_new_attempts() {
    let mut customer = with_a_receiver();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let first = tick(&mut customer).remove(0);
    respond(&mut customer, &first, 200);
    let body = format!(r#"{{"paymentId":"{}","times":2}}"#, first.payment_id);
    let events = customer.control("POST", "/webhooks/resend", &body);
    assert_eq!(events.status, 202, "{events:?}");
    assert_eq!(events.json()["event_id"], first.event_id.to_string());
    let again = tick(&mut customer);
    assert_eq!(again.len(), 2);
    assert!(again.iter().all(|it| it.event_id == first.event_id && it.body == first.body));
    let ids: BTreeSet<_> = again.iter().chain([&first]).map(|it| it.attempt_id).collect();
    assert_eq!(ids.len(), 3);
}

#[test]
fn only_what_is_final_is_resent() {
    let mut customer = with_a_receiver();
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("1.00"));
    let id = accepted.header("location").trim_start_matches("/v1/payments/").to_owned();
    let body = format!(r#"{{"paymentId":"{id}"}}"#);
    customer.control("POST", "/webhooks/resend", &body).refused(422, "ERR_SBX_005");
    let unknown = body.replace(&id, &key(9));
    customer.control("POST", "/webhooks/resend", &unknown).refused(404, "ERR_PAY_001");
    customer.control("DELETE", "/webhooks", "");
    customer.control("POST", "/webhooks/trigger", "{}").refused(422, "ERR_SBX_004");
}

#[test]
fn an_event_can_have_a_state_that_has_passed() {
    let mut customer = with_a_receiver();
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let done = tick(&mut customer).remove(0);
    let body = format!(r#"{{"paymentId":"{}","status":"P_PROCESSING"}}"#, done.payment_id);
    assert_eq!(customer.control("POST", "/webhooks/trigger", &body).status, 202);
    let stale = tick(&mut customer).remove(0);
    assert_eq!(status_of(&stale), "P_PROCESSING");
    assert_eq!(stale.payment_id, done.payment_id);
    assert_ne!(stale.event_id, done.event_id);
    // Without a state it is the event of the state that it is in.
    let body = format!(r#"{{"paymentId":"{}"}}"#, done.payment_id);
    customer.control("POST", "/webhooks/trigger", &body);
    assert_eq!(tick(&mut customer)[0].body, done.body);
}

#[test]
fn an_event_before_the_end_is_another_one_than_that_of_the_end() {
    let mut customer = with_a_receiver();
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("1.00"));
    let id = accepted.header("location").trim_start_matches("/v1/payments/").parse().unwrap();
    let early = customer.bank.event_for(id).unwrap();
    customer.advance(24 * HOUR);
    assert_ne!(tick(&mut customer)[0].event_id, early.event_id);
}

#[test]
fn an_event_can_be_made_up() {
    let mut customer = with_a_receiver();
    let body = r#"{"type":"WIRE","amount":12.34,"status":"P_FAILED","times":3}"#;
    assert_eq!(customer.control("POST", "/webhooks/trigger", body).status, 202);
    let events = tick(&mut customer);
    assert_eq!(events.len(), 3);
    let event: Value = serde_json::from_slice(&events[0].body).unwrap();
    assert_eq!(event["data"]["type"], "WIRE");
    assert_eq!(event["data"]["amount"].to_string(), "12.34");
    assert_eq!(event["data"]["status"], "P_FAILED");
    assert_eq!(customer.bank.payment_status(events[0].payment_id), None);
    assert!(customer.bank.entries().is_empty());
    for bad in [r#"{"status":"DONE"}"#, r#"{"type":"CHECK"}"#, r#"{"times":0}"#, r#"{"x":1}"#, "["]
    {
        customer.control("POST", "/webhooks/trigger", bad).refused(400, "ERR_REQ_001");
    }
}

#[test]
fn events_come_twice_on_request() {
    let mut customer = with_a_receiver();
    let body = r#"{"kind":"duplicate","times":1}"#;
    assert_eq!(customer.control("POST", "/webhooks/trouble", body).status, 204);
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    customer.write("/v1/payments/wire", &key(2), &wire("2.00"));
    let events = tick(&mut customer);
    assert_eq!(events.len(), 3);
    assert_eq!(events[0].event_id, events[1].event_id);
    assert_ne!(events[0].attempt_id, events[1].attempt_id);
    assert_ne!(events[2].event_id, events[0].event_id);
}

#[test]
fn events_overtake_each_other_on_request() {
    let mut customer = with_a_receiver();
    let body = r#"{"kind":"reorder","times":3}"#;
    customer.control("POST", "/webhooks/trouble", body);
    for n in 1..=3 {
        assert!(tick(&mut customer).is_empty());
        customer.write("/v1/payments/wire", &key(n), &wire("1.00"));
    }
    customer.write("/v1/payments/wire", &key(4), &wire("1.00"));
    let made: Vec<_> = customer.bank.entries().iter().map(|it| it.payment_id.unwrap()).collect();
    let events: Vec<_> = tick(&mut customer).iter().map(|it| it.payment_id).collect();
    assert_eq!(events, [made[2], made[1], made[0], made[3]]);
}

#[test]
fn events_that_are_held_back_wait_a_minute_at_most() {
    let mut customer = with_a_receiver();
    customer.control("POST", "/webhooks/trouble", r#"{"kind":"reorder","times":9}"#);
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    customer.advance(Duration::from_secs(59));
    assert!(tick(&mut customer).is_empty());
    customer.advance(Duration::from_secs(1));
    assert_eq!(tick(&mut customer).len(), 1);
    customer.control("POST", "/webhooks/trouble", r#"{"kind":"no"}"#).refused(400, "ERR_REQ_001");
}

#[test]
fn events_made_to_order_do_not_pile_up_without_end() {
    let mut customer = with_a_receiver();
    for _ in 0..100 {
        let response = customer.control("POST", "/webhooks/trigger", r#"{"times":100}"#);
        assert_eq!(response.status, 202);
    }
    customer.control("POST", "/webhooks/trigger", "{}").refused(422, "ERR_SBX_002");
    assert_eq!(tick(&mut customer).len(), 256);
    assert_eq!(customer.control("POST", "/webhooks/trigger", "{}").status, 202);
}
