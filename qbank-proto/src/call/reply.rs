//! A successful result, with all that is known about it.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Response, StatusCode};

use crate::types::{AttemptList, Fate, IdempotencyKey};

/// A successful result, with all that is known about it.
///
/// An application's test builds the one that it wants to see handled:
///
/// ```
/// use qbank_proto::{Fate, Reply};
/// let reply = Reply::new("accepted").with_fate(Fate::Accepted);
/// assert_eq!(reply.value, "accepted");
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct Reply<T> {
    /// What it means.
    pub value: T,
    /// What became of the money.
    pub fate: Fate,
    /// The key of the intent, if it was a write.
    pub key: Option<IdempotencyKey>,
    /// The intent was found in process after a conflict of keys, and the value
    /// comes from the bank's record of the payment.
    pub followed: bool,
    /// When the intent was first sent, if it was a write: of a resumed one, long
    /// before this call.
    pub first_sent: Option<DateTime<Utc>>,
    /// Each send of the intent. Token requests and polls do not count.
    pub attempts: AttemptList,
    pub(super) response: Response<Bytes>,
}

impl<T> Reply<T> {
    /// The value alone, as if a read had given it: 200, an empty body, one attempt.
    pub fn new(value: T) -> Self {
        Self {
            value,
            fate: Fate::NotApplicable,
            key: None,
            followed: false,
            first_sent: None,
            attempts: AttemptList::default(),
            response: Response::default(),
        }
    }

    /// The same with this fate.
    #[must_use]
    pub fn with_fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// The same of an intent with this key, first sent then.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey, first_sent: Option<DateTime<Utc>>) -> Self {
        self.key = Some(key);
        self.first_sent = first_sent;
        self
    }

    /// The same out of this response.
    #[must_use]
    pub fn with_response(mut self, response: Response<Bytes>) -> Self {
        self.response = response;
        self
    }

    /// The response that counted.
    pub const fn response(&self) -> &Response<Bytes> {
        &self.response
    }

    pub(crate) fn into_response(self) -> Response<Bytes> {
        self.response
    }

    /// The status of the response that counted.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers of the response that counted.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The body of the response that counted, as it came: members that this
    /// library does not know are still here.
    pub fn raw(&self) -> &Bytes {
        self.response.body()
    }

    /// The same with another value.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Reply<U> {
        Reply {
            value: f(self.value),
            fate: self.fate,
            key: self.key,
            followed: self.followed,
            first_sent: self.first_sent,
            attempts: self.attempts,
            response: self.response,
        }
    }
}

impl<T: std::fmt::Debug> std::fmt::Debug for Reply<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reply")
            .field("value", &self.value)
            .field("fate", &self.fate)
            .field("key", &self.key)
            .field("followed", &self.followed)
            .field("attempts", &self.attempts)
            .field("status", &self.status())
            .field("body_bytes", &self.raw().len())
            .finish_non_exhaustive()
    }
}
