//! Bank days: neither weekends nor holidays of the Federal Reserve.
//!
//! A holiday on a Sunday is kept on the Monday after it. One on a Saturday is not
//! kept at all: the Fed is open on the Friday before.

use chrono::{Datelike, NaiveDate, Weekday};

/// Whether the Federal Reserve settles on this day.
///
/// ```
/// use qbank_proto::calendar::{bank_day_after, is_bank_day};
/// let day = |text| qbank_proto::parse_day(text).ok_or("a day");
/// assert!(!is_bank_day(day("2026-12-25")?));
/// assert_eq!(bank_day_after(day("2026-12-24")?), day("2026-12-28")?);
/// # Ok::<(), &str>(())
/// ```
pub fn is_bank_day(date: NaiveDate) -> bool {
    !matches!(date.weekday(), Weekday::Sat | Weekday::Sun) && !is_observed_holiday(date)
}

/// This day if it is a bank day, else the first one after it.
pub fn bank_day_from(date: NaiveDate) -> NaiveDate {
    walk(date, NaiveDate::succ_opt)
}

/// The first bank day after this day.
pub fn bank_day_after(date: NaiveDate) -> NaiveDate {
    bank_day_from(date.succ_opt().unwrap_or(date))
}

/// This day if it is a bank day, else the last one before it.
pub fn bank_day_until(date: NaiveDate) -> NaiveDate {
    walk(date, NaiveDate::pred_opt)
}

/// The last bank day before this day.
pub fn bank_day_before(date: NaiveDate) -> NaiveDate {
    bank_day_until(date.pred_opt().unwrap_or(date))
}

/// Ends within a few steps: no four days in a row are closed, but for the last of time.
fn walk(mut date: NaiveDate, step: fn(&NaiveDate) -> Option<NaiveDate>) -> NaiveDate {
    while !is_bank_day(date) {
        let Some(next) = step(&date) else {
            break;
        };
        date = next;
    }
    date
}

fn is_observed_holiday(date: NaiveDate) -> bool {
    let sunday = date.pred_opt().filter(|_| date.weekday() == Weekday::Mon);
    is_holiday(date) || sunday.is_some_and(is_fixed_holiday)
}

fn is_holiday(date: NaiveDate) -> bool {
    let (month, weekday) = (date.month(), date.weekday());
    // Which of its kind in the month, from one.
    let nth = date.day0() / 7 + 1;
    let is_last = date.day() + 7 > 31;
    is_fixed_holiday(date)
        || match (month, weekday) {
            // Martin Luther King Jr. Day, Washington's Birthday.
            (1 | 2, Weekday::Mon) => nth == 3,
            // Memorial Day; May has 31 days.
            (5, Weekday::Mon) => is_last,
            // Labor Day.
            (9, Weekday::Mon) => nth == 1,
            // Columbus Day.
            (10, Weekday::Mon) => nth == 2,
            // Thanksgiving Day.
            (11, Weekday::Thu) => nth == 4,
            _ => false,
        }
}

/// New Year's Day, Juneteenth, Independence Day, Veterans Day, Christmas Day.
fn is_fixed_holiday(date: NaiveDate) -> bool {
    match (date.month(), date.day()) {
        (1, 1) | (7, 4) | (11, 11) | (12, 25) => true,
        (6, 19) => date.year() >= 2022,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn closed_weekdays(year: i32) -> Vec<String> {
        NaiveDate::from_ymd_opt(year, 1, 1)
            .unwrap()
            .iter_days()
            .take_while(|date| date.year() == year)
            .filter(|date| !matches!(date.weekday(), Weekday::Sat | Weekday::Sun))
            .filter(|date| !is_bank_day(*date))
            .map(|date| date.format("%m-%d").to_string())
            .collect()
    }

    #[test]
    fn the_holidays_are_those_that_the_federal_reserve_publishes() {
        // July 4, 2026 is a Saturday: the Friday before is a bank day.
        let of_2026 = "01-01 01-19 02-16 05-25 06-19 09-07 10-12 11-11 11-26 12-25".split(' ');
        assert!(closed_weekdays(2026).iter().map(String::as_str).eq(of_2026));
        // In 2027 Juneteenth and Christmas are Saturdays; July 4 is a Sunday.
        let of_2027 = "01-01 01-18 02-15 05-31 07-05 09-06 10-11 11-11 11-25".split(' ');
        assert!(closed_weekdays(2027).iter().map(String::as_str).eq(of_2027));
        // In 2023 New Year's Day was a Sunday; Veterans Day was a Saturday.
        let of_2023 = "01-02 01-16 02-20 05-29 06-19 07-04 09-04 10-09 11-23 12-25".split(' ');
        assert!(closed_weekdays(2023).iter().map(String::as_str).eq(of_2023));
    }

    #[test]
    fn bank_days_are_found_over_a_long_weekend_both_ways() {
        let (thursday, monday) = (day("2026-12-24"), day("2026-12-28"));
        assert_eq!(bank_day_after(thursday), monday);
        assert_eq!(bank_day_before(monday), thursday);
        assert_eq!(bank_day_from(day("2026-12-25")), monday);
        assert_eq!(bank_day_from(monday), monday);
        assert_eq!(bank_day_until(day("2026-12-27")), thursday);
        assert_eq!(bank_day_until(thursday), thursday);
    }

    #[test]
    fn the_ends_of_time_are_found_without_a_panic() {
        assert_eq!(bank_day_after(NaiveDate::MAX).year(), NaiveDate::MAX.year());
        assert_eq!(bank_day_before(NaiveDate::MIN).year(), NaiveDate::MIN.year());
    }
}
