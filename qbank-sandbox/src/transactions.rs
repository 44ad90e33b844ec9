//! Transactions: the ledger as each account saw it at the last nightly load.
//!
//! Something that happens today is visible from tomorrow, one o'clock, on:
//! `transaction_date` is when it was initiated, `value_date` the bank day on which
//! the funds count, `posting_date` the load that made it visible. An ACH payment is
//! `PENDING` until the load after its settlement; one that the core rejected is
//! `REVERSED`, and its reversal is a transaction of its own, so that the amounts
//! always add up to what the account has moved.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use http::StatusCode;
use qbank_proto::{AccountId, Money, RequestId, TransactionId};
use serde::Serialize;

use crate::accounts::account_id;
use crate::answer::Answer;
use crate::calendar::bank_day_from;
use crate::clients::{Client, Clients};
use crate::clock::{date, timestamp};
use crate::error::Refusal;
use crate::fields::parse_date;
use crate::fixtures::{OPERATING, PAYROLL, SAVINGS};
use crate::ids::{Ids, Purpose, derived};
use crate::ledger::{Book, EntryKind, LedgerEntry, LedgerReversal};
use crate::payments::Payments;
use crate::timeline::{load_after, load_before};

/// What each account sees of the ledger, in the order in which it becomes visible.
#[derive(Debug, Default)]
pub(crate) struct Posted {
    past: Vec<Past>,
    of: BTreeMap<AccountId, Vec<Posting>>,
}

/// One side of an entry, of a reversal, or of what was before the bank opened, by
/// its place among them: there may be millions.
#[derive(Debug, Clone, Copy)]
struct Posting {
    visible: Duration,
    source: Source,
    side: Side,
}

#[derive(Debug, Clone, Copy)]
enum Source {
    Past(usize),
    Entry(usize),
    Reversal(usize),
}

/// Which end of an entry.
#[derive(Debug, Clone, Copy)]
enum Side {
    Debit,
    Credit,
}

/// What happened on an account before the bank opened: the opening balance contains
/// it, and the ledger has no entry for it.
#[derive(Debug, Clone, Copy)]
struct Past {
    id: TransactionId,
    request_id: RequestId,
    at: Duration,
    cents: i64,
    description: &'static str,
}

/// A Transaction of the contract, in its canonical names.
#[derive(Debug, Serialize)]
struct Transaction<'a> {
    #[serde(rename = "transactionId")]
    id: TransactionId,
    amount: Money,
    description: &'static str,
    transaction_date: String,
    value_date: String,
    posting_date: String,
    status: &'static str,
    timestamp: String,
    actor: &'a str,
    request_id: RequestId,
}

impl Posted {
    /// The days before `start`.
    pub(crate) fn history(start: Duration, book: &Book, ids: &mut Ids) -> Self {
        let mut posted = Self::default();
        for (days, account, cents, description) in [
            (3, OPERATING, 1_250_000, "Customer receipts"),
            (2, OPERATING, -431_075, "Supplier invoice 4711"),
            (2, PAYROLL, -1_899_950, "Salaries"),
            (1, SAVINGS, 25, "Interest"),
        ] {
            let at = start.saturating_sub(Duration::from_secs(days * 24 * 60 * 60));
            let (id, request_id) = (ids.id(), ids.id());
            let side = if cents < 0 { Side::Debit } else { Side::Credit };
            if book.account(account).is_some() {
                posted.add(account, at, Source::Past(posted.past.len()), side);
                posted.past.push(Past { id, request_id, at, cents, description });
            }
        }
        posted
    }

    pub(crate) fn add_entry(&mut self, book: &Book, place: usize) {
        if let Some(entry) = book.entries().get(place) {
            self.add_sides(book, (entry.from, entry.to), entry.at, Source::Entry(place));
        }
    }

    pub(crate) fn add_reversal(&mut self, book: &Book, place: usize) {
        if let Some(reversal) = book.reversals().get(place) {
            let ends = (reversal.from, reversal.to);
            self.add_sides(book, ends, reversal.at, Source::Reversal(place));
        }
    }

    fn add_sides(
        &mut self,
        book: &Book,
        (from, to): (AccountId, AccountId),
        at: Duration,
        source: Source,
    ) {
        for (account, side) in [(from, Side::Debit), (to, Side::Credit)] {
            if book.account(account).is_some_and(|account| account.owner.is_some()) {
                self.add(account, at, source, side);
            }
        }
    }

    /// Time never runs backwards here, so the list stays in order.
    fn add(&mut self, account: AccountId, at: Duration, source: Source, side: Side) {
        let posting = Posting { visible: load_after(at), source, side };
        self.of.entry(account).or_default().push(posting);
    }

