//! `GET /positivepay/exceptions`: presented checks that match no issued one.

use chrono::NaiveDate;
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};

use super::list::read_list;
use super::{ApiResponse, Audit, Endpoint, ListEndpoint, Read};
use crate::json::{self, DecodeError, Member, Reading};
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

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Vec<CheckException>, DecodeError> {
        read_list::<Self>(response)
    }
}

impl ListEndpoint for ListCheckExceptions {
    type Item = CheckException;
    type Members<'de> = ExceptionMembers<'de>;

    fn item(members: ExceptionMembers<'_>) -> Result<CheckException, DecodeError> {
        members.read()
    }
}

/// A check that was presented and does not match what was issued: the bank's
/// `PositivePayException`. Only its id is essential.
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
    /// The amount on the check, in dollars.
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
    /// An exception of which only the id is known; for tests of applications.
    pub fn new(exception_id: ExceptionId) -> Self {
        Self {
            exception_id,
            account_id: None,
            check_number: None,
            presented_amount: None,
            presentment_date: None,
            reason_code: None,
            audit: Audit::default(),
        }
    }
}

/// By the documented spellings; others are aliases.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct ExceptionMembers<'a> {
    #[serde(borrow, rename = "exceptionId", alias = "exception_id")]
    id: Member<'a>,
    #[serde(alias = "accountId")]
    account_id: Member<'a>,
    #[serde(alias = "checkNumber")]
    check_number: Member<'a>,
    #[serde(alias = "presentedAmount")]
    presented_amount: Member<'a>,
    #[serde(alias = "presentmentDate")]
    presentment_date: Member<'a>,
    #[serde(alias = "reasonCode")]
    reason_code: Member<'a>,
    timestamp: Member<'a>,
    actor: Member<'a>,
    #[serde(alias = "requestId")]
    request_id: Member<'a>,
}

impl ExceptionMembers<'_> {
    fn read(self) -> Result<CheckException, DecodeError> {
        Ok(CheckException {
            exception_id: self.id.id().essential("exceptionId")?,
            account_id: self.account_id.id().strict("account_id")?,
            check_number: self.check_number.text().strict("check_number")?,
            presented_amount: self.presented_amount.money().strict("presented_amount")?,
            presentment_date: self.presentment_date.day().strict("presentment_date")?,
            reason_code: self.reason_code.open().strict("reason_code")?,
            audit: Audit::read(self.timestamp, self.actor, self.request_id, Reading::Strict)?,
        })
    }
}

impl<'de> Deserialize<'de> for CheckException {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, |it| it.object::<ExceptionMembers<'_>>()?.read())
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
