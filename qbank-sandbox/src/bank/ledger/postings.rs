//! What each account sees of the ledger, and since when: the postings from which the
//! lists of transactions are made.

use std::collections::BTreeMap;
use std::time::Duration;

use chrono::NaiveDate;
use qbank_proto::{AccountId, RequestId, TransactionId};

use super::Book;
use crate::bank::ids::Ids;
use crate::bank::time::{date, load_after};
use crate::config::fixtures::{OPERATING, PAYROLL, SAVINGS};

/// What each account sees of the ledger, in the order in which it becomes visible.
#[derive(Debug, Default)]
pub(crate) struct Postings {
    past: Vec<Past>,
    of: BTreeMap<AccountId, Vec<Posting>>,
}

/// One side of an entry, of a reversal, or of what was before the bank opened, by
/// its place among them: there may be millions.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Posting {
    pub(crate) visible: Duration,
    pub(crate) source: Source,
    pub(crate) side: Side,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum Source {
    Past(usize),
    Entry(usize),
    Reversal(usize),
}

/// Which end of an entry.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Side {
    Debit,
    Credit,
}

/// What happened on an account before the bank opened: the opening balance contains
/// it, and the ledger has no entry for it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Past {
    pub(crate) id: TransactionId,
    pub(crate) request_id: RequestId,
    pub(crate) at: Duration,
    pub(crate) cents: i64,
    pub(crate) description: &'static str,
}

impl Postings {
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

    pub(crate) fn past(&self, place: usize) -> Option<Past> {
        self.past.get(place).copied()
    }

    /// Time never runs backwards here, so the list stays in order.
    fn add(&mut self, account: AccountId, at: Duration, source: Source, side: Side) {
        let posting = Posting { visible: load_after(at), source, side };
        self.of.entry(account).or_default().push(posting);
    }

    /// What became visible on an account by `now`, from a day on.
    pub(crate) fn visible(
        &self,
        account: AccountId,
        now: Duration,
        since: Option<NaiveDate>,
    ) -> &[Posting] {
        let all = self.of.get(&account).map(Vec::as_slice).unwrap_or_default();
        let until = all.partition_point(|posting| posting.visible <= now);
        let from = since.map_or(0, |since| all.partition_point(|it| date(it.visible) < since));
        all.get(from..until).unwrap_or_default()
    }
}

impl Side {
    pub(crate) fn signed(self, cents: i64) -> i64 {
        match self {
            Self::Debit => -cents,
            Self::Credit => cents,
        }
    }
}
