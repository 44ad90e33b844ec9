//! Calendar days and moments as the bank writes them (RFC 3339, and the forms near it).
//!
//! By hand, because chrono's reader of RFC 3339 takes a third of the time that a list of
//! transactions takes to decode (three moments each), and knows none of the other forms.

use chrono::{DateTime, Datelike, FixedOffset, NaiveDate, NaiveTime, Utc};

/// Reads a calendar day: year, month and day in digits, such as `2026-01-05`.
///
/// ```
/// use qbank_proto::parse_day;
/// assert_eq!(parse_day("2026-01-05").map(|day| day.to_string()), Some("2026-01-05".into()));
/// assert_eq!(parse_day("2026-02-30"), None);
/// ```
pub fn parse_day(text: &str) -> Option<NaiveDate> {
    if let Some((text, [])) = text.as_bytes().split_first_chunk()
        && let Some(day) = day_of(text)
    {
        return Some(day);
    }
    let mut parts = text.trim().splitn(3, '-');
    let year = number(parts.next()?, 4)?;
    let month = number(parts.next()?, 2)?;
    let day = number(parts.next()?, 2)?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
}

/// Reads the day of a date or of a date-time, as it is written: no offset moves it.
pub(crate) fn parse_day_as_written(text: &str) -> Option<NaiveDate> {
    parse_day(text).or_else(|| {
        parse_moment(text)?;
        day_of(text.as_bytes().first_chunk()?)
    })
}

/// Reads a moment: RFC 3339, also with an offset `+0000` or `+00`, or with none, which is
/// UTC. A calendar day is its midnight in UTC.
pub(crate) fn parse_moment(text: &str) -> Option<DateTime<Utc>> {
    match text.as_bytes().split_first_chunk() {
        Some((day, [b'T' | b't' | b' ', time @ ..])) => moment(day_of(day)?, time),
        _ => Some(parse_day(text)?.and_time(NaiveTime::MIN).and_utc()),
    }
}

fn moment(day: NaiveDate, time: &[u8]) -> Option<DateTime<Utc>> {
    let [h, h2, b':', m, m2, b':', s, s2, rest @ ..] = time else { return None };
    let (hours, minutes, seconds) = (digits(&[*h, *h2])?, digits(&[*m, *m2])?, digits(&[*s, *s2])?);
    let (nanos, offset) = fraction(rest)?;
    // chrono's way to write the second 60 of a minute.
    let (seconds, nanos) = if seconds == 60 { (59, nanos + NANOS) } else { (seconds, nanos) };
    let time = day.and_time(NaiveTime::from_hms_nano_opt(hours, minutes, seconds, nanos)?);
    let (sign, hours, minutes) = match offset {
        [] | [b'Z' | b'z'] => return Some(time.and_utc()),
        [sign @ (b'+' | b'-'), h, h2] => (sign, [*h, *h2], [b'0'; 2]),
        [sign @ (b'+' | b'-'), h, h2, m, m2] | [sign @ (b'+' | b'-'), h, h2, b':', m, m2] => {
            (sign, [*h, *h2], [*m, *m2])
        }
        _ => return None,
    };
    let (hours, minutes) = (digits(&hours)?, digits(&minutes).filter(|minutes| *minutes < 60)?);
    let east = i32::try_from(hours * 3600 + minutes * 60).ok()?;
    let east = FixedOffset::east_opt(if *sign == b'-' { -east } else { east })?;
    // No other year can be written so that it can be read again.
    time.checked_sub_offset(east)
        .filter(|time| (0..=9999).contains(&time.year()))
        .map(|time| time.and_utc())
}

/// A point and digits, of which nine count, as nanoseconds, and what is after them.
fn fraction(text: &[u8]) -> Option<(u32, &[u8])> {
    let [b'.', text @ ..] = text else { return Some((0, text)) };
    let length = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (fraction, rest) = text.split_at_checked(length).filter(|_| length > 0)?;
    let counted = fraction.get(..9).unwrap_or(fraction);
    let missing = u32::try_from(9 - counted.len()).ok()?;
    Some((digits(counted)? * 10_u32.pow(missing), rest))
}

const NANOS: u32 = 1_000_000_000;

fn day_of(text: &[u8; 10]) -> Option<NaiveDate> {
    let [y, y2, y3, y4, b'-', m, m2, b'-', d, d2] = text else { return None };
    let year = digits(&[*y, *y2, *y3, *y4])?;
    NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, digits(&[*m, *m2])?, digits(&[*d, *d2])?)
}

/// Digits, at most nine.
fn digits(text: &[u8]) -> Option<u32> {
    text.iter().try_fold(0, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
    })
}

