//! What a file would pay.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use qbank_proto::{AccountId, Money};
use serde::{Serialize, Serializer};

use crate::payment::{Kind, Payment};

use super::dates::Rolled;
use super::duplicates::Duplicate;

/// What a file would pay, by type, by account and by day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Summary {
    /// How many payments.
    pub rows: u64,
    /// Dollars.
    #[serde(serialize_with = "text")]
    pub total: Money,
    /// By how they are paid.
    pub by_type: Vec<Subtotal<Kind>>,
    /// By the account that pays.
    pub by_source_account: Vec<Subtotal<AccountId>>,
    /// By the day that they ask for, after it was moved; first those that ask for none.
    pub by_effective_date: Vec<Subtotal<Option<NaiveDate>>>,
    /// The same payee and amount within seven days, and allowed.
    pub duplicates: Listed<Duplicate>,
    /// Effective dates that were moved.
    pub rolled: Listed<Rolled>,
    /// How many have remittance information, which the bank's API does not take.
    pub with_remittance: u64,
}

/// A part of the payments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Subtotal<K> {
    /// Which part.
    pub of: K,
    /// How many payments.
    pub rows: u64,
    /// Dollars.
    #[serde(serialize_with = "text")]
    pub total: Money,
}

/// How many there are, and the first of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Listed<T> {
    /// How many there are.
    pub count: u64,
    /// At most a thousand.
    pub first: Vec<T>,
}

const MOST_LISTED: usize = 1000;

impl<T> Default for Listed<T> {
    fn default() -> Self {
        Self { count: 0, first: Vec::new() }
    }
}

impl<T> Listed<T> {
    pub(super) fn push(&mut self, item: T) {
        self.count += 1;
        if self.first.len() < MOST_LISTED {
            self.first.push(item);
        }
    }
}

/// Adds up.
#[derive(Debug, Default)]
pub(super) struct Sums {
    all: Sum,
    types: BTreeMap<Kind, Sum>,
    accounts: BTreeMap<AccountId, Sum>,
    days: BTreeMap<Option<NaiveDate>, Sum>,
    pub(super) duplicates: Listed<Duplicate>,
    rolled: Listed<Rolled>,
    with_remittance: u64,
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    rows: u64,
    total: Money,
}

impl Sum {
    /// A part of what was added up without an overflow has none.
    fn add(&mut self, amount: Money) -> Option<()> {
        self.rows += 1;
        self.total = self.total.checked_add(amount)?;
        Some(())
    }
}

impl Sums {
    pub(super) fn rolled(&mut self, payment: &Payment, to: NaiveDate) {
        self.rolled.push(Rolled {
            payment_id: payment.payment_id.clone(),
            line: payment.line,
            from: payment.effective_date.unwrap_or(to),
            to,
        });
    }

    pub(super) fn add(&mut self, payment: &Payment) -> Result<(), String> {
        let amount = payment.amount().into();
        self.with_remittance += u64::from(payment.has_remittance());
        [
            &mut self.all,
            self.types.entry(payment.kind()).or_default(),
            self.accounts.entry(payment.source_account()).or_default(),
            self.days.entry(payment.effective_date).or_default(),
        ]
        .into_iter()
        .try_for_each(|sum| sum.add(amount))
        .ok_or_else(|| "makes the total larger than any amount that can be held".to_owned())
    }

    pub(super) fn finish(self) -> Summary {
        Summary {
            rows: self.all.rows,
            total: self.all.total,
            by_type: subtotals(self.types),
            by_source_account: subtotals(self.accounts),
            by_effective_date: subtotals(self.days),
            duplicates: self.duplicates,
            rolled: self.rolled,
            with_remittance: self.with_remittance,
        }
    }
}

fn subtotals<K>(sums: BTreeMap<K, Sum>) -> Vec<Subtotal<K>> {
    sums.into_iter().map(|(of, sum)| Subtotal { of, rows: sum.rows, total: sum.total }).collect()
}

/// A text, since many readers of JSON make a float of a number.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn text<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(money)
}
