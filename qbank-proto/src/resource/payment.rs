//! A payment, as the bank reports it.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize};

use crate::json::{self, DecodeError, Document, Member, Reading};
use crate::resource::{Audit, Signs};
use crate::types::{AccountId, Money, PaymentId, open_enum};

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
    /// The account that pays, if the bank names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_account_id: Option<AccountId>,
    /// The account that is paid, if the bank names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_account_id: Option<AccountId>,
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
            source_account_id: None,
            destination_account_id: None,
            audit: Audit { timestamp: None, actor: None, request_id: None },
        }
    }

    pub(crate) fn read(document: &Document<'_>, how: Reading) -> Result<Self, DecodeError> {
        Self::of(&document.object()?, how)
    }

    pub(crate) fn of(it: &Record<'_>, how: Reading) -> Result<Self, DecodeError> {
        Ok(Self {
            payment_id: it.id().id().essential("paymentId")?,
            payment_type: it.payment_type.open().by(how, "type")?,
            amount: it.amount.money().by(how, "amount")?,
            status: it.status.open().by(how, "status")?,
            creation_date: it.created.or(it.created_other).moment().by(how, "creationDate")?,
            completion_date: it
                .completed
                .or(it.completed_other)
                .moment()
                .by(how, "completionDate")?,
            // Not documented, so it may be anything.
            source_account_id: it.source_account().id().lenient(),
            destination_account_id: it.destination_account().id().lenient(),
            audit: Audit::read(it.timestamp, it.actor, it.request_id, how)?,
        })
    }

    /// Whether the bank reports that this payment failed.
    pub fn failed(&self) -> bool {
        self.status == Some(PaymentStatus::Failed)
    }

    /// Whether the payment is final, one way or the other.
    pub fn is_final(&self) -> bool {
        self.status.as_ref().is_some_and(PaymentStatus::is_final)
    }
}

/// What the bank may say of a payment, a transfer or a check issue: one reader for all of
/// them. Each spelling is a member of its own: a body may have both.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(crate) struct Record<'a> {
    #[serde(borrow, rename = "paymentId")]
    id: Member<'a>,
    #[serde(rename = "payment_id")]
    id_other: Member<'a>,
    issue_id: Member<'a>,
    #[serde(rename = "issueId")]
    issue_id_other: Member<'a>,
    #[serde(rename = "type")]
    pub(crate) payment_type: Member<'a>,
    pub(crate) amount: Member<'a>,
    pub(crate) status: Member<'a>,
    #[serde(rename = "creationDate")]
    created: Member<'a>,
    #[serde(rename = "creation_date")]
    created_other: Member<'a>,
    #[serde(rename = "completionDate")]
    completed: Member<'a>,
    #[serde(rename = "completion_date")]
    completed_other: Member<'a>,
    account_id: Member<'a>,
    #[serde(rename = "accountId")]
    account_id_other: Member<'a>,
    source_account_id: Member<'a>,
    #[serde(rename = "sourceAccountId")]
    source_account_id_other: Member<'a>,
    destination_account_id: Member<'a>,
    #[serde(rename = "destinationAccountId")]
    destination_account_id_other: Member<'a>,
    from_account_id: Member<'a>,
    #[serde(rename = "fromAccountId")]
    from_account_id_other: Member<'a>,
    to_account_id: Member<'a>,
    #[serde(rename = "toAccountId")]
    to_account_id_other: Member<'a>,
    timestamp: Member<'a>,
    actor: Member<'a>,
    #[serde(alias = "requestId")]
    request_id: Member<'a>,
    error_code: Member<'a>,
    #[serde(rename = "errorCode")]
    error_code_other: Member<'a>,
    error: Member<'a>,
    errors: Member<'a>,
    title: Member<'a>,
    detail: Member<'a>,
}

impl<'a> Record<'a> {
    /// By which it may be an error.
    pub(crate) fn signs(&self) -> Signs<'a> {
        Signs {
            error_code: self.error_code,
            error_code_other: self.error_code_other,
            error: self.error,
            errors: self.errors,
            problem_type: self.payment_type,
            title: self.title,
            detail: self.detail,
            status: self.status,
        }
    }

    /// The payment's.
    pub(crate) fn id(&self) -> Member<'a> {
        self.id.or(self.id_other)
    }

    pub(crate) fn issue(&self) -> Member<'a> {
        self.issue_id.or(self.issue_id_other)
    }

    pub(crate) fn account(&self) -> Member<'a> {
        self.account_id.or(self.account_id_other)
    }

    pub(crate) fn source_account(&self) -> Member<'a> {
        self.source_account_id.or(self.source_account_id_other)
    }

    pub(crate) fn destination_account(&self) -> Member<'a> {
        self.destination_account_id.or(self.destination_account_id_other)
    }

    pub(crate) fn account_from(&self) -> Member<'a> {
        self.from_account_id.or(self.from_account_id_other)
    }

    pub(crate) fn account_to(&self) -> Member<'a> {
        self.to_account_id.or(self.to_account_id_other)
    }
}

impl<'de> Deserialize<'de> for Payment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, |document| Self::read(document, Reading::Strict))
    }
}

open_enum! {
    /// The life cycle of a payment.
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
