//! `POST /payments/ach`: an ACH payment, accepted now and settled in batches.

use bytes::Bytes;
use chrono::NaiveDate;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::about::{not_failed, same_amount, same_id, same_type};
use super::pasted::plain_text;
use super::recipient::{Details, Recipient};
use super::{ApiResponse, Endpoint, Payment, PaymentStatus, PaymentType, Write, to_json};
use crate::error::Error;
use crate::json::DecodeError;
use crate::types::{AccountId, Amount, Money, PaymentId, Scope};

/// Pays by ACH.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateAch {
    /// The account that pays.
    pub source_account_id: AccountId,
    /// Who is paid.
    pub destination: Destination,
    /// Dollars.
    pub amount: Amount,
    /// The day it should take effect.
    pub effective_date: Option<NaiveDate>,
    /// The payer's own reference.
    pub reference_id: Option<String>,
}

/// Who an ACH payment goes to.
#[derive(Debug, Clone)]
pub enum Destination {
    /// An account that the bank knows by id.
    Account(AccountId),
    /// An account elsewhere.
    Recipient(Recipient),
}

impl From<AccountId> for Destination {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

impl From<Recipient> for Destination {
    fn from(recipient: Recipient) -> Self {
        Self::Recipient(recipient)
    }
}

impl CreateAch {
    /// Pays `amount` from `source` to `destination`.
    pub fn new(source: AccountId, destination: impl Into<Destination>, amount: Amount) -> Self {
        Self {
            source_account_id: source,
            destination: destination.into(),
            amount,
            effective_date: None,
            reference_id: None,
        }
    }

    /// Asks for it to take effect on this day.
    #[must_use]
    pub const fn effective_date(mut self, date: NaiveDate) -> Self {
        self.effective_date = Some(date);
        self
    }

    /// Adds the payer's own reference.
    #[must_use]
    pub fn reference_id(mut self, reference: impl Into<String>) -> Self {
        self.reference_id = Some(reference.into());
        self
    }
}

impl Endpoint for CreateAch {
    type Effect = Write;
    type Output = AchAccepted;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/payments/ach";
    const SCOPE: Option<Scope> = Some(Scope::PaymentsAchWrite);
    const FOLLOWS: bool = true;

    fn body(&self) -> Result<Bytes, Error> {
        let (account, recipient) = match &self.destination {
            Destination::Account(id) => (Some(*id), None),
            Destination::Recipient(recipient) => (None, Some(recipient.details()?)),
        };
        if let Some(reference) = &self.reference_id {
            plain_text("reference id", reference)?;
        }
        to_json(&Body {
            source_account_id: self.source_account_id,
            destination_account_id: account,
            recipient_details: recipient,
            amount: self.amount,
            effective_date: self.effective_date,
            reference_id: self.reference_id.as_deref(),
        })
    }

    /// The bank documents that the body may be empty. A `Location` under our own
    /// `…/payments/` names the payment of this request, which then is accepted, whatever else
    /// the body is; but a body that is about this request and says that the payment failed is
    /// believed. Without such a `Location` the id comes from the body, or is not known.
    fn decode(&self, response: &ApiResponse<'_>) -> Result<AchAccepted, DecodeError> {
        let accepted = match self.read(response) {
            Err(_) if response.location.is_some() => AchAccepted::new(response.location),
            read => read?,
        };
        not_failed(accepted.status.as_ref(), accepted.payment_id)?;
        Ok(accepted)
    }

    fn follow(&self, payment: &Payment) -> Option<AchAccepted> {
        let ours = payment.payment_type == Some(PaymentType::Ach)
            && payment.amount == Some(Money::from(self.amount))
            && payment.source_account_id.is_none_or(|id| id == self.source_account_id)
            && match (&self.destination, payment.destination_account_id) {
                (Destination::Account(ours), Some(theirs)) => *ours == theirs,
                _ => true,
            };
        ours.then(|| AchAccepted {
            payment_id: Some(payment.payment_id),
            status: payment.status.clone(),
        })
    }

