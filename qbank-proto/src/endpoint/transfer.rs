//! `POST /transfers`: money between own accounts, in real time.

use bytes::Bytes;
use http::{Method, StatusCode};
use serde::Serialize;

use super::about::{PAYMENT_ID, same_amount, same_id, same_type};
use super::{ApiResponse, Endpoint, PaymentStatus, Write};
use crate::error::Error;
use crate::json::{DecodeError, JsonObject};
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
        let mut body = JsonObject::new();
        body.id("from_account_id", self.from_account_id)
            .id("to_account_id", self.to_account_id)
            .amount("amount", self.amount);
        Ok(body.finish().into())
    }

    /// The answer's body is not documented: with 201 any JSON object that is no
    /// error, or nothing; with another status one that says something, or an id.
    fn decode(&self, answer: &ApiResponse<'_>) -> Result<TransferAccepted, DecodeError> {
        let fields = answer.fields_unless(StatusCode::CREATED)?;
        same_id(&fields, PAYMENT_ID, answer.location)?;
        same_type(&fields, None)?;
        same_amount(&fields, self.amount)?;
        same_id(&fields, ["from_account_id", "fromAccountId"], Some(self.from_account_id))?;
        same_id(&fields, ["to_account_id", "toAccountId"], Some(self.to_account_id))?;
        let says_something = answer.location.is_some() || !fields.is_empty();
        if answer.status != StatusCode::CREATED && !says_something {
            return Err(DecodeError::new("nothing in the answer tells of a transfer"));
        }
        let status = fields.open(&["status"]).ok().flatten();
        Ok(TransferAccepted { location: answer.location, status })
    }

    fn failed(accepted: &TransferAccepted) -> bool {
        accepted.status == Some(PaymentStatus::Failed)
    }

    fn payment_id(accepted: &TransferAccepted) -> Option<PaymentId> {
        accepted.location
    }
}

/// The bank made the transfer. What it answers is not documented: see the raw
/// body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TransferAccepted {
    /// The payment that a `Location` header names, if one does.
    #[serde(rename = "paymentId", skip_serializing_if = "Option::is_none")]
    pub location: Option<PaymentId>,
    /// Where it stands, if the body says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<PaymentStatus>,
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
        assert_eq!(sent(&transfer), serde_json::to_string(&transfer).unwrap());
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
