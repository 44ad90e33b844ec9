//! `GET /payments/{paymentId}`: the bank's record of a payment.

use chrono::{DateTime, Utc};
use http::Method;
use serde::Serialize;

use super::{ApiResponse, Audit, Endpoint, Read};
use crate::fields::{DecodeError, Fields};
use crate::id::PaymentId;
use crate::money::Money;
use crate::open::open_enum;
use crate::scope::Scope;

/// Reads one payment.
#[derive(Debug, Clone, Copy)]
pub struct GetPayment {
    /// Which payment.
    pub payment_id: PaymentId,
}

impl GetPayment {
    /// Reads this payment.
    pub const fn new(payment_id: PaymentId) -> Self {
        Self { payment_id }
    }
}

impl Endpoint for GetPayment {
    type Effect = Read;
    type Output = Payment;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/payments/{paymentId}";
    const SCOPE: Option<Scope> = Some(Scope::PaymentsRead);

    fn target(&self, url: &mut String) {
        url.push_str("/payments/");
        self.payment_id.append_to(url);
    }

    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Payment, DecodeError> {
        let payment = Payment::read(&Fields::parse(answer.content()?)?)?;
        if payment.payment_id == self.payment_id {
            Ok(payment)
        } else {
            Err(DecodeError::new("the answer is about another payment"))
        }
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, target};

    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

    #[test]
    fn wire_vector() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        assert_eq!(target(&endpoint), format!("/payments/{ID}"));
        let body = format!(
            r#"{{"paymentId":"{ID}","type":"ACH","amount":1000.50,"status":"P_PROCESSING",
                "creationDate":"2026-01-05T09:00:00.000Z","completionDate":null,
                "timestamp":"2026-01-05T09:00:00.123Z","actor":"client",
                "request_id":"9d2f6a51-1111-4222-8333-444455556666","extra":{{"deep":[1]}}}}"#
        );
        let payment = read(&endpoint, 200, &body).unwrap();
        assert_eq!(payment.payment_type, Some(PaymentType::Ach));
        assert_eq!(payment.amount, Some(Money::from_cents(100_050)));
        assert_eq!(payment.status, Some(PaymentStatus::Processing));
        assert!(!payment.is_final());
        assert_eq!(
            serde_json::to_string(&payment).unwrap(),
            format!(
                r#"{{"paymentId":"{ID}","type":"ACH","amount":1000.50,"status":"P_PROCESSING","creationDate":"2026-01-05T09:00:00Z","timestamp":"2026-01-05T09:00:00.123Z","actor":"client","request_id":"9d2f6a51-1111-4222-8333-444455556666"}}"#
            )
        );
    }

    #[test]
    fn only_the_id_is_essential() {
        let endpoint = GetPayment::new(ID.parse().unwrap());
        let odd = format!(
            r#"{{"payment_id":"{ID}","amount":"much","creationDate":"yesterday","status":"P_NEW","type":7}}"#
        );
        let payment = read(&endpoint, 200, &odd).unwrap();
        assert_eq!(payment.status, Some(PaymentStatus::Other("P_NEW".into())));
        assert_eq!(payment.amount, None);
        assert_eq!(payment.creation_date, None);
        for body in ["{}", r#"{"paymentId":7}"#, r#"{"paymentId":"x"}"#, "[]", "null", "", "<html>"]
        {
            assert!(read(&endpoint, 200, body).is_err(), "{body}");
        }
    }

    #[test]
    fn an_answer_about_another_payment_is_no_answer() {
        let other: PaymentId = "11111111-8f0e-4a8e-9a54-6b7c1d2e3f40".parse().unwrap();
        let body = format!(r#"{{"paymentId":"{ID}"}}"#);
        assert!(read(&GetPayment::new(other), 200, &body).is_err());
    }
}
