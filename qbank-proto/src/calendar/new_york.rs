//! The day in New York, in whose time the Federal Reserve counts its days.

use chrono::{DateTime, Datelike, Duration, NaiveDate, NaiveDateTime, Utc, Weekday};

/// The day that it is in New York at this moment.
///
/// By the rule of the United States since 2007: daylight saving time from the second Sunday of
/// March, 2:00, to the first Sunday of November, 2:00. A change of that law is a change here; a
/// database of time zones would be the largest part of this crate.
///
/// ```
/// use qbank_proto::calendar::new_york_day;
/// use qbank_proto::chrono::{DateTime, Utc};
/// let moment: DateTime<Utc> = "2026-12-01T03:00:00Z".parse()?;
/// assert_eq!(new_york_day(moment).to_string(), "2026-11-30");
/// # Ok::<(), qbank_proto::chrono::ParseError>(())
/// ```
pub fn new_york_day(moment: DateTime<Utc>) -> NaiveDate {
    let utc = moment.naive_utc();
    let west = if is_daylight_saving(utc) { Duration::hours(4) } else { Duration::hours(5) };
    utc.checked_sub_signed(west).unwrap_or(utc).date()
}

fn is_daylight_saving(utc: NaiveDateTime) -> bool {
    let year = utc.year();
    // 2:00 of standard time is 7:00 UTC; 2:00 of daylight saving time is 6:00 UTC.
    let begins = change(year, 3, 2, 7);
    let ends = change(year, 11, 1, 6);
    begins.zip(ends).is_some_and(|(begins, ends)| (begins..ends).contains(&utc))
}

/// An hour in UTC of the `nth` Sunday of a month.
fn change(year: i32, month: u32, nth: u8, hour: u32) -> Option<NaiveDateTime> {
    NaiveDate::from_weekday_of_month_opt(year, month, Weekday::Sun, nth)?.and_hms_opt(hour, 0, 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_day_changes_at_midnight_of_new_york() {
        for (moment, day) in [
            // Standard time.
            ("2026-01-15T04:59:59Z", "2026-01-14"),
            ("2026-01-15T05:00:00Z", "2026-01-15"),
            // Daylight saving time.
            ("2026-07-15T03:59:59Z", "2026-07-14"),
            ("2026-07-15T04:00:00Z", "2026-07-15"),
            // The days of the changes: March 8 and November 1, 2026.
            ("2026-03-08T05:00:00Z", "2026-03-08"),
            ("2026-03-09T03:59:59Z", "2026-03-08"),
            ("2026-03-09T04:00:00Z", "2026-03-09"),
            ("2026-11-01T04:00:00Z", "2026-11-01"),
            ("2026-11-02T04:59:59Z", "2026-11-01"),
            ("2026-11-02T05:00:00Z", "2026-11-02"),
        ] {
            let moment: DateTime<Utc> = moment.parse().unwrap();
            assert_eq!(new_york_day(moment).to_string(), day, "{moment}");
        }
    }

    #[test]
    fn the_ends_of_time_are_days_too() {
        for moment in [DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC] {
            let _ = new_york_day(moment);
        }
    }
}
