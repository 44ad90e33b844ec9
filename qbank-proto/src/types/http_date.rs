//! HTTP-dates (RFC 9110 §5.6.7), as seconds since 1970.

use chrono::{DateTime, Datelike, NaiveDate, Utc};

use crate::types::{find, number};

const DAYS: [&str; 7] =
    ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
const MONTHS: &str = "JanFebMarAprMayJunJulAugSepOctNovDec";

/// Reads any of the three forms. The day of the week has to be the right one.
pub(crate) fn parse(text: &str) -> Option<u64> {
    let text = text.trim();
    // What it could mean, by its parts; then whether it is written so.
    let mut parts = text.split(separates).filter(|it| !it.is_empty()).skip(1);
    let mut next = || parts.next();
    let (first, second, third, fourth) = (next()?, next()?, next()?, next()?);
    let (day, month, year, time) = if first.starts_with(|c: char| c.is_ascii_digit()) {
        (first, second, third, fourth)
    } else {
        (second, first, fourth, third)
    };
    let year = match (number(year, 4)?, year.len()) {
        (year, 2) if year < 70 => year + 2000,
        (year, 2) => year + 1900,
        (year, _) => year,
    };
    let month = find(MONTHS, month).filter(|at| at % 3 == 0)? / 3 + 1;
    let mut time = time.splitn(3, ':').map(|part| number(part, 2));
    let (hour, minute, second) = (time.next()??, time.next()??, time.next()??);
    let date =
        NaiveDate::from_ymd_opt(year.cast_signed(), u32::try_from(month).ok()?, number(day, 2)?)?;
    let seconds = date.and_hms_opt(hour, minute, second)?.and_utc().timestamp();
    let seconds = u64::try_from(seconds).ok()?;
    is_written_so(text, seconds)?.then_some(seconds)
}

const fn separates(letter: char) -> bool {
    matches!(letter, ' ' | ',' | '-')
}

fn is_written_so(text: &str, seconds: u64) -> Option<bool> {
    let form = Form::of(seconds)?;
    let Form { weekday, day, month, year, ref time } = form;
    let (short, century) = (weekday.get(..3)?, year % 100);
    Some(
        text == form.fixed()
            || text == format!("{weekday}, {day:02}-{month}-{century:02} {time} GMT")
            || text == format!("{short} {month} {day:2} {time} {year}")
            || text == format!("{short} {month} {day:02} {time} {year}"),
    )
}

/// Writes the form that is sent. Nothing after the year 9999 has one.
pub(crate) fn format(seconds: u64) -> String {
    Form::of(seconds).map_or_else(String::new, |form| form.fixed())
}

struct Form {
    weekday: &'static str,
    day: u32,
    month: &'static str,
    year: i32,
    time: String,
}

impl Form {
    fn of(seconds: u64) -> Option<Self> {
        let moment: DateTime<Utc> = DateTime::from_timestamp(i64::try_from(seconds).ok()?, 0)?;
        let month = 3 * usize::try_from(moment.month0()).ok()?;
        let weekday = usize::try_from(moment.weekday().num_days_from_monday()).ok()?;
        let (second, minute, hour) = (seconds % 60, seconds / 60 % 60, seconds / 3600 % 24);
        Some(Self {
            weekday: DAYS.get(weekday)?,
            day: moment.day(),
            month: MONTHS.get(month..month + 3)?,
            year: moment.year(),
            time: format!("{hour:02}:{minute:02}:{second:02}"),
        })
    }

    fn fixed(&self) -> String {
        let Self { weekday, day, month, year, time } = self;
        let short = weekday.get(..3).unwrap_or_default();
        format!("{short}, {day:02} {month} {year:04} {time} GMT")
    }
}

#[cfg(test)]
mod tests {
    //! Against the crate that servers use.

    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;

    fn known(text: &str) -> Option<u64> {
        let time = httpdate::parse_http_date(text).ok()?;
        time.duration_since(UNIX_EPOCH).ok().map(|since| since.as_secs())
    }

    #[test]
    fn the_three_forms_are_read_and_no_other() {
        for text in [
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun Nov  6 08:49:37 1994",
            "Sun Nov 06 08:49:37 1994",
            " Thu, 29 Feb 2024 00:00:00 GMT ",
        ] {
            assert!(parse(text).is_some(), "{text}");
            assert_eq!(parse(text), known(text), "{text}");
        }
        for text in [
            "",
            "Mon, 06 Nov 1994 08:49:37 GMT",
            "Sun, 6 Nov 1994 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 UTC",
            "Sun, 06 Nov 1994 08:49:37",
            "Sun, 06 Nov 1994 24:49:37 GMT",
            "Sun, 06 nov 1994 08:49:37 GMT",
            "Sun, 06 ovD 1994 08:49:37 GMT",
            "Fri, 30 Feb 2024 00:00:00 GMT",
            "Wed, 31 Dec 1969 23:59:59 GMT",
            "1994-11-06T08:49:37Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
            assert_eq!(known(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_moment_is_written_and_read(seconds in 0..253_402_300_800_u64) {
            let text = format(seconds);
            let time = UNIX_EPOCH + Duration::from_secs(seconds);
            prop_assert_eq!(&text, &httpdate::fmt_http_date(time));
            prop_assert_eq!(parse(&text), Some(seconds));
        }

        #[test]
        fn what_is_almost_a_date_reads_as_servers_read_it(
            text in "(Sun|Mon|Tue|Thu|Sunday|Monday),? (0[0-9]|[ 0-9][0-9]|Nov)[ -](Nov|Feb|06| 6)[ -](1994|94|70|2024|08:49:37) [0-2][0-9]:[0-5][0-9]:[0-6][0-9] ?(GMT|1994)"
        ) {
            prop_assert_eq!(parse(&text), known(&text));
        }
    }
}
