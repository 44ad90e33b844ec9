//! Positive pay: the checks that were issued, and those that did not match.

use std::collections::BTreeSet;
use std::time::Duration;

use http::StatusCode;
use qbank_proto::{AccountId, ExceptionId, IssueId, Money, RequestId};
use serde::Serialize;

use crate::answer::Answer;
use crate::clock::{date, timestamp};
use crate::error::Refusal;
use crate::fields::Fields;
use crate::fixtures::{CLIENT_ID, OPERATING, PAYROLL};
use crate::ids::Ids;
use crate::ledger::Book;

/// The issues told to the bank, and the exceptions it found.
#[derive(Debug)]
pub(crate) struct PositivePay {
    issues: BTreeSet<IssueId>,
    exceptions: Vec<CheckException>,
}

#[derive(Debug, Serialize)]
struct CheckException {
    #[serde(rename = "exceptionId")]
    id: ExceptionId,
    account_id: AccountId,
    check_number: &'static str,
    presented_amount: Money,
    presentment_date: String,
    reason_code: &'static str,
    timestamp: String,
    actor: &'static str,
    request_id: RequestId,
}

impl PositivePay {
    /// Two checks did not match yesterday.
    pub(crate) fn new(start: Duration, ids: &mut Ids) -> Self {
        let yesterday = start.saturating_sub(Duration::from_secs(24 * 60 * 60));
        let exceptions = [
            (OPERATING, "10012", 125_000, "AMOUNT_MISMATCH"),
            (PAYROLL, "20457", 98_999, "NO_ISSUE"),
        ]
        .into_iter()
        .map(|(account_id, check_number, cents, reason_code)| CheckException {
            id: ids.id(),
            account_id,
            check_number,
            presented_amount: Money::from_cents(cents),
            presentment_date: date(yesterday).to_string(),
            reason_code,
            timestamp: timestamp(yesterday),
            actor: CLIENT_ID,
            request_id: ids.id(),
        })
        .collect();
        Self { issues: BTreeSet::new(), exceptions }
    }

    /// `POST /positivepay/issues`: takes the issue, and says which it was.
    pub(crate) fn issue(&mut self, book: &Book, body: &[u8]) -> Result<IssueId, Refusal> {
        let mut fields = Fields::parse(body)?;
        let issue: IssueId = fields.id("issue_id")?;
        let account: AccountId = fields.id("account_id")?;
        fields.text("check_number", 32)?;
        fields.amount("amount")?;
        fields.date("issue_date")?;
        fields.end()?;
        book.usable(account, "account_id")?;
        if !self.issues.insert(issue) {
            // Another key, the same check: a conflict, but not one of keys.
            let message = "A check issue with this `issue_id` exists.";
            return Err(Refusal::new(StatusCode::CONFLICT, "ERR_PPY_001", message));
        }
        Ok(issue)
    }

    /// `GET /positivepay/exceptions`.
    pub(crate) fn exceptions(&self) -> Answer {
        Answer::json(StatusCode::OK, &self.exceptions)
    }
}
