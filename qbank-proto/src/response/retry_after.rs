//! The `Retry-After` header.

use std::time::Duration;

use http::{HeaderMap, HeaderName, header};

use crate::types::http_date;

/// How long to wait: seconds, or an HTTP-date relative to the answer's own
/// `Date` where there is one and to `unix` (time since 1970) where not.
///
/// The past, garbage and what overflows are no instruction.
pub(crate) fn retry_after(headers: &HeaderMap, unix: Duration) -> Option<Duration> {
    let text = headers.get(header::RETRY_AFTER)?.to_str().ok()?.trim();
    let delay = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        Duration::from_secs(text.parse().ok()?)
    } else {
        let at = since_epoch(text)?;
        let date = date_header(headers, &header::DATE).unwrap_or(unix);
        at.checked_sub(date)?
    };
    (delay > Duration::ZERO && delay <= LONGEST).then_some(delay)
}

/// Beyond this an instruction is taken for garbage.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

fn date_header(headers: &HeaderMap, name: &HeaderName) -> Option<Duration> {
    since_epoch(headers.get(name)?.to_str().ok()?)
}

fn since_epoch(text: &str) -> Option<Duration> {
    http_date::parse(text).map(Duration::from_secs)
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
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", None), Some(10));
        assert_eq!(parse("Sunday, 06-Nov-94 08:49:47 GMT", None), Some(10));
        assert_eq!(parse("Sun Nov  6 08:49:47 1994", None), Some(10));
    }

    #[test]
    fn a_date_is_relative_to_the_answers_own_date() {
        let date = Some("Sun, 06 Nov 1994 08:49:17 GMT");
        assert_eq!(parse("Sun, 06 Nov 1994 08:49:47 GMT", date), Some(30));
    }

    #[test]
    fn garbage_overflow_and_the_past_are_no_instruction() {
        for text in [
            "",
            "0",
            "-1",
            "1.5",
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
