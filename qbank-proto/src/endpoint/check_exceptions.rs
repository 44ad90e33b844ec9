//! `GET /positivepay/exceptions`: presented checks that match no issued one.

use chrono::NaiveDate;
use http::Method;
use serde::Serialize;

use super::{ApiResponse, Audit, Endpoint, Read};
use crate::endpoint::ListEndpoint;
use crate::json::{DecodeError, Fields};
use crate::types::{AccountId, ExceptionId, Money, Scope, open_enum};

/// Lists the positive pay exceptions.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListCheckExceptions;

impl Endpoint for ListCheckExceptions {
    type Effect = Read;
    type Output = Vec<CheckException>;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/positivepay/exceptions";
    const SCOPE: Option<Scope> = Some(Scope::PositivePayExceptionsRead);

    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Vec<CheckException>, DecodeError> {
        Fields::read_list(answer.content()?, CheckException::read)
    }
}

impl ListEndpoint for ListCheckExceptions {
    type Item = CheckException;

    fn item(fields: &Fields<'_>) -> Result<CheckException, DecodeError> {
        CheckException::read(fields)
    }
}

/// A check that was presented and does not match what was issued (contract:
/// PositivePayException). Only its id is essential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CheckException {
    /// Identifies the exception.
    #[serde(rename = "exceptionId")]
    pub exception_id: ExceptionId,
    /// The account the check is drawn on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<AccountId>,
    /// The number on the check.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_number: Option<String>,
    /// What the check says, in dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presented_amount: Option<Money>,
    /// When it was presented.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub presentment_date: Option<NaiveDate>,
    /// What does not match.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// Who, when, by which request.
    #[serde(flatten)]
    pub audit: Audit,
}

impl CheckException {
    fn read(fields: &Fields<'_>) -> Result<Self, DecodeError> {
        let presented = &["presentment_date", "presentmentDate"];
        Ok(Self {
            exception_id: fields.id(&["exceptionId", "exception_id"])?,
            account_id: fields.opt_id(&["account_id", "accountId"]),
            check_number: fields.string(&["check_number", "checkNumber"])?,
            presented_amount: fields.money(&["presented_amount", "presentedAmount"]),
            presentment_date: fields.timestamp(presented)?.map(|time| time.date_naive()),
            reason_code: fields.open(&["reason_code", "reasonCode"])?,
            audit: Audit::read(fields),
        })
    }
}

open_enum! {
    /// Why a presented check is an exception.
    pub enum ReasonCode {
        /// The amount is not the issued one.
        AmountMismatch = "AMOUNT_MISMATCH",
        /// No such check was issued.
        NoIssue = "NO_ISSUE",
        /// The check was presented before.
        Duplicate = "DUPLICATE",
        /// The check is too old.
        StaleDated = "STALE_DATED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::read;

    const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

    #[test]
    fn wire_vector() {
        let body = format!(
            r#"[{{"exceptionId":"{ID}","account_id":"{ID}","check_number":"1001",
                 "presented_amount":250.00,"presentment_date":"2026-01-05",
                 "reason_code":"NO_ISSUE"}}]"#
        );
        let exceptions = read(&ListCheckExceptions, 200, &body).unwrap();
        assert_eq!(exceptions[0].presented_amount, Some(Money::from_cents(25_000)));
        assert_eq!(exceptions[0].presentment_date, "2026-01-05".parse().ok());
        assert_eq!(exceptions[0].reason_code, Some(ReasonCode::NoIssue));
    }
}
