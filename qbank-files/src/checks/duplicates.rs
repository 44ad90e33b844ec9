//! The same payee and the same amount within seven days: perhaps an invoice that is paid twice.

use std::collections::BTreeMap;

use chrono::{Days, NaiveDate};
use qbank_proto::Money;
use serde::Serialize;

use crate::digest::{Digest, digest, of_hex};
use crate::payment::Payment;

const WITHIN: Days = Days::new(7);

/// A payment that was made before, by another file.
#[derive(Debug, Clone)]
pub struct Earlier {
    /// Its id, to name it.
    pub payment_id: String,
    /// The `payee_hash` of the outbox: see [`Payment::payee_hash`].
    pub payee_hash: String,
    /// Dollars.
    pub amount: Money,
    /// Its effective date, or the day on which it was made.
    pub day: NaiveDate,
}

/// Two payments of one amount to one payee, within seven days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Duplicate {
    /// The later one in the file: whose id allows it.
    pub payment_id: String,
    /// On which line it is.
    pub line: u64,
    /// The other one.
    pub of: String,
    /// On which line of the file that is; `None`: it was made before.
    pub of_line: Option<u64>,
    /// Whether it was said that this is meant.
    pub allowed: bool,
}

impl Duplicate {
    pub(super) fn message(&self) -> String {
        let (id, of) = (&self.payment_id, &self.of);
        let place = self.of_line.map_or_else(
            || ", which was paid before".to_owned(),
            |line| format!(" on line {line}"),
        );
        format!(
            "pays the same payee the same amount within seven days as {of}{place}: if that is \
             meant, --allow-duplicate {id}"
        )
    }
}

/// All payments, by payee, amount and day. One of each day is enough.
#[derive(Debug, Default)]
pub(super) struct Duplicates {
    seen: BTreeMap<(Digest, i64, NaiveDate), Seen>,
}

#[derive(Debug)]
struct Seen {
    id: Box<str>,
    line: Option<u64>,
}

impl Duplicates {
    pub(super) fn earlier(&mut self, earlier: Earlier) {
        // What is no digest is of nobody in the file.
        let Some(payee) = of_hex(&earlier.payee_hash) else { return };
        self.seen
            .entry((payee, earlier.amount.cents(), earlier.day))
            .or_insert(Seen { id: earlier.payment_id.into(), line: None });
    }

    /// Takes the next payment, and gives the one that it repeats.
    pub(super) fn next(&mut self, payment: &Payment, today: NaiveDate) -> Option<Duplicate> {
        let (payee, cents) = (digest(&payment.payee()), payment.amount().cents());
        let day = payment.effective_date.unwrap_or(today);
        let first = day.checked_sub_days(WITHIN).unwrap_or(NaiveDate::MIN);
        let last = day.checked_add_days(WITHIN).unwrap_or(NaiveDate::MAX);
        let near = self.seen.range((payee, cents, first)..=(payee, cents, last));
        let duplicate = near
            .map(|(_, seen)| seen)
            .find(|seen| *seen.id != *payment.payment_id)
            .map(|seen| Duplicate {
                payment_id: payment.payment_id.clone(),
                line: payment.line,
                of: seen.id.to_string(),
                of_line: seen.line,
                allowed: false,
            });
        let seen = Seen { id: payment.payment_id.as_str().into(), line: Some(payment.line) };
        self.seen.entry((payee, cents, day)).or_insert(seen);
        duplicate
    }
}
