//! Deliveries are handed to the application's own receiver.

use std::time::Duration;

use http::StatusCode;
use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::webhook::{Delivery, Event, Verifier};
use qbank_sandbox::WEBHOOK_SECRET;

use crate::{bank, client, invoice};

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

#[test]
fn a_settled_payment_is_delivered_signed() {
    let bank = bank();
    client(&bank).payments().create_ach(invoice()).send().unwrap();
    assert!(bank.deliveries().is_empty());
    bank.advance(DAY);
    let deliveries = bank.deliveries();
    assert_eq!(deliveries.len(), 1);
    let verifier = Verifier::new([WEBHOOK_SECRET]).unwrap();
    let received = Delivery::new(&deliveries[0].headers, &deliveries[0].body).unwrap();
    verifier.verify(&received, bank.now().unix).unwrap();
    let event = Event::parse(&deliveries[0].body).unwrap();
    assert_eq!(event.event_id, deliveries[0].event_id);
    assert_eq!(event.data.status, Some(PaymentStatus::Completed));
    assert!(bank.deliveries().is_empty());
}

#[test]
fn a_delivery_that_is_not_accepted_comes_again() {
    let bank = bank();
    client(&bank).payments().create_ach(invoice()).send().unwrap();
    bank.advance(DAY);
    let mut seen = 0;
    bank.deliver(|_| {
        seen += 1;
        StatusCode::SERVICE_UNAVAILABLE
    });
    assert_eq!(seen, 1);
    assert!(bank.deliveries().is_empty());
    bank.advance(Duration::from_secs(1));
    assert_eq!(bank.deliveries()[0].attempt, 2);
}