    fn secrets(&self) -> Vec<&str> {
        match &self.destination {
            Destination::Account(_) => Vec::new(),
            Destination::Recipient(recipient) => recipient.secrets().collect(),
        }
    }
}

impl CreateAch {
    fn read(&self, response: &ApiResponse<'_>) -> Result<AchAccepted, DecodeError> {
        let Some(document) = response.document_or_empty(StatusCode::ACCEPTED)? else {
            return Ok(AchAccepted::new(response.location));
        };
        let about = response.record(&document)?;
        let id = about.id();
        same_id(id, "paymentId", response.location)?;
        same_type(about.payment_type, Some(&PaymentType::Ach))?;
        same_amount(about.amount, self.amount)?;
        same_id(about.source_account(), "source_account_id", Some(self.source_account_id))?;
        if let Destination::Account(ours) = &self.destination {
            same_id(about.destination_account(), "destination_account_id", Some(*ours))?;
        }
        let payment_id = response.location.or_else(|| id.id().lenient());
        if payment_id.is_none() && response.status != StatusCode::ACCEPTED {
            return Err(DecodeError::new("neither Location nor body names the payment"));
        }
        Ok(AchAccepted { payment_id, status: about.status.open().lenient() })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    source_account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_details: Option<Details<'a>>,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<&'a str>,
}

/// The bank took the payment. It settles in batches: see `payments().wait`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AchAccepted {
    /// Identifies the payment, if the response does so in a usable way.
    #[serde(rename = "paymentId")]
    pub payment_id: Option<PaymentId>,
    /// Where it stands; not known when only its acceptance is.
    pub status: Option<PaymentStatus>,
}

impl AchAccepted {
    /// A payment that was accepted; for tests of applications.
    pub const fn new(payment_id: Option<PaymentId>) -> Self {
        Self { payment_id, status: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::sent;

    const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

    fn ach() -> CreateAch {
        let to: AccountId = TO.parse().unwrap();
        CreateAch::new(FROM.parse().unwrap(), to, "1000.5".parse().unwrap())
    }

    fn decoded(
        status: u16,
        body: Option<&str>,
        location: Option<&str>,
    ) -> Result<Option<String>, ()> {
        let headers = http::HeaderMap::new();
        let response = ApiResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: body.map(str::as_bytes),
            location: location.map(|id| id.parse().unwrap()),
        };
        let accepted = ach().decode(&response).map_err(drop)?;
        Ok(accepted.payment_id.map(|id| id.to_string()))
    }

    #[test]
    fn wire_vector() {
        assert_eq!(
            sent(&ach()),
            format!(
                r#"{{"source_account_id":"{FROM}","destination_account_id":"{TO}","amount":1000.50}}"#
            )
        );
        let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "0012345678")
            .with_member("account_type", r#""savings""#)
            .and_then(|recipient| recipient.with_member("a_limit", "1e2"))
            .and_then(|recipient| recipient.with_member("account_type", r#""checking""#))
            .unwrap();
        let ach = CreateAch::new(FROM.parse().unwrap(), recipient, "0.01".parse().unwrap())
            .effective_date("2026-01-05".parse().unwrap())
            .reference_id("INV-7");
        assert_eq!(
            sent(&ach),
            format!(
                r#"{{"source_account_id":"{FROM}","recipient_details":{{"name":"ACME","bank_id":"021000021","account_number":"0012345678","a_limit":1e2,"account_type":"checking"}},"amount":0.01,"effective_date":"2026-01-05","reference_id":"INV-7"}}"#
            )
        );
    }

    #[test]
    fn what_counts_as_accepted() {
        let id = Ok(Some(ID.to_owned()));
        let unnamed = Ok(None);
        let body = format!(r#"{{"paymentId":"{ID}","status":"P_CREATED"}}"#);
        assert_eq!(decoded(202, Some(""), Some(ID)), id);
        assert_eq!(decoded(202, Some(""), None), unnamed);
        assert_eq!(decoded(202, Some(&body), None), id);
        assert_eq!(decoded(202, Some("<html>"), Some(ID)), id);
        assert_eq!(decoded(202, None, Some(ID)), id);
        assert_eq!(decoded(200, Some(&body), None), id);
        assert_eq!(decoded(200, Some(""), Some(ID)), id);
        assert_eq!(decoded(202, Some("{}"), None), unnamed);
    }

    #[test]
    fn what_does_not() {
        for (status, body) in [
            (202, Some("<html>")),
            (202, Some(r#"{"message":"maintenance","error_code":"ERR_MNT"}"#)),
            (202, Some("[]")),
            (202, None),
            (200, Some("")),
            (200, Some("{}")),
            (204, Some("")),
        ] {
            assert_eq!(decoded(status, body, None), Err(()), "{status} {body:?}");
        }
    }

    #[test]
    fn a_blank_recipient_is_refused_by_field() {
        let blank = Recipient::new(" ", "021000021".parse().unwrap(), "1");
        let ach = CreateAch::new(FROM.parse().unwrap(), blank, "1".parse().unwrap());
        assert!(
            ach.body().unwrap_err().to_string().starts_with("recipient name must not be empty")
        );
    }
}
