//! The event that a delivery holds.

use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{self, DecodeError, Document, Member, Reading};
use crate::resource::Payment;
use crate::types::{EventId, open_enum};

/// The event that a delivery holds. Parse it only after its signature was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Event {
    /// Identifies the event over all its deliveries: dedupe on this.
    pub event_id: EventId,
    /// What happened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub event_type: Option<EventType>,
    /// What it happened to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource_type: Option<String>,
    /// The payment.
    pub data: Payment,
}

impl Event {
    /// An event about this payment; for tests of applications.
    pub const fn new(event_id: EventId, data: Payment) -> Self {
        Self { event_id, event_type: None, resource_type: None, data }
    }

    /// Reads the body of a delivery. Only the ids of the event and of its payment are
    /// essential: what else cannot be read is left out.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&Document::parse(body)?)
    }

    fn read(document: &Document<'_>) -> Result<Self, DecodeError> {
        let it: Members<'_> = document.object()?;
        let data = it.data.json().ok_or_else(|| DecodeError::member("data", "is missing"))?;
        let payment = Payment::read(&Document::of(data), Reading::Lenient);
        Ok(Self {
            event_id: it.event_id.id().essential("event_id")?,
            event_type: it.event_type.open().lenient(),
            resource_type: it.resource_type.text().lenient(),
            data: payment.map_err(|error| error.without_place().below("data"))?,
        })
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow, alias = "eventId")]
    event_id: Member<'a>,
    #[serde(alias = "eventType")]
    event_type: Member<'a>,
    #[serde(alias = "resourceType")]
    resource_type: Member<'a>,
    data: Member<'a>,
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, Self::read)
    }
}

open_enum! {
    /// What happened to the resource of a webhook.
    pub enum EventType {
        /// A payment reached a final state.
        PaymentStatusUpdate = "payment.status.update" | "paymentStatusUpdate",
    }
}
