//! What a delivery says.

use serde::Serialize;

use crate::json::{DecodeError, Fields};
use crate::resource::Payment;
use crate::types::{EventId, open_enum};

/// What a delivery says. Parse it only after its signature was verified.
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
    /// Reads the body of a delivery.
    pub fn parse(body: &[u8]) -> Result<Self, DecodeError> {
        let fields = Fields::parse(body)?;
        let data = fields
            .json(&["data"])
            .ok_or_else(|| DecodeError::new("the member `data` is missing"))?;
        Ok(Self {
            event_id: fields.id(&["event_id", "eventId"])?,
            event_type: fields.open(&["event_type", "eventType"])?,
            resource_type: fields.string(&["resource_type", "resourceType"])?,
            data: Payment::read(&Fields::parse(data.as_bytes())?)?,
        })
    }
}

open_enum! {
    /// What a webhook tells of.
    pub enum EventType {
        /// A payment reached a final state.
        PaymentStatusUpdate = "payment.status.update" | "paymentStatusUpdate",
    }
}
