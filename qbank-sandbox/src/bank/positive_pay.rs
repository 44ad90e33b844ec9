//! Positive pay: the checks that were issued, and those that did not match when they
//! were presented.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use http::StatusCode;
use qbank_proto::{AccountId, Amount, ExceptionId, IssueId, Money, RequestId};
use serde::Serialize;

use crate::bank::access::ClientIndex;
use crate::bank::ids::Ids;
use crate::bank::ledger::Book;
use crate::bank::time::bank_day_before;
use crate::bank::time::{date, hour_of, load_after};
use crate::config::fixtures::{OPERATING, PAYROLL};
use crate::message::error::ApiError;

/// A check that is older is stale (UCC § 4-404: six months).
const STALE_AFTER_DAYS: i64 = 180;
/// So many checks can be presented: the control surface is no way to fill the memory.
const MOST_EXCEPTIONS: usize = 100_000;

/// An account and the number of one of its checks.
pub(crate) type CheckId = (AccountId, Box<str>);

/// The issues that were reported, and the exceptions.
#[derive(Debug)]
pub(crate) struct PositivePay {
    issue_ids: BTreeSet<(ClientIndex, IssueId)>,
    issued: BTreeMap<CheckId, Issue>,
    exceptions: Vec<CheckException>,
}

/// A later issue with the same number corrects it.
#[derive(Debug)]
struct Issue {
    amount: Amount,
    date: NaiveDate,
    paid: bool,
}

/// A presented check that does not match its issue.
#[derive(Debug)]
pub(crate) struct CheckException {
    pub(crate) id: ExceptionId,
    pub(crate) account: AccountId,
    pub(crate) check_number: Box<str>,
    pub(crate) presented: Money,
    pub(crate) at: Duration,
    pub(crate) reason: MismatchReason,
    pub(crate) request_id: RequestId,
}

/// Why a check does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum MismatchReason {
    /// No issue has its number.
    NoIssue,
    /// It was paid before.
    Duplicate,
    /// It was issued more than 180 days ago.
    StaleDated,
    /// Its issue has another amount.
    AmountMismatch,
}

impl PositivePay {
    /// Two checks did not match, before the last nightly load.
    pub(crate) fn new(start: Duration, book: &Book, ids: &mut Ids) -> Self {
        let yesterday = start.saturating_sub(Duration::from_secs(24 * 60 * 60));
        let noon = hour_of(bank_day_before(date(yesterday)), 12);
        let exceptions = [
            (OPERATING, "10012", 125_000, MismatchReason::AmountMismatch),
            (PAYROLL, "20457", 98_999, MismatchReason::NoIssue),
        ]
        .into_iter()
        .filter(|(account, ..)| book.account(*account).is_some())
        .map(|(account, check_number, cents, reason)| CheckException {
            id: ids.id(),
            account,
            check_number: check_number.into(),
            presented: Money::from_cents(cents),
            at: noon,
            reason,
            request_id: ids.id(),
        })
        .collect();
        Self { issue_ids: BTreeSet::new(), issued: BTreeMap::new(), exceptions }
    }

    /// Records an issue, unless the client has reported one with this id.
    pub(crate) fn issue(
        &mut self,
        client: ClientIndex,
        id: IssueId,
        check: CheckId,
        amount: Amount,
        date: NaiveDate,
    ) -> Result<(), ApiError> {
        if !self.issue_ids.insert((client, id)) {
            // Another key, the same check: a conflict, but not one of keys.
            let message = "A check issue with this `issue_id` exists.";
            return Err(ApiError::new(StatusCode::CONFLICT, "ERR_PPY_001", message));
        }
        let issue = self.issued.entry(check).or_insert(Issue { amount, date, paid: false });
        *issue = Issue { amount, date, paid: issue.paid };
        Ok(())
    }

    /// Presents a check: why it does not match its issue, and the exception's id. No
    /// money moves: the ledger holds what the API was asked for, and this is no request
    /// to it.
    pub(crate) fn present(
        &mut self,
        now: Duration,
        ids: &mut Ids,
        check: CheckId,
        amount: Amount,
    ) -> Result<Option<(MismatchReason, ExceptionId)>, ApiError> {
        let Some(reason) = self.mismatch(&check, amount, date(now)) else {
            return Ok(None);
        };
        if self.exceptions.len() >= MOST_EXCEPTIONS {
            return Err(ApiError::unprocessable("ERR_SBX_002", "There are too many exceptions."));
        }
        let (account, check_number) = check;
        let id = ids.id();
        self.exceptions.push(CheckException {
            id,
            account,
            check_number,
            presented: amount.into(),
            at: now,
            reason,
            request_id: ids.id(),
        });
        Ok(Some((reason, id)))
    }

    /// Why a check does not match; one that does is paid.
    fn mismatch(
        &mut self,
        check: &CheckId,
        amount: Amount,
        today: NaiveDate,
    ) -> Option<MismatchReason> {
        let Some(issue) = self.issued.get_mut(check) else {
            return Some(MismatchReason::NoIssue);
        };
        if issue.paid {
            return Some(MismatchReason::Duplicate);
        }
        if today.signed_duration_since(issue.date).num_days() > STALE_AFTER_DAYS {
            return Some(MismatchReason::StaleDated);
        }
        if issue.amount != amount {
            return Some(MismatchReason::AmountMismatch);
        }
        issue.paid = true;
        None
    }

    /// The exceptions that the last nightly load before `now` has brought.
    pub(crate) fn visible_exceptions(&self, now: Duration) -> &[CheckException] {
        let visible = self.exceptions.partition_point(|it| load_after(it.at) <= now);
        self.exceptions.get(..visible).unwrap_or_default()
    }
}
