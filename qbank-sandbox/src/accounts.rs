//! Reads of accounts: the list, a balance, the transactions.

use std::time::Duration;

use chrono::NaiveDate;
use http::StatusCode;
use qbank_proto::{AccountId, Money, RequestId, TransactionId};
use serde::Serialize;

use crate::answer::Answer;
use crate::clock::{date, timestamp};
use crate::error::Refusal;
use crate::fields::parse_date;
use crate::fixtures::{CLIENT_ID, OPERATING, PAYROLL, SAVINGS};
use crate::ids::{Ids, Purpose, derived};
use crate::ledger::{Book, EntryKind, LedgerEntry};
use crate::payments::Payments;

/// `GET /accounts`.
pub(crate) fn list(book: &Book, start: Duration) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Account<'a> {
        account_id: AccountId,
        account_name: &'a str,
        account_type: &'a str,
        currency: &'a str,
        status: &'a str,
        timestamp: String,
        actor: &'a str,
        #[serde(rename = "request_id")]
        request_id: RequestId,
    }
    let accounts: Vec<Account<'_>> = book
        .own_accounts()
        .map(|account| Account {
            account_id: account.account_id,
            account_name: account.name,
            account_type: account.kind.as_str(),
            currency: "USD",
            status: if account.active { "Active" } else { "Closed" },
            timestamp: timestamp(start),
            actor: CLIENT_ID,
            request_id: account.request_id,
        })
        .collect();
    Answer::json(StatusCode::OK, &accounts)
}

/// `GET /balances/{accountId}`.
pub(crate) fn balance(book: &Book, id: &str) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Balance {
        account_id: AccountId,
        available_balance: Money,
        current_balance: Money,
        currency: &'static str,
    }
    let account = book.own(account_id(id)?)?;
    let balance = Balance {
        account_id: account.account_id,
        available_balance: account.balance,
        current_balance: account.balance,
        currency: "USD",
    };
    Ok(Answer::json(StatusCode::OK, &balance))
}

/// A Transaction of the contract, in its canonical names.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Transaction {
    #[serde(rename = "transactionId")]
    id: TransactionId,
    amount: Money,
    description: &'static str,
    transaction_date: String,
    value_date: String,
    posting_date: String,
    status: &'static str,
    timestamp: String,
    actor: &'static str,
    request_id: RequestId,
    #[serde(skip)]
    account: AccountId,
    #[serde(skip)]
    posted: NaiveDate,
}

/// What happened on the accounts in the days before `start`. It is history: the
/// opening balances contain it, and the ledger has no entry for it.
pub(crate) fn history(start: Duration, ids: &mut Ids) -> Vec<Transaction> {
    [
        (3, OPERATING, 1_250_000, "Customer receipts"),
        (2, OPERATING, -431_075, "Supplier invoice 4711"),
        (2, PAYROLL, -1_899_950, "Salaries"),
        (1, SAVINGS, 25, "Interest"),
    ]
    .into_iter()
    .map(|(days, account, cents, description)| {
        let at = start.saturating_sub(Duration::from_secs(days * 24 * 60 * 60));
        Transaction {
            id: ids.id(),
            amount: Money::from_cents(cents),
            description,
            transaction_date: timestamp(at),
            value_date: date(at).to_string(),
            posting_date: timestamp(at),
            status: "POSTED",
            timestamp: timestamp(at),
            actor: CLIENT_ID,
            request_id: ids.id(),
            account,
            posted: date(at),
        }
    })
    .collect()
}

/// `GET /transactions`: every entry as each account of the client sees it.
pub(crate) fn transactions(
    history: &[Transaction],
    book: &Book,
    payments: &Payments,
    now: Duration,
    query: &str,
) -> Result<Answer, Refusal> {
    let filter = Filter::read(book, query)?;
    let own: Vec<AccountId> = book.own_accounts().map(|account| account.account_id).collect();
    let sides = book.entries().iter().flat_map(|entry| {
        [Side::Debit, Side::Credit]
            .into_iter()
            .filter(|side| own.contains(&side.account(entry)))
            .filter(|side| filter.matches(side.account(entry), date(entry.at)))
            .map(|side| side.transaction(entry, payments, now))
    });
    let listed: Vec<Transaction> = history
        .iter()
        .filter(|transaction| filter.matches(transaction.account, transaction.posted))
        .cloned()
        .chain(sides)
        .collect();
    Ok(Answer::json(StatusCode::OK, &listed))
}

/// Which end of an entry.
#[derive(Clone, Copy)]
enum Side {
    Debit,
    Credit,
}

impl Side {
    fn account(self, entry: &LedgerEntry) -> AccountId {
        match self {
            Self::Debit => entry.from,
            Self::Credit => entry.to,
        }
    }

    fn transaction(self, entry: &LedgerEntry, payments: &Payments, now: Duration) -> Transaction {
        let cents = entry.amount.cents();
        let (purpose, cents) = match self {
            Self::Debit => (Purpose::Debit, -cents),
            Self::Credit => (Purpose::Credit, cents),
        };
        let payment = entry.payment_id.and_then(|id| payments.get(id));
        let settles = payment.map_or(entry.at, |payment| payment.timeline.completed());
        Transaction {
            id: derived(entry.entry_id, purpose),
            amount: Money::from_cents(cents),
            description: match entry.kind {
                EntryKind::Ach => "ACH payment",
                EntryKind::Wire => "Wire payment",
                EntryKind::Transfer => "Transfer",
            },
            transaction_date: timestamp(entry.at),
            value_date: date(settles).to_string(),
            posting_date: timestamp(entry.at),
            status: if settles <= now { "POSTED" } else { "PENDING" },
            timestamp: timestamp(entry.at),
            actor: CLIENT_ID,
            request_id: entry.request_id,
            account: self.account(entry),
            posted: date(entry.at),
        }
    }
}

/// The optional query parameters.
#[derive(Default)]
struct Filter {
    account: Option<AccountId>,
    posted_since: Option<NaiveDate>,
}

impl Filter {
    fn read(book: &Book, query: &str) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match &*name {
                "accountId" => {
                    let account = book.own(account_id(&value)?)?.account_id;
                    filter.account.replace(account).is_some()
                }
                "postingDateGte" => {
                    let since = parse_date(&value).ok_or_else(|| {
                        Refusal::malformed("`postingDateGte` must be a date such as 2026-01-31.")
                    })?;
                    filter.posted_since.replace(since).is_some()
                }
                _ => {
                    let message = "Only `accountId` and `postingDateGte` filter transactions.";
                    return Err(Refusal::malformed(message));
                }
            };
            if twice {
                return Err(Refusal::malformed(format!("`{name}` stands twice.")));
            }
        }
        Ok(filter)
    }

    fn matches(&self, account: AccountId, posted: NaiveDate) -> bool {
        self.account.is_none_or(|only| only == account)
            && self.posted_since.is_none_or(|since| since <= posted)
    }
}

fn account_id(text: &str) -> Result<AccountId, Refusal> {
    text.parse().map_err(|e| Refusal::malformed(format!("`accountId` {e}.")))
}
