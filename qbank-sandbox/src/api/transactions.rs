//! `GET /transactions`: the ledger as each account saw it at the last nightly load.
//!
//! Something that happens today is visible from tomorrow, one o'clock, on:
//! `transaction_date` is when it was initiated, `value_date` the bank day on which
//! the funds count, `posting_date` the load that made it visible. An ACH payment is
//! `PENDING` until the load after its settlement; one that the core rejected is
//! `REVERSED`, and its reversal is a transaction of its own, so that the amounts
//! always add up to what the account has moved.

use std::borrow::Cow;
use std::time::Duration;

use chrono::NaiveDate;
use http::StatusCode;
use qbank_proto::{AccountId, Money, RequestId, TransactionId};
use serde::Serialize;

use super::accounts::account_id;
use super::description::with_reference;
use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::ids::{Purpose, derived};
use crate::bank::ledger::{
    Book, EntryKind, LedgerEntry, LedgerReversal, Past, Posting, Side, Source,
};
use crate::bank::time::{bank_day_from, date, load_before, timestamp};
use crate::message::error::ApiError;
use crate::message::fields::parse_date;
use crate::message::response::ApiResponse;

/// Account after account, each in the order of posting.
pub(super) fn list(bank: &Bank, client: ClientIndex, query: &str) -> Result<ApiResponse, ApiError> {
    let filter = Filter::read(&bank.book, client, query)?;
    let now = bank.now();
    let view = View { bank, client, now };
    let listed: Vec<Transaction<'_>> = bank
        .book
        .own_accounts(client)
        .map(|account| account.account_id)
        .filter(|account| filter.account.is_none_or(|only| only == *account))
        .flat_map(|account| bank.postings.visible(account, now, filter.posted_since))
        .filter_map(|posting| view.transaction(posting))
        .collect();
    Ok(ApiResponse::json(StatusCode::OK, &listed))
}

/// The transaction resource, in its canonical names.
#[derive(Debug, Serialize)]
struct Transaction<'a> {
    #[serde(rename = "transactionId")]
    id: TransactionId,
    amount: Money,
    description: Cow<'a, str>,
    transaction_date: String,
    value_date: String,
    posting_date: String,
    status: &'static str,
    timestamp: String,
    actor: &'a str,
    request_id: RequestId,
}

/// What the client may read at `now`.
struct View<'a> {
    bank: &'a Bank,
    client: ClientIndex,
    now: Duration,
}

impl View<'_> {
    fn transaction(&self, posting: &Posting) -> Option<Transaction<'_>> {
        match posting.source {
            Source::Past(place) => Some(self.past(posting, self.bank.postings.past(place)?)),
            Source::Entry(place) => Some(self.entry(posting, self.bank.book.entries().get(place)?)),
            Source::Reversal(place) => {
                let reversal = self.bank.book.reversals().get(place)?;
                Some(self.reversal(
                    posting,
                    reversal,
                    self.bank.book.entries().get(reversal.entry)?,
                ))
            }
        }
    }

    fn past(&self, posting: &Posting, past: Past) -> Transaction<'_> {
        let details = Details {
            id: past.id,
            cents: past.cents,
            description: past.description.into(),
            at: past.at,
            value: bank_day_from(date(past.at)),
            status: "POSTED",
            request_id: past.request_id,
        };
        self.shown(posting, details)
    }

    fn entry<'a>(&'a self, posting: &Posting, entry: &'a LedgerEntry) -> Transaction<'a> {
        let load = load_before(self.now);
        let timeline =
            entry.payment_id.and_then(|id| self.bank.payments.get(id)).map(|it| it.timeline);
        let settles = timeline.map_or(entry.at, |timeline| timeline.settled());
        let failed = timeline.and_then(|timeline| timeline.failed());
        let status = match failed {
            Some(at) if at <= load => "REVERSED",
            _ if settles <= load => "POSTED",
            _ => "PENDING",
        };
        let purpose = match posting.side {
            Side::Debit => Purpose::Debit,
            Side::Credit => Purpose::Credit,
        };
        let what = match entry.kind {
            EntryKind::Ach => "ACH payment",
            EntryKind::Wire => "Wire payment",
            EntryKind::Transfer => "Transfer",
        };
        let details = Details {
            id: derived(entry.entry_id, purpose),
            cents: posting.side.signed(entry.amount.cents()),
            description: with_reference(what, entry),
            at: entry.at,
            value: bank_day_from(date(settles)),
            status,
            request_id: entry.request_id,
        };
        self.shown(posting, details)
    }

    fn reversal<'a>(
        &'a self,
        posting: &Posting,
        reversal: &LedgerReversal,
        entry: &'a LedgerEntry,
    ) -> Transaction<'a> {
        let purpose = match posting.side {
            Side::Debit => Purpose::Debit,
            Side::Credit => Purpose::Credit,
        };
        let what = match entry.kind {
            EntryKind::Wire => "Reversal of a wire payment",
            _ => "Reversal of an ACH payment",
        };
        let details = Details {
            id: derived(reversal.reversal_id, purpose),
            cents: posting.side.signed(reversal.amount.cents()),
            description: with_reference(what, entry),
            at: reversal.at,
            value: bank_day_from(date(reversal.at)),
            status: "POSTED",
            request_id: entry.request_id,
        };
        self.shown(posting, details)
    }

    fn shown<'a>(&'a self, posting: &Posting, details: Details<'a>) -> Transaction<'a> {
        Transaction {
            id: details.id,
            amount: Money::from_cents(details.cents),
            description: details.description,
            transaction_date: timestamp(details.at),
            value_date: details.value.to_string(),
            posting_date: timestamp(posting.visible),
            status: details.status,
            timestamp: timestamp(details.at),
            actor: self.bank.clients.id(self.client),
            request_id: details.request_id,
        }
    }
}

/// What differs between the sources of a transaction.
struct Details<'a> {
    id: TransactionId,
    cents: i64,
    description: Cow<'a, str>,
    at: Duration,
    value: NaiveDate,
    status: &'static str,
    request_id: RequestId,
}

/// The optional query parameters.
#[derive(Default)]
struct Filter {
    account: Option<AccountId>,
    posted_since: Option<NaiveDate>,
}

impl Filter {
    fn read(book: &Book, client: ClientIndex, query: &str) -> Result<Self, ApiError> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match &*name {
                "accountId" => {
                    let account = book.own(client, account_id(&value)?)?.account_id;
                    filter.account.replace(account).is_some()
                }
                "postingDateGte" => {
                    let since = parse_date(&value).ok_or_else(|| {
                        ApiError::malformed("`postingDateGte` must be a date such as 2026-01-31.")
                    })?;
                    filter.posted_since.replace(since).is_some()
                }
                _ => {
                    let message = "Only `accountId` and `postingDateGte` filter transactions.";
                    return Err(ApiError::malformed(message));
                }
            };
            if twice {
                return Err(ApiError::malformed(format!("`{name}` occurs twice.")));
            }
        }
        Ok(filter)
    }
}
