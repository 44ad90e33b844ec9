//! What one call does differently.

use std::str::FromStr;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::HeaderValue;

use crate::config::Config;
use crate::error::Error;
use crate::http_date;
use crate::policy::ConflictPolicy;
use crate::token::AccessToken;

/// What one call does differently from its session's [`Config`].
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct CallOptions {
    /// Limit per attempt.
    pub timeout: Option<Duration>,
    /// Limit per connection.
    pub connect_timeout: Option<Duration>,
    /// Limit in total.
    pub deadline: Option<Duration>,
    /// Sends beyond the first. 0 means exactly one attempt.
    pub max_retries: Option<u32>,
    /// What to do with a key conflict.
    pub on_conflict: Option<ConflictPolicy>,
    /// A token for this call alone. A 401 is final at once.
    pub token: Option<AccessToken>,
    /// When the end user last authenticated; sent with writes.
    pub auth_date: Option<AuthDate>,
    /// Continues an intent that an earlier call may have sent.
    pub resume: Option<Resume>,
}

/// An intent that was sent before, perhaps by a process that is gone. Its key is
/// given to the call as any chosen key is. Its `Debug` leaves out the body, which
/// may hold account numbers.
#[derive(Clone)]
#[non_exhaustive]
pub struct Resume {
    /// When it was first sent.
    pub first_sent: DateTime<Utc>,
    /// The bytes that were sent, if the application kept them; serialised anew
    /// from the request if not, which gives the same bytes for the same request.
    pub body: Option<Bytes>,
}

impl Resume {
    /// Continues an intent first sent at this moment: a `DateTime<Utc>`, or a
    /// `SystemTime` taken just before the first send.
    pub fn new(first_sent: impl Into<DateTime<Utc>>) -> Self {
        Self { first_sent: first_sent.into(), body: None }
    }

    /// Sends exactly these bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }
}

impl std::fmt::Debug for Resume {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Resume")
            .field("first_sent", &self.first_sent)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}

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
        http_date::parse(text).map(Self).ok_or_else(|| {
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
        f.write_str(&http_date::format(self.0))
    }
}

impl AuthDate {
    pub(crate) fn header(self) -> Option<HeaderValue> {
        HeaderValue::from_str(&self.to_string()).ok()
    }
}

/// The limits that hold for one call.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) timeout: Duration,
    pub(crate) connect: Option<Duration>,
    pub(crate) deadline: Duration,
    pub(crate) max_retries: u32,
    pub(crate) on_conflict: ConflictPolicy,
    pub(crate) max_body: usize,
}

impl Limits {
    pub(crate) fn of(config: &Config, options: &CallOptions) -> Self {
        Self {
            timeout: options.timeout.unwrap_or(config.timeout),
            connect: options.connect_timeout.or(config.connect_timeout),
            deadline: options.deadline.unwrap_or(config.deadline),
            max_retries: options.max_retries.unwrap_or(config.retry.max_retries),
            on_conflict: options.on_conflict.unwrap_or(config.on_conflict),
            max_body: config.max_body,
        }
    }

    /// At most ¾ of the attempt unless told otherwise, so that a slow connection
    /// leaves time to use it, and is known as never sent.
    pub(crate) fn connect_timeout(&self, attempt: Duration) -> Duration {
        self.connect.unwrap_or_else(|| (attempt / 4 * 3).min(Duration::from_secs(10))).min(attempt)
    }
}
