//! `POST /positivepay/issues`: reports a check, so that it can be paid.

use bytes::Bytes;
use chrono::NaiveDate;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};

use super::about::{same_amount, same_id};
use super::pasted::needed_text;
use super::{ApiResponse, Endpoint, Write, to_json};
use crate::error::Error;
use crate::json::DecodeError;
use crate::types::{AccountId, Amount, IssueId, Scope};

/// Reports an issued check.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateCheckIssue {
    /// The application's own id of the issue.
    pub issue_id: IssueId,
    /// The account the check is drawn on.
    pub account_id: AccountId,
    /// The number on the check.
    pub check_number: String,
    /// Dollars.
    pub amount: Amount,
    /// The date on the check.
    pub issue_date: NaiveDate,
}

impl CreateCheckIssue {
    /// Reports a check.
    pub fn new(
        issue_id: IssueId,
        account_id: AccountId,
        check_number: impl Into<String>,
        amount: Amount,
        issue_date: NaiveDate,
    ) -> Self {
        Self { issue_id, account_id, check_number: check_number.into(), amount, issue_date }
    }
}

impl Endpoint for CreateCheckIssue {
    type Effect = Write;
    type Output = CheckIssueAccepted;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/positivepay/issues";
    const SCOPE: Option<Scope> = Some(Scope::PositivePayIssuesWrite);

    fn body(&self) -> Result<Bytes, Error> {
        needed_text("check number", &self.check_number)?;
        to_json(self)
    }

    /// The response's body is not documented: with 202 any JSON object that is no
    /// error, or nothing; with another status one with members.
    fn decode(&self, response: &ApiResponse<'_>) -> Result<CheckIssueAccepted, DecodeError> {
        let accepted = CheckIssueAccepted::new(self.issue_id);
        let Some(document) = response.document_or_empty(StatusCode::ACCEPTED)? else {
            return Ok(accepted);
        };
        let about = response.record(&document)?;
        same_id(about.issue(), "issue_id", Some(self.issue_id))?;
        same_id(about.account(), "account_id", Some(self.account_id))?;
        same_amount(about.amount, self.amount)?;
        if response.status != StatusCode::ACCEPTED && document.is_empty_object() {
            return Err(DecodeError::new("nothing in the response names an issue"));
        }
        Ok(accepted)
    }
}

/// The bank took the issue; it works from the next batch on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckIssueAccepted {
    /// The application's own id, as sent.
    pub issue_id: IssueId,
}

impl CheckIssueAccepted {
    /// The bank took this issue; for tests of applications.
    pub const fn new(issue_id: IssueId) -> Self {
        Self { issue_id }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, sent};

    const ISSUE: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const ACCOUNT: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";

    #[test]
    fn wire_vector() {
        let issue = CreateCheckIssue::new(
            ISSUE.parse().unwrap(),
            ACCOUNT.parse().unwrap(),
            "1001",
            "99.99".parse().unwrap(),
            "2026-01-05".parse().unwrap(),
        );
        assert_eq!(
            sent(&issue),
            format!(
                r#"{{"issue_id":"{ISSUE}","account_id":"{ACCOUNT}","check_number":"1001","amount":99.99,"issue_date":"2026-01-05"}}"#
            )
        );
        assert!(read(&issue, 202, "").is_ok());
        assert!(read(&issue, 200, "").is_err());
        assert!(read(&issue, 202, "not json").is_err());
    }
}
