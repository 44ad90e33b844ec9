//! Webhooks: is this delivery genuine, and what is the event?
//!
//! ```
//! use qbank_proto::webhook::{Delivery, Event, Verifier};
//! use std::time::Duration;
//!
//! // Several secrets while one is being rotated.
//! let verifier = Verifier::new(["new-secret", "old-secret"])?;
//! # let body = br#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","event_type":"payment.status.update","resource_type":"payment","data":{"paymentId":"0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40","status":"P_COMPLETED"}}"#;
//! # let signature = "c0fad2eea1be0e4a5d0ff1c9a1b8b2a0a5f0b2d2b4b3b2b1b0afaeadacabaaa9";
//! let delivery = Delivery { body, signature: signature.into(), event_id: None, timestamp: None };
//! match verifier.verify(&delivery, Duration::ZERO) {
//!     Ok(()) => println!("{:?}", Event::parse(body)),
//!     Err(error) => println!("respond with 400, and discard it: {error}"),
//! }
//! # Ok::<(), qbank_proto::webhook::VerifyError>(())
//! ```
//!
//! The default scheme signs no timestamp, so a delivery can be replayed. Dedupe
//! on the **signed** [`Event::event_id`] (the `Webhook-Event-ID` header names
//! only the delivery attempt), never let a final state regress, and confirm with
//! `GET /payments/{id}` before acting on money.

mod event;
mod signature;
mod verifier;

pub use event::{Event, EventType};
pub use verifier::{Delivery, Signatures, Verifier, VerifyError};
