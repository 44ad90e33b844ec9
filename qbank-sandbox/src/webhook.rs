//! Webhooks: who is told, and what, when a payment is final.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::time::Duration;

use bytes::Bytes;
use hmac::{Hmac, KeyInit, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode, Uri};
use qbank_proto::{EventId, PaymentId, Secret};
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

use crate::answer::Answer;
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::fields::Fields;
use crate::fixtures::WEBHOOK_SECRET;
use crate::ids::{Purpose, derived};
use crate::journal::hex;
use crate::payments::{Payment, PaymentResource};

const MOST_RECEIVERS: usize = 16;
const MOST_RECORDS: usize = 10_000;

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
    /// When the outcome was known, by the bank's clock.
    pub timestamp: String,
}

/// The receivers, and what is on its way to them.
#[derive(Debug, Default)]
pub(crate) struct Webhooks {
    receivers: Vec<Receiver>,
    outbox: VecDeque<PaymentId>,
    records: VecDeque<DeliveryRecord>,
}

#[derive(Debug, Clone, Serialize)]
pub(crate) struct Receiver {
    url: String,
    #[serde(skip)]
    secret: Secret,
}

impl Receiver {
    /// Signs for nobody in particular.
    pub(crate) fn nobody() -> Self {
        Self { url: String::new(), secret: Secret::new(WEBHOOK_SECRET) }
    }

    /// The event about a payment's state at `now`, signed for this receiver.
    pub(crate) fn delivery(&self, payment: &Payment, now: Duration, attempt_id: Uuid) -> Delivery {
        let event_id = derived(payment.id.as_uuid(), Purpose::Event);
        let body = Bytes::from(event_body(event_id, payment.resource(now)));
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in [
            ("webhook-event-id", attempt_id.to_string()),
            ("webhook-signature", sign(&self.secret, &body)),
        ] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        let url = self.url.clone();
        Delivery { url, headers, body, event_id, payment_id: payment.id, attempt_id }
    }
}

impl Webhooks {
    /// `POST /_sandbox/webhooks`.
    pub(crate) fn register(&mut self, body: &[u8]) -> Result<Answer, Refusal> {
        let mut fields = Fields::parse(body)?;
        let url = fields.text("url", 1_024)?;
        let secret = fields.optional_text("secret", 1_024)?;
        fields.end()?;
        if !is_loopback(&url) {
            let message = "`url` must be an http URL of a loopback address.";
            return Err(Refusal::malformed(message));
        }
        if self.receivers.len() >= MOST_RECEIVERS {
            return Err(Refusal::unprocessable("ERR_SBX_002", "There are too many webhooks."));
        }
        let secret = Secret::new(secret.unwrap_or_else(|| WEBHOOK_SECRET.into()));
        let receiver = Receiver { url, secret };
        let answer = Answer::json(StatusCode::CREATED, &receiver);
        self.receivers.push(receiver);
        Ok(answer)
    }

    /// `GET /_sandbox/webhooks`, without the secrets.
    pub(crate) fn list(&self) -> Answer {
        Answer::json(StatusCode::OK, &self.receivers)
    }

    pub(crate) fn clear(&mut self) {
        self.receivers.clear();
        self.outbox.clear();
    }

    pub(crate) fn receivers(&self) -> &[Receiver] {
        &self.receivers
    }

    /// These payments are final; whoever is registered now will be told.
    pub(crate) fn announce(&mut self, payments: Vec<PaymentId>) {
        if !self.receivers.is_empty() {
            self.outbox.extend(payments);
        }
    }

    pub(crate) fn next(&mut self) -> Option<PaymentId> {
        self.outbox.pop_front()
    }

    pub(crate) fn record(
        &mut self,
        now: Duration,
        delivery: &Delivery,
        outcome: Result<StatusCode, String>,
    ) {
        if self.records.len() >= MOST_RECORDS {
            self.records.pop_front();
        }
        let (status, error) = match outcome {
            Ok(status) => (Some(status.as_u16()), None),
            Err(error) => (None, Some(error)),
        };
        self.records.push_back(DeliveryRecord {
            webhook_event_id: delivery.attempt_id,
            event_id: delivery.event_id,
            payment_id: delivery.payment_id,
            url: delivery.url.clone(),
            status,
            error,
            timestamp: timestamp(now),
        });
    }

    pub(crate) fn records(&self) -> &VecDeque<DeliveryRecord> {
        &self.records
    }
}

fn event_body(event_id: EventId, data: PaymentResource) -> Vec<u8> {
    #[derive(Serialize)]
    struct Event {
        event_id: EventId,
        event_type: &'static str,
        resource_type: &'static str,
        data: PaymentResource,
    }
    let event =
        Event { event_id, event_type: "payment.status.update", resource_type: "payment", data };
    // Nothing in an event can fail to be written.
    serde_json::to_vec(&event).unwrap_or_default()
}

/// HMAC-SHA256 over the raw body, key = the secret's bytes, in hexadecimal.
fn sign(secret: &Secret, body: &[u8]) -> String {
    // An HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map(|mac| hex(&mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

fn is_loopback(url: &str) -> bool {
    url.parse().is_ok_and(|uri| loopback_address(&uri).is_some())
}

/// Where a receiver listens, if that is on loopback: a sandbox must not be made to
/// knock on other people's doors. No name is resolved, since it could lead there.
pub(crate) fn loopback_address(uri: &Uri) -> Option<SocketAddr> {
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
