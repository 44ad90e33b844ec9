//! Why an exchange brought no complete response.

use http::response;

use crate::types::{BoxError, FaultKind};

/// Why an exchange brought no complete response.
#[derive(Debug)]
pub struct Fault {
    /// Whether the bank may have the request.
    pub sent: Sent,
    /// What broke.
    pub kind: FaultKind,
    /// The head of a response that was cut off after it: a 202 with a `Location`,
    /// a 401 and a 409 still count.
    pub head: Option<Box<response::Parts>>,
    /// The transport's own error.
    pub source: BoxError,
}

impl Fault {
    /// A fault after which the bank may have the request: the honest default.
    pub fn maybe(kind: FaultKind, source: impl Into<BoxError>) -> Self {
        Self { sent: Sent::Maybe, kind, head: None, source: source.into() }
    }

    /// A fault before the server could read any byte of the request: see [`Sent::No`].
    pub fn unsent(kind: FaultKind, source: impl Into<BoxError>) -> Self {
        Self { sent: Sent::No, kind, head: None, source: source.into() }
    }

    /// The transport's own message, causes included.
    pub(crate) fn message(&self) -> String {
        let mut text = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let more = error.to_string();
            // Some transports repeat their cause.
            if !text.contains(&more) {
                text.push_str(": ");
                text.push_str(&more);
            }
            cause = error.source();
        }
        text
    }

    /// Adds the head that came before the fault.
    #[must_use]
    pub fn with_head(mut self, head: response::Parts) -> Self {
        self.head = Some(Box::new(head));
        self
    }
}

/// Whether the bank may have the request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Sent {
    /// The server read no byte of the request: none was written, or the server refused the
    /// client's certificate instead of ending its TLS handshake. Claim this only where it is
    /// certain.
    No,
    /// Some of it may have arrived.
    Maybe,
}
