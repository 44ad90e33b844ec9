//! A good answer, with all that is known about it.

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{HeaderMap, Response, StatusCode};

use crate::types::{AttemptList, Fate, IdempotencyKey};

/// A good answer.
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
    pub(crate) response: Response<Bytes>,
}

impl<T> Reply<T> {
    /// The status of the answer that counted.
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    /// The headers of the answer that counted.
    pub fn headers(&self) -> &HeaderMap {
        self.response.headers()
    }

    /// The body of the answer that counted, as it came: members that this
    /// library does not know are still here.
    pub fn raw(&self) -> &Bytes {
        self.response.body()
    }

    /// The same answer with another value.
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
