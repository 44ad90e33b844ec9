//! An intent that was sent before.

use bytes::Bytes;
use chrono::{DateTime, Utc};

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
