//! Verifies webhook deliveries.

use std::time::Duration;

use qbank_proto::Error;
use qbank_proto::webhook::{self, Event, Verifier, VerifyError};
use serde::{Serialize, Serializer};

use crate::input::Members;
use crate::output::View;

/// Why a delivery is not to be trusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Refusal {
    /// A name for it.
    pub reason: &'static str,
    /// A sentence about it.
    pub message: String,
}

/// Whether the signature is genuine: then the event, or none if the body is no event of ours.
///
/// `delivery` is a record: `signature`, `eventId`, `timestamp`, `secrets`, now as `unix` in
/// seconds, and `tolerance` in seconds, which chooses the Standard Webhooks scheme.
pub fn verify(body: &[u8], delivery: &str) -> Result<Option<WebhookEvent>, Refusal> {
    let delivery = Members::parse("delivery", delivery).and_then(Delivery::read);
    let Ok(delivery) = delivery else { return Err(refusal(VerifyError::Malformed)) };
    let verifier = match delivery.tolerance {
        None => Verifier::new(&delivery.secrets),
        Some(tolerance) => Verifier::standard(&delivery.secrets, tolerance),
    };
    let signed = webhook::Delivery {
        body,
        signature: delivery.signature.as_str().into(),
        event_id: delivery.event_id.as_deref(),
        timestamp: delivery.timestamp.as_deref(),
    };
    verifier
        .and_then(|verifier| verifier.verify(&signed, delivery.unix))
        .map(|()| Event::parse(body).ok().map(WebhookEvent))
        .map_err(refusal)
}

struct Delivery {
    signature: String,
    event_id: Option<String>,
    timestamp: Option<String>,
    secrets: Vec<String>,
    tolerance: Option<Duration>,
    unix: Duration,
}

impl Delivery {
    fn read(mut members: Members<'_>) -> Result<Self, Error> {
        Ok(Self {
            signature: members.text("signature")?,
            event_id: members.maybe_text("eventId")?,
            timestamp: members.maybe_text("timestamp")?,
            secrets: members.texts("secrets")?,
            tolerance: members.number("tolerance")?.map(Duration::from_secs),
            unix: members.number("unix")?.map(Duration::from_secs).unwrap_or_default(),
        })
    }
}

/// A genuine event. It serialises as a record.
#[derive(Debug, Clone)]
pub struct WebhookEvent(Event);

impl WebhookEvent {
    /// The core's event.
    pub const fn core(&self) -> &Event {
        &self.0
    }
}

impl Serialize for WebhookEvent {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        View(&self.0).serialize(serializer)
    }
}

fn refusal(error: VerifyError) -> Refusal {
    Refusal { reason: reason(error), message: error.to_string() }
}

fn reason(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Missing => "missing",
        VerifyError::TooMany => "too_many",
        VerifyError::Mismatch => "mismatch",
        VerifyError::Timestamped => "timestamped",
        VerifyError::Stale => "stale",
        VerifyError::NoIdOrTimestamp => "no_id_or_timestamp",
        VerifyError::BadSecret => "bad_secret",
        _ => "malformed",
    }
}
