//! The bank's clock, and the days on which it works.

mod bank_days;
mod clock;
mod nightly_load;

pub use bank_days::is_bank_day;
pub(crate) use bank_days::{bank_day_after, bank_day_before, bank_day_from};
pub(crate) use clock::{Clock, date, hour_of, next_boundary, timestamp};
pub(crate) use nightly_load::{load_after, load_before};
