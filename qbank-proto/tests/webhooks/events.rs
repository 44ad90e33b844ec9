//! The event that a delivery holds.

use std::time::Duration;

use qbank_proto::webhook::{Event, EventType, Verifier};

use crate::{BODY, SECRET, delivery, hex, signed};

#[test]
fn both_event_types_are_the_same_event() {
    let text = std::str::from_utf8(BODY).unwrap();
    for name in ["payment.status.update", "paymentStatusUpdate"] {
        let event = Event::parse(text.replace("payment.status.update", name).as_bytes()).unwrap();
        assert_eq!(event.event_type, Some(EventType::PaymentStatusUpdate));
        assert_eq!(event.event_id.to_string(), "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10");
        assert_eq!(event.resource_type.as_deref(), Some("payment"));
        assert_eq!(event.data.amount.unwrap().cents(), 1230);
        assert!(event.data.is_final());
    }
    let other = text.replace("payment.status.update", "payment.created");
    let event = Event::parse(other.as_bytes()).unwrap();
    assert_eq!(event.event_type.unwrap().as_str(), "payment.created");
}

#[test]
fn a_genuine_body_may_be_no_event() {
    for body in [
        &b""[..],
        b"{}",
        b"[]",
        b"not json",
        b"\xff",
        br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"}"#,
        br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","data":{}}"#,
        br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","data":[]}"#,
        br#"{"event_id":"7","data":{"paymentId":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40"}}"#,
    ] {
        let tag = hex(&signed(body));
        let verifier = Verifier::new([SECRET]).unwrap();
        assert_eq!(verifier.verify(&delivery(body, &tag), Duration::ZERO), Ok(()));
        assert!(Event::parse(body).is_err());
    }
}

#[test]
fn only_the_ids_of_an_event_are_essential() {
    let body = "\u{feff}{\"event_id\":\"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10\",\"event_type\":[1],\"data\":{\"paymentId\":\"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40\",\"amount\":\"much\",\"actor\":\"a\\ud800\"}}";
    let event = Event::parse(body.as_bytes()).unwrap();
    assert_eq!(event.event_type, None);
    assert_eq!(event.data.amount, None);
    assert_eq!(event.data.audit.actor.as_deref(), Some("a\u{fffd}"));
    let error = Event::parse(br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","data":{}}"#)
        .unwrap_err();
    assert_eq!(error.to_string(), "`data.paymentId` is missing");
}

#[test]
fn an_event_is_written_and_read() {
    let event = Event::parse(BODY).unwrap();
    let written = serde_json::to_string(&event).unwrap();
    assert_eq!(serde_json::from_str::<Event>(&written).unwrap(), event);
    assert_eq!(serde_json::from_slice::<Event>(BODY).unwrap(), event);
}
