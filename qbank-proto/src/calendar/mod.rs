//! The days on which the Federal Reserve settles, and which day it is in New York. No clock: the
//! moment is handed in.

mod bank_days;
mod new_york;

pub use bank_days::{bank_day_after, bank_day_before, bank_day_from, bank_day_until, is_bank_day};
pub use new_york::new_york_day;
