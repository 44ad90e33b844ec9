//! Webhooks: who is told, and what, when a payment is final.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use qbank_proto::{EventId, PaymentId, Secret};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

use crate::clients::Client;
use crate::fixtures::WEBHOOK_SECRET;
use crate::ids::{Purpose, nth_derived};
use crate::journal::hex;
use crate::payments::{Payment, PaymentResource};
use crate::timeline::PaymentStatus;

/// One attempt to tell one receiver of one payment.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Delivery {
    /// Where to `POST` it; empty if no receiver is registered.
    pub url: String,
    /// `Content-Type`, `Webhook-Event-ID` (of this attempt) and `Webhook-Signature`.
    pub headers: HeaderMap,
    /// The signed bytes.
    pub body: Bytes,
    /// The `event_id` in the body: the same in every attempt to tell of this state.
    pub event_id: EventId,
    /// The payment that it tells of.
    pub payment_id: PaymentId,
    /// The uuid in `Webhook-Event-ID`.
    pub attempt_id: Uuid,
    /// Which attempt it is to tell this receiver, from one.
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
    /// What the receiver answered; 200 alone means that it took it.
    pub status: Option<u16>,
    /// Why there is no answer.
    pub error: Option<String>,
    /// Which attempt it was, from one.
    pub attempt: u32,
    /// When it is tried again, by the bank's clock; none if it was taken or given up.
    pub next_attempt: Option<String>,
    /// When the outcome was known, by the bank's clock.
    pub timestamp: String,
}

/// What is told of a payment: the same bytes to every receiver, in every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) payment_id: PaymentId,
    body: Bytes,
}

impl Event {
    /// The event about a payment as it is at `now`.
    pub(crate) fn about(payment: &Payment, now: Duration, actor: &str) -> Self {
        Self::new(payment.resource(now, actor), 0)
    }

    /// The event that would tell of another state than the payment is in: of one that
    /// has passed, perhaps. It is another event, so it has an id of its own.
    pub(crate) fn pretended(mut resource: PaymentResource<'_>, status: PaymentStatus) -> Self {
        if resource.status == status {
            return Self::new(resource, 0);
        }
        let nth = PaymentStatus::ALL.iter().position(|known| *known == status);
        resource.status = status;
        let now = resource.timestamp.clone();
        resource.completion_date = status.is_final().then_some(now);
        Self::new(resource, nth.and_then(|nth| u8::try_from(nth + 8).ok()).unwrap_or(8))
    }

    /// An event that is not final is another one than the final event to come.
    fn new(resource: PaymentResource<'_>, nth: u8) -> Self {
        #[derive(Serialize)]
        struct Told<'a> {
            event_id: EventId,
            event_type: &'static str,
            resource_type: &'static str,
            data: PaymentResource<'a>,
        }
        let state = if resource.status.is_final() { 0 } else { resource.status as u8 + 1 };
        let payment_id = resource.payment_id;
        let id =
            nth_derived(payment_id.as_uuid(), Purpose::Event, if nth == 0 { state } else { nth });
        let told = Told {
            event_id: id,
            event_type: "payment.status.update",
            resource_type: "payment",
            data: resource,
        };
        // Only a map whose keys are not strings could fail, and there is none.
        let body = serde_json::to_vec(&told).unwrap_or_default().into();
        Self { id, payment_id, body }
    }
}

/// Who is told.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    #[serde(rename = "client_id")]
    pub(crate) client_id: Box<str>,
    #[serde(skip)]
    pub(crate) client: Client,
    #[serde(skip)]
    pub(crate) secret: Secret,
}

impl Receiver {
    /// Signs for nobody in particular.
    pub(crate) fn nobody(client: Client) -> Self {
        let secret = Secret::new(WEBHOOK_SECRET);
        Self { url: String::new(), client_id: Box::default(), client, secret }
    }

    /// One attempt to tell this receiver, the first or a later one.
    pub(crate) fn delivery(&self, event: &Event, attempt: u32, attempt_id: Uuid) -> Delivery {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in [
            ("webhook-event-id", attempt_id.to_string()),
            ("webhook-signature", sign(&self.secret, &event.body)),
        ] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        Delivery {
            url: self.url.clone(),
            headers,
            body: event.body.clone(),
            event_id: event.id,
            payment_id: event.payment_id,
            attempt_id,
            attempt,
        }
    }
}

/// HMAC-SHA256 over the raw body, key = the secret's bytes, in hexadecimal.
fn sign(secret: &Secret, body: &[u8]) -> String {
    // An HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map(|mac| hex(&mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

pub(crate) fn is_loopback(url: &str) -> bool {
    url.parse().is_ok_and(|uri| loopback_address(&uri).is_some())
}

/// Where a receiver listens, if that is on loopback: a sandbox must not be made to
/// knock on other people's doors. No name is resolved, since it could lead there.
pub fn loopback_address(uri: &Uri) -> Option<SocketAddr> {
    let authority = uri.authority()?;
    if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
        return None;
    }
    let host = authority.host();
    let ip = if host.eq_ignore_ascii_case("localhost") {
        Ipv4Addr::LOCALHOST.into()
    } else {
        host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok()?
    };
    ip.is_loopback().then(|| SocketAddr::new(ip, authority.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_receivers_are_taken() {
        for url in
            ["http://127.0.0.1:9/x", "http://localhost", "http://[::1]:80/", "http://127.9.9.9/"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1@example.com/",
            "http://localhost@127.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
            "/hook",
            "127.0.0.1:80",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn the_signature_is_the_hmac_of_rfc_4231() {
        // RFC 4231, test case 2.
        let tag = sign(&Secret::new("Jefe"), b"what do ya want for nothing?");
        assert_eq!(tag, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