/// Digits and nothing else, at most `most` of them.
fn number(text: &str, most: usize) -> Option<u32> {
    if (1..=most).contains(&text.len()) { digits(text.as_bytes()) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_day_is_read_as_the_calendar_has_it() {
        for (text, day) in [
            ("2026-01-05", (2026, 1, 5)),
            ("2024-02-29", (2024, 2, 29)),
            ("0001-12-31", (1, 12, 31)),
            ("9999-12-31", (9999, 12, 31)),
            ("2026-1-5", (2026, 1, 5)),
            (" 2026-01-05 ", (2026, 1, 5)),
        ] {
            let day = NaiveDate::from_ymd_opt(day.0, day.1, day.2);
            assert!(day.is_some());
            assert_eq!(parse_day(text), day, "{text}");
        }
    }

    #[test]
    fn what_is_no_day_is_none() {
        for text in [
            "",
            "-",
            "--",
            "2026",
            "2026-01",
            "2026-01-",
            "-01-05",
            "2026--05",
            "2026-01-05-",
            "2026-01-05-06",
            "2026-01-05T00:00:00Z",
            "2026-00-05",
            "2026-13-05",
            "2026-01-00",
            "2026-01-32",
            "2026-02-29",
            "1900-02-29",
            "2026-01-005",
            "12026-01-05",
            "+2026-01-05",
            "2026-+1-05",
            "2026/01/05",
            "20260105",
            "２０２６-01-05",
            "yesterday",
        ] {
            assert_eq!(parse_day(text), None, "{text}");
        }
    }

    #[test]
    fn a_moment_is_read_in_every_form_that_the_bank_may_write() {
        for (text, utc) in [
            ("2026-01-05T09:30:00Z", "2026-01-05T09:30:00Z"),
            ("2026-01-05t09:30:00.5z", "2026-01-05T09:30:00.500Z"),
            ("2026-01-05 09:30:00.1234567899+01:30", "2026-01-05T08:00:00.123456789Z"),
            ("2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00Z"),
            ("2026-06-30T23:59:60Z", "2026-06-30T23:59:60Z"),
            ("2026-01-05", "2026-01-05T00:00:00Z"),
            ("2026-01-05T09:30:00", "2026-01-05T09:30:00Z"),
            ("2026-01-05T09:30:00.25", "2026-01-05T09:30:00.250Z"),
            ("2026-01-05T09:30:00+0000", "2026-01-05T09:30:00Z"),
            ("2026-01-05T09:30:00+00", "2026-01-05T09:30:00Z"),
            ("2026-01-05T09:30:00+0130", "2026-01-05T08:00:00Z"),
            ("2026-01-05T09:30:00-01", "2026-01-05T10:30:00Z"),
        ] {
            let time = parse_moment(text).expect(text);
            assert_eq!(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true), utc);
        }
        for text in [
            "",
            "2026-01-05T",
            "2026-01-05T09:30",
            "2026-01-05T09:30:00.Z",
            "2026-01-05T09:30:00,5Z",
            "2026-01-05T09:30:00Zx",
            "2026-01-05T09:30:00+1",
            "2026-01-05T09:30:00+013",
            "2026-01-05T09:30:00+01:3",
            "2026-01-05T09:30:00+01:",
            "2026-01-05T09:30:00+0160",
            "2026-01-05T09:30:00+24",
            "2026-01-05T09:30:00+24:00",
            "2026-01-05T09:30:00+01:60",
            "2026-01-05T24:00:00Z",
            "2026-01-05T09:60:00Z",
            "2026-01-05T09:30:61Z",
            "2026-02-30T09:30:00Z",
            "2026-01-05T+9:30:00Z",
            "2026-1-5T09:30:00Z",
        ] {
            assert_eq!(parse_moment(text), None, "{text}");
        }
    }

    #[test]
    fn the_day_of_a_date_time_is_the_one_that_is_written() {
        for text in ["2026-01-05", "2026-01-05T23:30:00-05:00", "2026-01-05T00:30:00+0500"] {
            assert_eq!(parse_day_as_written(text), parse_day("2026-01-05"), "{text}");
        }
        for text in ["2026-01-05T25:00:00Z", "2026-01-05T", "2026-01-05x", "yesterday"] {
            assert_eq!(parse_day_as_written(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_day_is_what_chrono_reads(text in "[ \t]?[0-9]{1,4}-[0-9]{1,3}-[0-9]{1,3}[ x-]?") {
            prop_assert_eq!(parse_day(&text), text.parse().ok());
        }

        #[test]
        fn every_day_that_chrono_writes_is_read(days in 366..3_652_059_i32) {
            let day = NaiveDate::from_num_days_from_ce_opt(days).unwrap();
            prop_assert_eq!(parse_day(&day.to_string()), Some(day));
        }

        #[test]
        fn whatever_is_read_chrono_reads_the_same(text in "[-+0-9 ./T:Z]{0,14}|\\PC{0,12}") {
            if let Some(day) = parse_day(&text) {
                prop_assert_eq!(Ok(day), text.parse());
            }
        }

        #[test]
        fn what_chrono_reads_as_rfc_3339_is_read_the_same(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,11})?([Zz]|[-+][0-2][0-9]:[0-6][0-9]|[-+]?[0-9]{0,4})",
        ) {
            let chrono = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
            let chrono = chrono.filter(|time| (0..=9999).contains(&time.year()));
            let ours = parse_moment(&text);
            if chrono.is_some() {
                prop_assert_eq!(ours, chrono);
            } else if let Some(ours) = ours {
                // One of the forms that are not of RFC 3339: without an offset, or without
                // the colon in it.
                let offset = text.get(19..).unwrap_or_default().trim_start_matches(['.', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']);
                prop_assert!(matches!(offset.len(), 0 | 3 | 5), "{} is {}", text, ours);
            }
        }
    }
}
