//! Positive pay: the checks that were issued, and those that did not match when they
//! were presented.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use chrono::NaiveDate;
use http::StatusCode;
use qbank_proto::{AccountId, Amount, ExceptionId, IssueId, Money, RequestId};
use serde::Serialize;

use crate::answer::Answer;
use crate::calendar::bank_day_before;
use crate::clients::Client;
use crate::clock::{date, hour_of, timestamp};
use crate::error::Refusal;
use crate::fields::Fields;
use crate::fixtures::{OPERATING, PAYROLL};
use crate::ids::Ids;
use crate::ledger::Book;
use crate::timeline::load_after;

/// A check that is older is stale (UCC § 4-404: six months).
const STALE_AFTER_DAYS: i64 = 180;
/// So many checks can be presented: the control surface is no way to fill the memory.
const MOST_EXCEPTIONS: usize = 100_000;

/// The issues told to the bank, and the exceptions it found.
#[derive(Debug)]
pub(crate) struct PositivePay {
    told: BTreeSet<(Client, IssueId)>,
    issued: BTreeMap<(AccountId, Box<str>), Issue>,
    exceptions: Vec<CheckException>,
}

/// What is known of a check: a later issue with its number corrects it.
#[derive(Debug)]
struct Issue {
    amount: Amount,
    date: NaiveDate,
    paid: bool,
}

#[derive(Debug)]
struct CheckException {
    id: ExceptionId,
    account: AccountId,
    check_number: Box<str>,
    presented: Money,
    at: Duration,
    reason: Reason,
    request_id: RequestId,
}

/// Why a check does not match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
enum Reason {
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
    /// Two checks did not match, so long ago that the nightly load has brought it.
    pub(crate) fn new(start: Duration, book: &Book, ids: &mut Ids) -> Self {
        let yesterday = start.saturating_sub(Duration::from_secs(24 * 60 * 60));
        let noon = hour_of(bank_day_before(date(yesterday)), 12);
        let exceptions = [
            (OPERATING, "10012", 125_000, Reason::AmountMismatch),
            (PAYROLL, "20457", 98_999, Reason::NoIssue),
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
        Self { told: BTreeSet::new(), issued: BTreeMap::new(), exceptions }
    }

    /// `POST /positivepay/issues`: takes the issue, and says which it was.
    pub(crate) fn issue(
        &mut self,
        book: &Book,
        client: Client,
        body: &[u8],
    ) -> Result<IssueId, Refusal> {
        let mut fields = Fields::parse(body)?;
        let id: IssueId = fields.id("issue_id")?;
        let account: AccountId = fields.id("account_id")?;
        let check_number = fields.text("check_number", 32)?;
        let amount = fields.amount("amount")?;
        let date = fields.date("issue_date")?;
        fields.end()?;
        book.usable(client, account, "account_id")?;
        if !self.told.insert((client, id)) {
            // Another key, the same check: a conflict, but not one of keys.
            let message = "A check issue with this `issue_id` exists.";
            return Err(Refusal::new(StatusCode::CONFLICT, "ERR_PPY_001", message));
        }
        let issue = self.issued.entry((account, check_number.into()));
        let paid = issue.or_insert(Issue { amount, date, paid: false });
        *paid = Issue { amount, date, paid: paid.paid };
        Ok(id)
    }

    /// `POST /_sandbox/checks`: somebody cashes a check. No money moves: the ledger
    /// holds what the API was asked for, and nobody asked it for this.
    pub(crate) fn present(
        &mut self,
        book: &Book,
        now: Duration,
        ids: &mut Ids,
        body: &[u8],
    ) -> Result<Answer, Refusal> {
        #[derive(Serialize)]
        struct Presented {
            matched: bool,
            reason_code: Option<Reason>,
            #[serde(rename = "exceptionId")]
            exception_id: Option<ExceptionId>,
            /// When the exception can be read.
            visible: Option<String>,
        }
        let mut fields = Fields::parse(body)?;
        let account: AccountId = fields.id("account_id")?;
        let check_number: Box<str> = fields.text("check_number", 32)?.into();
        let amount = fields.amount("amount")?;
        fields.end()?;
        if book.account(account).is_none_or(|account| account.owner.is_none()) {
            let message = "`account_id` is not an account of a client.";
            return Err(Refusal::not_found("ERR_ACC_001", message));
        }
        let reason = self.matched(account, &check_number, amount, date(now));
        if reason.is_some() && self.exceptions.len() >= MOST_EXCEPTIONS {
            return Err(Refusal::unprocessable("ERR_SBX_002", "There are too many exceptions."));
        }
        let exception_id = reason.map(|reason| {
            let id = ids.id();
            let presented = amount.into();
            let request_id = ids.id();
            self.exceptions.push(CheckException {
                id,
                account,
                check_number,
                presented,
                at: now,
                reason,
                request_id,
            });
            id
        });
        let visible = reason.map(|_| timestamp(load_after(now)));
        let matched = reason.is_none();
        let presented = Presented { matched, reason_code: reason, exception_id, visible };
        Ok(Answer::json(StatusCode::CREATED, &presented))
    }

    /// Why a check does not match; one that does is paid.
    fn matched(
        &mut self,
        account: AccountId,
        check_number: &str,
        amount: Amount,
        today: NaiveDate,
    ) -> Option<Reason> {
        let Some(issue) = self.issued.get_mut(&(account, check_number.into())) else {
            return Some(Reason::NoIssue);
        };
        if issue.paid {
            return Some(Reason::Duplicate);
        }
        if today.signed_duration_since(issue.date).num_days() > STALE_AFTER_DAYS {
            return Some(Reason::StaleDated);
        }
        if issue.amount != amount {
            return Some(Reason::AmountMismatch);
        }
        issue.paid = true;
        None
    }

    /// `GET /positivepay/exceptions`: those of the client, as of the last nightly load.
    pub(crate) fn exceptions(
        &self,
        book: &Book,
        client: Client,
        actor: &str,
        now: Duration,
    ) -> Answer {
        #[derive(Serialize)]
        struct Exception<'a> {
            #[serde(rename = "exceptionId")]
            id: ExceptionId,
            account_id: AccountId,
            check_number: &'a str,
            presented_amount: Money,
            presentment_date: String,
            reason_code: Reason,
            timestamp: String,
            actor: &'a str,
            request_id: RequestId,
        }
        let visible = self.exceptions.partition_point(|it| load_after(it.at) <= now);
        let shown: Vec<Exception<'_>> = self
            .exceptions
            .iter()
            .take(visible)
            .filter(|it| book.account(it.account).is_some_and(|account| account.is_of(client)))
            .map(|it| Exception {
                id: it.id,
                account_id: it.account,
                check_number: &it.check_number,
                presented_amount: it.presented,
                presentment_date: date(it.at).to_string(),
                reason_code: it.reason,
                timestamp: timestamp(it.at),
                actor,
                request_id: it.request_id,
            })
            .collect();
        Answer::json(StatusCode::OK, &shown)
    }
}
