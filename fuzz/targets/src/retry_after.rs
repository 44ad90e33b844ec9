//! `Retry-After` and `Date`, through a payment that is answered 503 or 429.

use std::time::{Duration, UNIX_EPOCH};

use bytes::Bytes;
use http::header::{DATE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, Response};

use crate::drive::{NOON, ach_call, drive, ready};

/// The wait before a resend is at least what the bank asked for, which an error
/// tells; what is no instruction is none. A wait that does not fit is not begun.
pub fn retry_after(input: &[u8]) {
    let Some((first, rest)) = input.split_first() else { return };
    let mut lines = rest.splitn(2, |byte| *byte == b'\n');
    let mut headers = HeaderMap::new();
    for (name, line) in [(RETRY_AFTER, lines.next()), (DATE, lines.next())] {
        let Some(Ok(value)) = line.map(HeaderValue::from_bytes) else { continue };
        headers.insert(name, value);
    }
    let statuses = [503, 429, 425, 500, 408];
    let status = statuses[usize::from(*first) % statuses.len()];
    let mut call = ach_call(&ready(), 1);
    let (outcome, sent) = drive(&mut call, |_| {
        let mut response = Response::new(Bytes::new());
        *response.status_mut() = status.try_into().unwrap();
        *response.headers_mut() = headers.clone();
        Ok(response)
    });

    let error = outcome.unwrap_err();
    if sent.len() == 1 {
        // A wait that crosses the deadline is not slept.
        let asked = asked(&headers, NOON).expect("our own backoff always fits");
        assert_eq!(error.retry_after(), Some(asked));
        assert!(asked >= Duration::from_secs(180), "{asked:?} would have fitted");
        return;
    }
    let [one, two] = &sent[..] else { panic!("sent {} times", sent.len()) };
    let waited = two.at.checked_sub(one.at).unwrap();
    match asked(&headers, NOON) {
        Some(asked) => assert!(waited >= asked, "{waited:?} is less than {asked:?}"),
        None => assert!(waited <= Duration::from_millis(500), "{waited:?} is not our own"),
    }
    // Of the second answer, at its own time.
    assert_eq!(error.retry_after(), asked(&headers, NOON + waited));
}

/// What the headers ask for: more than nothing, at most a leap year.
fn asked(headers: &HeaderMap, unix: Duration) -> Option<Duration> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    let digits = |part: &str| !part.is_empty() && part.chars().all(|c| c.is_ascii_digit());
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let number = whole.trim_start_matches('0');
    let seconds = if digits(whole) && digits(fraction) {
        // A fraction counts as a whole second.
        let more = u64::from(!fraction.trim_matches('0').is_empty());
        if number.len() > 18 { u64::MAX } else { number.parse().unwrap_or(0) + more }
    } else {
        let from = headers.get(DATE).and_then(|date| moment(date.to_str().ok()?));
        let nanos = moment(text)?.as_nanos().checked_sub(from.unwrap_or(unix).as_nanos())?;
        return in_range(Duration::from_nanos(u64::try_from(nanos).ok()?));
    };
    in_range(Duration::from_secs(seconds))
}

fn in_range(delay: Duration) -> Option<Duration> {
    let longest = Duration::from_secs(366 * 24 * 3600);
    (delay > Duration::ZERO && delay <= longest).then_some(delay)
}

fn moment(text: &str) -> Option<Duration> {
    httpdate::parse_http_date(text).ok()?.duration_since(UNIX_EPOCH).ok()
}
