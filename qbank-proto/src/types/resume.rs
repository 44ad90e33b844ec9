//! An intent that was sent before.

use std::fmt;

use bytes::Bytes;
use chrono::{DateTime, Utc};

use super::IdempotencyKey;

/// An intent that was sent before, perhaps by a process that is gone: its key, when it
/// was first sent, and its bytes. What an application saves before it sends, and what
/// [`Error::resume`](crate::Error::resume) gives it.
///
/// Its `Debug` leaves out the body, which may hold account numbers.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Resume {
    /// The key of the intent.
    pub key: IdempotencyKey,
    /// When it was first sent.
    pub first_sent: DateTime<Utc>,
    /// The bytes that were sent, if the application kept them; serialised anew
    /// from the request if not, which gives the same bytes for the same request.
    pub body: Option<Bytes>,
}

impl Resume {
    /// Continues an intent first sent at this moment: a `DateTime<Utc>`, or a
    /// `SystemTime` taken just before the first send.
    pub fn new(key: IdempotencyKey, first_sent: impl Into<DateTime<Utc>>) -> Self {
        Self { key, first_sent: first_sent.into(), body: None }
    }

    /// Sends exactly these bytes.
    #[must_use]
    pub fn body(mut self, body: impl Into<Bytes>) -> Self {
        self.body = Some(body.into());
        self
    }
}

impl fmt::Debug for Resume {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resume")
            .field("key", &self.key)
            .field("first_sent", &self.first_sent)
            .field("body_bytes", &self.body.as_ref().map(Bytes::len))
            .finish()
    }
}
