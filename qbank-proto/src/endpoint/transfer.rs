//! `POST /transfers`: money between own accounts, in real time.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::about::{not_failed, same_amount, same_id, same_type};
use super::{ApiResponse, Endpoint, PaymentStatus, Write, to_json};
use crate::error::Error;
use crate::json::DecodeError;
use crate::types::{AccountId, Amount, PaymentId, Scope};

/// Moves money between two own accounts.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateTransfer {
    /// The account that gives.
    pub from_account_id: AccountId,
    /// The account that gets.
    pub to_account_id: AccountId,
    /// Dollars.
    pub amount: Amount,
}

impl CreateTransfer {
    /// Moves `amount`.
    pub const fn new(from: AccountId, to: AccountId, amount: Amount) -> Self {
        Self { from_account_id: from, to_account_id: to, amount }
    }
}

impl Endpoint for CreateTransfer {
    type Effect = Write;
    type Output = TransferAccepted;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/transfers";
    const SCOPE: Option<Scope> = Some(Scope::TransfersWrite);

    fn body(&self) -> Result<Bytes, Error> {
        if self.from_account_id == self.to_account_id {
            return Err(Error::invalid_input("to account", "must not be the from account"));
        }
        to_json(self)
    }

    /// The response's body is not documented: with 201 any JSON object that is no
    /// error, or nothing; with another status one with members, or an id.
    fn decode(&self, response: &ApiResponse<'_>) -> Result<TransferAccepted, DecodeError> {
        let Some(document) = response.document_or_empty(StatusCode::CREATED)? else {
            return Ok(TransferAccepted { location: response.location, status: None });
        };
        let about = response.record(&document)?;
        same_id(about.id(), "paymentId", response.location)?;
        same_type(about.payment_type, None)?;
        same_amount(about.amount, self.amount)?;
        same_id(about.account_from(), "from_account_id", Some(self.from_account_id))?;
        same_id(about.account_to(), "to_account_id", Some(self.to_account_id))?;
        let empty = response.location.is_none() && document.is_empty_object();
        if response.status != StatusCode::CREATED && empty {
            return Err(DecodeError::new("nothing in the response names a transfer"));
        }
        let status = about.status.open().lenient();
        not_failed(status.as_ref(), response.location)?;
        Ok(TransferAccepted { location: response.location, status })
    }
}

/// The bank made the transfer. Its response is not documented: see the raw body.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct TransferAccepted {
    /// The payment that a `Location` header names, if one does.
    #[serde(rename = "paymentId", skip_serializing_if = "Option::is_none")]
    pub location: Option<PaymentId>,
    /// Where it stands, if the body has it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PaymentStatus>,
}

impl TransferAccepted {
    /// Of which nothing more is known; for tests of applications.
    pub const fn new() -> Self {
        Self { location: None, status: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, sent};

    const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";

    #[test]
    fn wire_vector() {
        let transfer = CreateTransfer::new(
            FROM.parse().unwrap(),
            TO.parse().unwrap(),
            "250.75".parse().unwrap(),
        );
        assert_eq!(
            sent(&transfer),
            format!(r#"{{"from_account_id":"{FROM}","to_account_id":"{TO}","amount":250.75}}"#)
        );
        assert!(read(&transfer, 201, "").is_ok());
        assert!(read(&transfer, 201, r#"{"anything":1}"#).is_ok());
        assert!(read(&transfer, 200, r#"{"anything":1}"#).is_ok());
        assert!(read(&transfer, 200, "{}").is_err());
        assert!(read(&transfer, 201, r#"{"message":"no","error_code":"ERR_MNT"}"#).is_err());
        assert!(read(&transfer, 200, "").is_err());
        assert!(read(&transfer, 201, "<html>").is_err());
    }

    #[test]
    fn a_transfer_to_itself_is_refused() {
        let id: AccountId = FROM.parse().unwrap();
        let error = CreateTransfer::new(id, id, "1".parse().unwrap()).body().unwrap_err();
        assert!(error.to_string().starts_with("to account must not be the from account"));
    }
}
