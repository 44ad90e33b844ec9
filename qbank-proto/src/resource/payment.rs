//! A payment, as the bank reports it.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::json::{DecodeError, Fields};
use crate::resource::Audit;
use crate::types::{Money, PaymentId, open_enum};

/// A payment, as the bank reports it. Only its id is essential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Payment {
    /// Identifies the payment.
    #[serde(rename = "paymentId")]
    pub payment_id: PaymentId,
    /// ACH or wire.
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub payment_type: Option<PaymentType>,
    /// Dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// Where the payment is in its life cycle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PaymentStatus>,
    /// When the bank received it.
    #[serde(rename = "creationDate", skip_serializing_if = "Option::is_none")]
    pub creation_date: Option<DateTime<Utc>>,
    /// When it became final.
    #[serde(rename = "completionDate", skip_serializing_if = "Option::is_none")]
    pub completion_date: Option<DateTime<Utc>>,
    /// Who, when, by which request.
    #[serde(flatten)]
    pub audit: Audit,
}

impl Payment {
    /// A payment of which only the id is known; for tests of applications.
    pub const fn new(payment_id: PaymentId) -> Self {
        Self {
            payment_id,
            payment_type: None,
            amount: None,
            status: None,
            creation_date: None,
            completion_date: None,
            audit: Audit { timestamp: None, actor: None, request_id: None },
        }
    }

    /// Only an unusable id is an error: whatever else is odd is left out.
    pub(crate) fn read(fields: &Fields<'_>) -> Result<Self, DecodeError> {
        let time = |names: &[&str]| fields.timestamp(names).unwrap_or_default();
        Ok(Self {
            payment_id: fields.id(&["paymentId", "payment_id"])?,
            payment_type: fields.open(&["type"]).unwrap_or_default(),
            amount: fields.money(&["amount"]),
            status: fields.open(&["status"]).unwrap_or_default(),
            creation_date: time(&["creationDate", "creation_date"]),
            completion_date: time(&["completionDate", "completion_date"]),
            audit: Audit::read(fields),
        })
    }

    /// Whether the bank says that this payment failed.
    pub fn failed(&self) -> bool {
        self.status == Some(PaymentStatus::Failed)
    }

    /// Whether the payment is final, one way or the other.
    pub fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(PaymentStatus::is_final)
    }
}

open_enum! {
    /// The life cycle of a payment (contract: Payment life cycle).
    pub enum PaymentStatus {
        /// Received.
        Created = "P_CREATED",
        /// Schema and funds checked.
        Validated = "P_VALIDATED",
        /// In a batch file, within 15 minutes.
        SubmittedToCore = "P_SUBMITTED_TO_CORE",
        /// The core took it, at the end of the day.
        Processing = "P_PROCESSING",
        /// Settled. Final.
        Completed = "P_COMPLETED",
        /// Rejected by validation or by the core. Final.
        Failed = "P_FAILED",
    }
}

impl PaymentStatus {
    /// Final states never regress.
    pub fn is_final(&self) -> bool {
        matches!(self, Self::Completed | Self::Failed)
    }
}

open_enum! {
    /// How a payment travels.
    pub enum PaymentType {
        /// Automated Clearing House, in batches.
        Ach = "ACH",
        /// Wire, in real time.
        Wire = "WIRE",
    }
}
