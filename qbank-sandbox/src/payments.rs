//! Payments and their states.
//!
//! ```text
//!  ACH   P_CREATED ─► P_VALIDATED ─► P_SUBMITTED_TO_CORE ─► P_PROCESSING ─► P_COMPLETED
//!                200 ms      next quarter hour         17:00 UTC      09:00 the next day
//!  wire  P_COMPLETED at once
//! ```
//! A payment knows its whole timeline from the start, so its state is a question
//! about the clock, and only the last moment needs a place in a queue. A calendar
//! of bank days has to change [`Timeline`] and nothing else.

use std::collections::BTreeMap;
use std::time::Duration;

use qbank_proto::{Amount, PaymentId, RequestId};
use serde::Serialize;

use crate::clock::{hour_of_next_day, next_boundary, next_hour_of_day, timestamp};
use crate::fixtures::CLIENT_ID;

/// How long the checks of schema and funds take.
const VALIDATION: Duration = Duration::from_millis(200);
/// How often a batch file is placed.
const BATCH: Duration = Duration::from_secs(15 * 60);
/// When the core takes the day's batches (UTC).
const END_OF_DAY: u64 = 17;
/// When the core has settled them, on the next day (UTC).
const SETTLEMENT: u64 = 9;

/// Where a payment is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub enum PaymentStatus {
    /// Received.
    #[serde(rename = "P_CREATED")]
    Created,
    /// Schema and funds are checked.
    #[serde(rename = "P_VALIDATED")]
    Validated,
    /// The batch file is placed.
    #[serde(rename = "P_SUBMITTED_TO_CORE")]
    SubmittedToCore,
    /// The core took it.
    #[serde(rename = "P_PROCESSING")]
    Processing,
    /// Settled. Final.
    #[serde(rename = "P_COMPLETED")]
    Completed,
}

impl PaymentStatus {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Created => "P_CREATED",
            Self::Validated => "P_VALIDATED",
            Self::SubmittedToCore => "P_SUBMITTED_TO_CORE",
            Self::Processing => "P_PROCESSING",
            Self::Completed => "P_COMPLETED",
        }
    }

    /// Whether the payment stays so for good.
    pub fn is_final(self) -> bool {
        self == Self::Completed
    }
}

/// Every payment there is.
#[derive(Debug, Default)]
pub(crate) struct Payments {
    all: BTreeMap<PaymentId, Payment>,
    /// Who becomes final when.
    due: BTreeMap<Duration, Vec<PaymentId>>,
}

/// One payment.
#[derive(Debug, Clone)]
pub(crate) struct Payment {
    pub(crate) id: PaymentId,
    pub(crate) rail: Rail,
    pub(crate) amount: Amount,
    pub(crate) timeline: Timeline,
    pub(crate) request_id: RequestId,
}

/// Which way the money goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(crate) enum Rail {
    #[serde(rename = "ACH")]
    Ach,
    #[serde(rename = "WIRE")]
    Wire,
}

/// When a payment reaches each of its states.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Timeline {
    created: Duration,
    validated: Duration,
    submitted: Duration,
    processing: Duration,
    completed: Duration,
}

impl Timeline {
    pub(crate) fn of_ach(created: Duration) -> Self {
        let validated = created + VALIDATION;
        let submitted = next_boundary(validated, BATCH);
        let processing = next_hour_of_day(submitted, END_OF_DAY);
        let completed = hour_of_next_day(processing, SETTLEMENT);
        Self { created, validated, submitted, processing, completed }
    }

    pub(crate) fn at_once(now: Duration) -> Self {
        Self { created: now, validated: now, submitted: now, processing: now, completed: now }
    }

    /// The state at `now`, and since when.
    pub(crate) fn at(&self, now: Duration) -> (PaymentStatus, Duration) {
        [
            (PaymentStatus::Completed, self.completed),
            (PaymentStatus::Processing, self.processing),
            (PaymentStatus::SubmittedToCore, self.submitted),
            (PaymentStatus::Validated, self.validated),
        ]
        .into_iter()
        .find(|(_, since)| *since <= now)
        .unwrap_or((PaymentStatus::Created, self.created))
    }

    pub(crate) fn is_final(&self, now: Duration) -> bool {
        self.completed <= now
    }

    pub(crate) fn completed(&self) -> Duration {
        self.completed
    }
}

impl Payments {
    pub(crate) fn add(&mut self, payment: Payment) {
        self.due.entry(payment.timeline.completed).or_default().push(payment.id);
        self.all.insert(payment.id, payment);
    }

    pub(crate) fn get(&self, id: PaymentId) -> Option<&Payment> {
        self.all.get(&id)
    }

    /// The payments that became final by `now`, each of them once.
    pub(crate) fn finalised(&mut self, now: Duration) -> Vec<PaymentId> {
        let mut finalised = Vec::new();
        while let Some(moment) = self.due.first_entry().filter(|moment| *moment.key() <= now) {
            finalised.append(&mut moment.remove());
        }
        finalised
    }
}

impl Payment {
    /// As `GET /payments/{paymentId}` and a webhook show it.
    pub(crate) fn resource(&self, now: Duration) -> PaymentResource {
        let (status, since) = self.timeline.at(now);
        PaymentResource {
            payment_id: self.id,
            rail: self.rail,
            amount: self.amount,
            status,
            creation_date: timestamp(self.timeline.created),
            completion_date: status.is_final().then(|| timestamp(since)),
            timestamp: timestamp(since),
            actor: CLIENT_ID,
            request_id: self.request_id,
        }
    }
}

/// A Payment of the contract, in its canonical names.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct PaymentResource {
    payment_id: PaymentId,
    #[serde(rename = "type")]
    rail: Rail,
    amount: Amount,
    status: PaymentStatus,
    creation_date: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    completion_date: Option<String>,
    timestamp: String,
    actor: &'static str,
    #[serde(rename = "request_id")]
    request_id: RequestId,
}
