//! Days, moments and durations as plain text, where chrono's format parser and the
//! standard library's floats would weigh more than everything else in a browser's module,
//! and take longer than all the rest of a long list.

use std::time::Duration;

use chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, Utc};

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

/// Reads a moment as RFC 3339 has it, or a calendar day, which is its midnight in UTC.
pub(crate) fn parse_time(text: &str) -> Option<DateTime<Utc>> {
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
    let east = match offset {
        [b'Z' | b'z'] => return Some(time.and_utc()),
        [sign @ (b'+' | b'-'), h, h2, b':', m, m2] => {
            let (hours, minutes) = (digits(&[*h, *h2])?, digits(&[*m, *m2])?);
            let east = i32::try_from(hours * 3600 + minutes * 60).ok()?;
            FixedOffset::east_opt(if *sign == b'-' { -east } else { east })
                .filter(|_| minutes < 60)?
        }
        _ => return None,
    };
    time.checked_sub_offset(east).map(|time| time.and_utc())
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

/// Where a text is in another one. The standard library's search is made for long texts,
/// and is of the size that it takes.
pub(crate) fn find(text: &str, part: &str) -> Option<usize> {
    let (text, part) = (text.as_bytes(), part.as_bytes());
    let Some((first, rest)) = part.split_first() else { return Some(0) };
    let last = text.len().checked_sub(part.len())?;
    (0..=last).find(|at| text[*at] == *first && text[at + 1..].starts_with(rest))
}

/// The text with every `from` in it replaced.
pub(crate) fn replaced(text: &str, from: &str, to: &str) -> String {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = find(rest, from).filter(|_| !from.is_empty()) {
        let (before, after) = rest.split_at(at);
        result.push_str(before);
        result.push_str(to);
        rest = after.get(from.len()..).unwrap_or_default();
    }
    result.push_str(rest);
    result
}

/// Writes a text as a form has it (`application/x-www-form-urlencoded`).
pub(crate) fn form_encode(text: &str, form: &mut String) {
    for byte in text.bytes() {
        match byte {
            b'*' | b'-' | b'.' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => {
                form.push(byte.into());
            }
            b' ' => form.push('+'),
            _ => {
                form.push('%');
                for digit in [byte >> 4, byte & 15] {
                    let digit = char::from_digit(digit.into(), 16).unwrap_or_default();
                    form.push(digit.to_ascii_uppercase());
                }
            }
        }
    }
}

/// Digits and nothing else, at most so many.
pub(crate) fn number(text: &str, most: usize) -> Option<u32> {
    let digits = (1..=most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
    digits.then(|| text.parse().ok())?
}

/// Seconds with as many decimals as they have: `180`, `0.5`.
pub(crate) fn seconds(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whole seconds, rounded up.
pub(crate) fn seconds_up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
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
    fn a_moment_is_read_as_rfc_3339_has_it() {
        for (text, utc) in [
            ("2026-01-05T09:30:00Z", "2026-01-05T09:30:00Z"),
            ("2026-01-05t09:30:00.5z", "2026-01-05T09:30:00.500Z"),
            ("2026-01-05 09:30:00.1234567899+01:30", "2026-01-05T08:00:00.123456789Z"),
            ("2026-01-01T00:00:00-23:59", "2026-01-01T23:59:00Z"),
            ("2026-06-30T23:59:60Z", "2026-06-30T23:59:60Z"),
            ("2026-01-05", "2026-01-05T00:00:00Z"),
        ] {
            let time = parse_time(text).expect(text);
            assert_eq!(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true), utc);
        }
        for text in [
            "",
            "2026-01-05T",
            "2026-01-05T09:30",
            "2026-01-05T09:30:00",
            "2026-01-05T09:30:00.Z",
            "2026-01-05T09:30:00,5Z",
            "2026-01-05T09:30:00Zx",
            "2026-01-05T09:30:00+01",
            "2026-01-05T09:30:00+0130",
            "2026-01-05T09:30:00+24:00",
            "2026-01-05T09:30:00+01:60",
            "2026-01-05T24:00:00Z",
            "2026-01-05T09:60:00Z",
            "2026-01-05T09:30:61Z",
            "2026-02-30T09:30:00Z",
            "2026-01-05T+9:30:00Z",
            "2026-1-5T09:30:00Z",
        ] {
            assert_eq!(parse_time(text), None, "{text}");
        }
    }

    #[test]
    fn durations_are_written_as_floats_are() {
        for (ms, text, up) in [
            (0, "0", 0),
            (1, "0.001", 1),
            (500, "0.5", 1),
            (1000, "1", 1),
            (1250, "1.25", 2),
            (100_000, "100", 100),
            (180_000, "180", 180),
        ] {
            let time = Duration::from_millis(ms);
            assert_eq!(seconds(time), text);
            assert_eq!(seconds_up(time), up);
        }
        assert_eq!(seconds_up(Duration::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn texts_are_found_and_replaced_as_the_standard_library_does(
            text in "[abé]{0,12}", part in "[abé]{1,3}", to in "[aé]{0,2}"
        ) {
            prop_assert_eq!(find(&text, &part), text.find(&part));
            prop_assert_eq!(find(&text, ""), Some(0));
            prop_assert_eq!(replaced(&text, &part, &to), text.replace(&part, &to));
        }

        #[test]
        fn a_form_is_written_as_the_platform_does(text in any::<String>()) {
            let mut form = String::new();
            form_encode(&text, &mut form);
            let known: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            prop_assert_eq!(form, known);
        }

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
        fn a_moment_is_what_chrono_reads(
            text in "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9]:[0-6][0-9](\\.[0-9]{0,11})?([Zz]|[-+][0-2][0-9]:[0-6][0-9]|[-+]?[0-9]{0,4})",
        ) {
            let chrono = DateTime::parse_from_rfc3339(&text).ok().map(|time| time.to_utc());
            prop_assert_eq!(parse_time(&text), chrono);
        }

        #[test]
        fn milliseconds_are_written_as_floats_are(ms in 0..10_000_000_000_u64) {
            let time = Duration::from_millis(ms);
            prop_assert_eq!(seconds(time), time.as_secs_f64().to_string());
            prop_assert_eq!(seconds_up(time).to_string(), time.as_secs_f64().ceil().to_string());
        }
    }
}
