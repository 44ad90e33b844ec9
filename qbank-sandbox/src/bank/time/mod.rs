//! The bank's clock, and the days on which it works.

mod clock;
mod nightly_load;

pub(crate) use clock::{Clock, date, hour_of, next_boundary, timestamp};
pub(crate) use nightly_load::{load_after, load_before};
// A table of days, which is right or wrong for both sides.
pub use qbank_proto::calendar::is_bank_day;
pub(crate) use qbank_proto::calendar::{bank_day_after, bank_day_before, bank_day_from};
