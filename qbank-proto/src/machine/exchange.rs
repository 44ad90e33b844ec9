//! One HTTP exchange, as a machine asks for it.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::Request;

/// One HTTP exchange, with the safety settings that belong to it. A driver
/// applies them whatever its client's own configuration says: no redirect is
/// followed, a status is not an error, nothing is resent.
///
/// Its `Debug` leaves out the body, which holds client secrets and account
/// numbers.
pub struct Exchange {
    /// The request, complete but for `Host` and `Content-Length`.
    pub request: Request<Bytes>,
    /// Limit for name resolution, TCP, TLS and proxy together.
    pub connect_timeout: Duration,
    /// Limit for the whole exchange, the response's body included.
    pub timeout: Duration,
    /// Limit for the whole exchange once [`Machine::head`](crate::Machine::head) says that its body is
    /// streamed: what is left of the call. `None`: it will not say so.
    pub stream_timeout: Option<Duration>,
    /// Limit for the response's body, in bytes after decoding.
    pub max_body: usize,
    /// Do not use a connection that was used before: the last one misbehaved.
    pub fresh_connection: bool,
    /// To hand back with the outcome.
    pub ticket: Ticket,
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange")
            .field("method", self.request.method())
            .field("uri", self.request.uri())
            .field("headers", self.request.headers())
            .field("body_bytes", &self.request.body().len())
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("stream_timeout", &self.stream_timeout)
            .field("max_body", &self.max_body)
            .field("fresh_connection", &self.fresh_connection)
            .field("ticket", &self.ticket)
            .finish()
    }
}

/// What becomes of the body of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BodyMode {
    /// It is read to its end, and settled with.
    Buffer,
    /// It is left unread, and the exchange settled with an empty one.
    Stream,
}

/// Names one exchange. It cannot be cloned, so an exchange settles once.
#[derive(Debug, PartialEq, Eq)]
pub struct Ticket(pub(crate) u64);

/// Numbers tickets, calls and leases over all sessions, so that a ticket can
/// only fit where it came from.
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}
