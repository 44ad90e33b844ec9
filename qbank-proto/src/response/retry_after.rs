//! The `Retry-After` header.

use std::time::{Duration, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, header};

/// How long to wait: seconds, of which a fraction counts as a whole one, or an HTTP-date
/// relative to the response's own `Date` where there is one and to `unix` (time since 1970)
/// where not.
///
/// The past, garbage and what overflows are no instruction.
pub(crate) fn retry_after(headers: &HeaderMap, unix: Duration) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = if text.starts_with(|c: char| c.is_ascii_digit()) {
        seconds(text)?
    } else {
        let at = since_epoch(text)?;
        let date = date_header(headers, &header::DATE).unwrap_or(unix);
        at.checked_sub(date)?
    };
    (delay > Duration::ZERO && delay <= LONGEST).then_some(delay)
}

/// Digits, and perhaps a point and more digits.
fn seconds(text: &str) -> Option<Duration> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let more = u64::from(fraction.bytes().any(|digit| digit != b'0'));
    Some(Duration::from_secs(whole.parse::<u64>().ok()?.checked_add(more)?))
}

/// Beyond this an instruction is taken for garbage.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

fn date_header(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    since_epoch(headers.get(name)?.to_str().ok()?)
}

fn since_epoch(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(retry_after: &str, date: Option<&str>) -> Option<u64> {
        let mut headers = HeaderMap::new();
        headers.insert(header::RETRY_AFTER, retry_after.parse().unwrap());
        if let Some(date) = date {
            headers.insert(header::DATE, date.parse().unwrap());
        }
        // 1994-11-06T08:49:37Z
        super::retry_after(&headers, Duration::from_secs(784_111_777)).map(|d| d.as_secs())
    }

    #[test]
    fn seconds_and_dates_are_read() {
        assert_eq!(parse("7", None), Some(7));
        assert_eq!(parse("120.0", None), Some(120));
        assert_eq!(parse("1.5", None), Some(2));
        assert_eq!(parse("0.01", None), Some(1));
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", None), Some(10));
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:47 GMT", None), Some(10));
        assert_eq!(parse("Sun Nov  6 08:49:47 1994", None), Some(10));
    }

    #[test]
    fn a_date_is_relative_to_the_responses_own_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:17 GMT");
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", date), Some(30));
    }

    #[test]
    fn garbage_overflow_and_the_past_are_no_instruction() {
        for text in [
            "",
            "0",
            "-1",
            "0.0",
            "1.",
            ".5",
            "1.5s",
            "1,5",
            "1e3",
            "18446744073709551615.5",
            "+5",
            "soon",
            "99999999999999999999999",
            "18446744073709551615",
            "Sun, 06 Nov 1994 08:49:37 GMT",
            "Sat, 05 Nov 1994 08:49:37 GMT",
            "Fri, 31 Dec 9999 23:59:59 GMT",
        ] {
            assert_eq!(parse(text, None), None, "{text}");
        }
    }
}