    /// What became visible on an account by `now`, from a day on.
    fn visible(&self, account: AccountId, now: Duration, since: Option<NaiveDate>) -> &[Posting] {
        let all = self.of.get(&account).map(Vec::as_slice).unwrap_or_default();
        let until = all.partition_point(|posting| posting.visible <= now);
        let from = since.map_or(0, |since| all.partition_point(|it| date(it.visible) < since));
        all.get(from..until).unwrap_or_default()
    }
}

/// What a list of transactions is made from.
pub(crate) struct Sight<'a> {
    pub(crate) posted: &'a Posted,
    pub(crate) book: &'a Book,
    pub(crate) payments: &'a Payments,
    pub(crate) clients: &'a Clients,
    pub(crate) client: Client,
    pub(crate) now: Duration,
}

impl Sight<'_> {
    /// `GET /transactions`: account after account, each in the order of posting.
    pub(crate) fn list(&self, query: &str) -> Result<Answer, Refusal> {
        let filter = Filter::read(self.book, self.client, query)?;
        let listed: Vec<Transaction<'_>> = self
            .book
            .own_accounts(self.client)
            .map(|account| account.account_id)
            .filter(|account| filter.account.is_none_or(|only| only == *account))
            .flat_map(|account| self.posted.visible(account, self.now, filter.posted_since))
            .filter_map(|posting| self.transaction(posting))
            .collect();
        Ok(Answer::json(StatusCode::OK, &listed))
    }

    fn transaction(&self, posting: &Posting) -> Option<Transaction<'_>> {
        match posting.source {
            Source::Past(place) => Some(self.past(posting, *self.posted.past.get(place)?)),
            Source::Entry(place) => Some(self.entry(posting, self.book.entries().get(place)?)),
            Source::Reversal(place) => {
                let reversal = self.book.reversals().get(place)?;
                Some(self.reversal(posting, reversal, self.book.entries().get(reversal.entry)?))
            }
        }
    }

    fn past(&self, posting: &Posting, past: Past) -> Transaction<'_> {
        let made = Made {
            id: past.id,
            cents: past.cents,
            description: past.description,
            at: past.at,
            value: bank_day_from(date(past.at)),
            status: "POSTED",
            request_id: past.request_id,
        };
        self.shown(posting, &made)
    }

    fn entry(&self, posting: &Posting, entry: &LedgerEntry) -> Transaction<'_> {
        let load = load_before(self.now);
        let timeline = entry.payment_id.and_then(|id| self.payments.get(id)).map(|it| it.timeline);
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
        let made = Made {
            id: derived(entry.entry_id, purpose),
            cents: posting.side.signed(entry.amount.cents()),
            description: match entry.kind {
                EntryKind::Ach => "ACH payment",
                EntryKind::Wire => "Wire payment",
                EntryKind::Transfer => "Transfer",
            },
            at: entry.at,
            value: bank_day_from(date(settles)),
            status,
            request_id: entry.request_id,
        };
        self.shown(posting, &made)
    }

    fn reversal(
        &self,
        posting: &Posting,
        reversal: &LedgerReversal,
        entry: &LedgerEntry,
    ) -> Transaction<'_> {
        let (purpose, description) = match (posting.side, entry.kind) {
            (Side::Debit, EntryKind::Wire) => (Purpose::Debit, "Reversal of a wire payment"),
            (Side::Credit, EntryKind::Wire) => (Purpose::Credit, "Reversal of a wire payment"),
            (Side::Debit, _) => (Purpose::Debit, "Reversal of an ACH payment"),
            (Side::Credit, _) => (Purpose::Credit, "Reversal of an ACH payment"),
        };
        let made = Made {
            id: derived(reversal.reversal_id, purpose),
            cents: posting.side.signed(reversal.amount.cents()),
            description,
            at: reversal.at,
            value: bank_day_from(date(reversal.at)),
            status: "POSTED",
            request_id: entry.request_id,
        };
        self.shown(posting, &made)
    }

    fn shown(&self, posting: &Posting, made: &Made) -> Transaction<'_> {
        Transaction {
            id: made.id,
            amount: Money::from_cents(made.cents),
            description: made.description,
            transaction_date: timestamp(made.at),
            value_date: made.value.to_string(),
            posting_date: timestamp(posting.visible),
            status: made.status,
            timestamp: timestamp(made.at),
            actor: self.clients.id(self.client),
            request_id: made.request_id,
        }
    }
}

/// What a source says of its transaction.
struct Made {
    id: TransactionId,
    cents: i64,
    description: &'static str,
    at: Duration,
    value: NaiveDate,
    status: &'static str,
    request_id: RequestId,
}

impl Side {
    fn signed(self, cents: i64) -> i64 {
        match self {
            Self::Debit => -cents,
            Self::Credit => cents,
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
    fn read(book: &Book, client: Client, query: &str) -> Result<Self, Refusal> {
        let mut filter = Self::default();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            let twice = match &*name {
                "accountId" => {
                    let account = book.own(client, account_id(&value)?)?.account_id;
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
}
