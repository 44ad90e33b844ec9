//! When the end user last authenticated.

use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use chrono::{DateTime, Utc};
use http::HeaderValue;

use crate::error::Error;

/// The value of `x-fapi-auth-date`: an HTTP-date (RFC 9110 §5.6.7).
///
/// ```
/// use qbank_proto::AuthDate;
/// let date: AuthDate = "Sun, 06 Nov 1994 08:49:37 GMT".parse()?;
/// assert_eq!(date.to_string(), "Sun, 06 Nov 1994 08:49:37 GMT");
/// assert!("yesterday\r\nX: y".parse::<AuthDate>().is_err());
/// # Ok::<(), qbank_proto::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AuthDate(u64);

impl FromStr for AuthDate {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let time = httpdate::parse_http_date(text).ok();
        let since = time.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
        since.map(|since| Self(since.as_secs())).ok_or_else(|| {
            Error::invalid_input(
                "auth date",
                "must be an HTTP-date such as Sun, 06 Nov 1994 08:49:37 GMT",
            )
        })
    }
}

impl TryFrom<DateTime<Utc>> for AuthDate {
    type Error = Error;

    /// Refuses moments before 1970 and after 9999, which have no HTTP-date.
    fn try_from(time: DateTime<Utc>) -> Result<Self, Error> {
        let rule = || Error::invalid_input("auth date", "must lie between 1970 and 9999");
        let seconds = u64::try_from(time.timestamp()).map_err(|_| rule())?;
        if seconds > LAST_HTTP_DATE {
            return Err(rule());
        }
        Ok(Self(seconds))
    }
}

/// 9999-12-31T23:59:59Z.
const LAST_HTTP_DATE: u64 = 253_402_300_799;

impl std::fmt::Display for AuthDate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Never later than 9999, after which `httpdate` would panic.
        let time = UNIX_EPOCH.checked_add(Duration::from_secs(self.0.min(LAST_HTTP_DATE)));
        time.map_or(Ok(()), |time| httpdate::HttpDate::from(time).fmt(f))
    }
}

impl AuthDate {
    pub(crate) fn header(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}
