//! Limits and control totals that whoever runs a file gives with it.

use qbank_proto::{Amount, Money};

use crate::error::RowError;

/// The most that is paid, and what is expected.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct Limits {
    /// The most that one row may pay.
    pub max_row: Option<Money>,
    /// The most that all rows together may pay.
    pub max_total: Option<Money>,
    /// How many rows there are.
    pub expect_count: Option<u64>,
    /// What they add up to.
    pub expect_total: Option<Money>,
}

impl Limits {
    pub(super) fn row(&self, amount: Amount) -> Option<String> {
        let most = self.max_row.filter(|most| Money::from(amount) > *most)?;
        Some(format!("is more than {most}, which is the most for a row (--max-row)"))
    }

    pub(super) fn file(&self, rows: u64, total: Money) -> Vec<RowError> {
        let mut errors = Vec::new();
        if let Some(most) = self.max_total.filter(|most| total > *most) {
            errors.push(format!("the total is {total}, and {most} is the most (--max-total)"));
        }
        if let Some(expected) = self.expect_count.filter(|expected| rows != *expected) {
            errors.push(format!(
                "the file has {rows} payments, and {expected} are expected (--expect-count)"
            ));
        }
        if let Some(expected) = self.expect_total.filter(|expected| total != *expected) {
            errors
                .push(format!("the total is {total}, and {expected} is expected (--expect-total)"));
        }
        errors.into_iter().map(RowError::of_file).collect()
    }
}
