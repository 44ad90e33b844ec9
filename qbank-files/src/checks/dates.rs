//! Effective dates: neither past, nor on a day on which no bank settles.

use chrono::NaiveDate;
use qbank_proto::calendar::{bank_day_from, bank_day_until, is_bank_day};
use serde::Serialize;

use crate::payment::{Kind, Payment};

/// Where a day that is past or no bank day is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Roll {
    /// To the next bank day, from today on.
    Next,
    /// To the bank day before it, which must not be past.
    Previous,
}

/// An effective date that was moved.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rolled {
    /// Of which payment.
    pub payment_id: String,
    /// On which line it is.
    pub line: u64,
    /// What the file has.
    pub from: NaiveDate,
    /// What is asked for instead.
    pub to: NaiveDate,
}

/// The day to which a payment's is moved; `None`: it stays as it is.
pub(super) fn check(
    payment: &Payment,
    today: NaiveDate,
    roll: Option<Roll>,
) -> Result<Option<NaiveDate>, String> {
    let Some(day) = payment.effective_date else { return Ok(None) };
    let to = match roll {
        None => day,
        Some(Roll::Next) => bank_day_from(day.max(today)),
        Some(Roll::Previous) => bank_day_until(day),
    };
    if to < today {
        return Err(match roll {
            None => format!(
                "is past: in New York it is {today}; correct it, or move it by --roll-dates next"
            ),
            Some(_) => format!(
                "is past, or the bank day before it is: in New York it is {today}; correct it, or \
                 move it by --roll-dates next"
            ),
        });
    }
    if !is_bank_day(to) {
        let (before, after) = (bank_day_until(to), bank_day_from(to));
        return Err(format!(
            "is no bank day: the one before is {before}, the next {after}; correct it, or move it \
             by --roll-dates next or previous"
        ));
    }
    if payment.kind() == Kind::Wire && to > today {
        return Err(
            "is later than today, and a wire is sent at once: leave it empty, pay by ach, \
                    or run a file of these payments on that day"
                .to_owned(),
        );
    }
    Ok(Some(to).filter(|to| *to != day))
}
