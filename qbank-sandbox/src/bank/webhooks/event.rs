//! The signed content of a webhook: one event per payment and state.

use std::time::Duration;

use bytes::Bytes;
use qbank_proto::{EventId, PaymentId};
use serde::Serialize;

use crate::bank::ids::{Purpose, nth_derived};
use crate::bank::payments::{Payment, PaymentResource, PaymentStatus};

/// An event about a payment: the same bytes to every receiver, in every attempt.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    pub(crate) id: EventId,
    pub(crate) payment_id: PaymentId,
    pub(super) body: Bytes,
}

impl Event {
    /// The event about a payment as it is at `now`.
    pub(crate) fn about(payment: &Payment, now: Duration, actor: &str) -> Self {
        Self::new(payment.resource(now, actor), 0)
    }

    /// The event about another state than the payment is in, such as an earlier one. It
    /// is another event, so it has an id of its own.
    pub(crate) fn in_state(mut resource: PaymentResource<'_>, status: PaymentStatus) -> Self {
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
        struct Body<'a> {
            event_id: EventId,
            event_type: &'static str,
            resource_type: &'static str,
            data: PaymentResource<'a>,
        }
        let state = if resource.status.is_final() { 0 } else { resource.status as u8 + 1 };
        let payment_id = resource.payment_id;
        let id =
            nth_derived(payment_id.as_uuid(), Purpose::Event, if nth == 0 { state } else { nth });
        let body = Body {
            event_id: id,
            event_type: "payment.status.update",
            resource_type: "payment",
            data: resource,
        };
        // Only a map whose keys are not strings could fail, and there is none.
        let body = serde_json::to_vec(&body).unwrap_or_default().into();
        Self { id, payment_id, body }
    }
}
