//! A delivery attempt, and what came of it.

use bytes::Bytes;
use http::HeaderMap;
use qbank_proto::{EventId, PaymentId};
use serde::Serialize;
use uuid::Uuid;

/// One attempt to deliver an event to one receiver.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Where to `POST` it; empty if no receiver is registered.
    pub url: String,
    /// `Content-Type`, `Webhook-Event-ID` (of this attempt) and `Webhook-Signature`.
    pub headers: HeaderMap,
    /// The signed bytes.
    pub body: Bytes,
    /// The `event_id` in the body: the same in every attempt for this state.
    pub event_id: EventId,
    /// The payment that it is about.
    pub payment_id: PaymentId,
    /// The uuid in `Webhook-Event-ID`.
    pub attempt_id: Uuid,
    /// Which attempt for this receiver it is, from one.
    pub attempt: u32,
}

/// An attempt and its outcome, as `GET /_sandbox/deliveries` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct DeliveryRecord {
    /// The uuid in `Webhook-Event-ID`.
    pub webhook_event_id: Uuid,
    /// The signed `event_id`.
    pub event_id: EventId,
    /// The payment.
    #[serde(rename = "paymentId")]
    pub payment_id: PaymentId,
    /// The receiver.
    pub url: String,
    /// The receiver's status; only 200 means that it accepted it.
    pub status: Option<u16>,
    /// Why there is no response.
    pub error: Option<String>,
    /// Which attempt it was, from one.
    pub attempt: u32,
    /// When it is tried again, by the bank's clock; none if it was accepted or given up.
    pub next_attempt: Option<String>,
    /// When the outcome was known, by the bank's clock.
    pub timestamp: String,
}
