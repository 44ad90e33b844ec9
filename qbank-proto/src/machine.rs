//! The whole sans-IO boundary: one trait, and the values that cross it.

use std::borrow::Cow;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Request, Response, response};

use crate::plain::find;
use crate::token::AccessToken;

/// An error of a driver or of the application, kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A text as an error, to be a source.
///
/// The standard library makes errors of texts, too, but with them a module of wasm
/// gets the tables by which `Debug` escapes any letter of Unicode.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(Cow<'static, str>);

impl Message {
    /// With this text.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Message {}

/// Something to be done that a driver can drive to its end.
///
/// ```text
///            ┌──────── poll ────────┐
///            ▼                      │
///   Send(exchange) ──► the driver does one HTTP exchange ──► settle
///   Authorize ───────► the driver asks the application's supplier ──► supply
///   Wait(at most) ───► the driver sleeps, or is woken
///   Done(output) ────► finished
/// ```
///
/// **No sequence of calls blocks, panics or hangs.** A poll while a ticket is
/// out waits; once the exchange's timeout and a grace have passed, the ticket
/// counts as lost and its exchange as maybe sent. A ticket that comes back late
/// is ignored. After `Done` every poll is `Done` with an error that says so.
pub trait Machine {
    /// What it comes to.
    type Output;

    /// What to do next. `waker` is woken when a `Wait` may end early.
    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output>;

    /// The head of the answer is here: read its body, or settle with the head alone
    /// and leave the body to whoever asked for it?
    fn head(&mut self, now: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        let _ = (now, ticket, head);
        BodyMode::Buffer
    }

    /// What came of the exchange that [`Step::Send`] asked for.
    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>);

    /// What the application's token supplier answered to [`Step::Authorize`].
    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>);

    /// Gives up now and says what is known. An exchange that is out counts as
    /// maybe sent.
    fn abandon(&mut self, now: Now) -> Self::Output;
}

/// A machine whose kind is not known: calls of all kinds in one place, driven by
/// one piece of code.
impl<M: Machine + ?Sized> Machine for Box<M> {
    type Output = M::Output;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        (**self).poll(now, waker)
    }

    fn head(&mut self, now: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        (**self).head(now, ticket, head)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        (**self).settle(now, ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        (**self).supply(now, ticket, token);
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        (**self).abandon(now)
    }
}

/// What a driver does next.
#[must_use = "a step that is not taken stops the call"]
#[expect(clippy::large_enum_variant, reason = "a box per exchange costs more than the move")]
#[derive(Debug)]
pub enum Step<T> {
    /// Do this HTTP exchange once, then [`Machine::settle`].
    Send(Exchange),
    /// Ask the application's token supplier, within `timeout`, then
    /// [`Machine::supply`].
    Authorize {
        /// To hand back with the answer.
        ticket: Ticket,
        /// How long the supplier may take.
        timeout: Duration,
    },
    /// Sleep until this time has passed or the waker is woken, whichever is
    /// first. Always bounded.
    Wait(Duration),
    /// Finished.
    Done(T),
}

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
    /// Limit for the whole exchange, the answer's body included.
    pub timeout: Duration,
    /// Limit for the whole exchange once [`Machine::head`] says that its body is
    /// streamed: what is left of the call. `None`: it will not say so.
    pub stream_timeout: Option<Duration>,
    /// Limit for the answer's body, in bytes after decoding.
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

/// What becomes of the body of an answer.
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

/// Why an exchange brought no complete answer.
#[derive(Debug)]
pub struct Fault {
    /// Whether the bank may have the request.
    pub sent: Sent,
    /// What broke.
    pub kind: FaultKind,
    /// The head of an answer that was cut off after it: a 202 with a `Location`,
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

    /// A fault before any byte of the request was written.
    pub fn unsent(kind: FaultKind, source: impl Into<BoxError>) -> Self {
        Self { sent: Sent::No, kind, head: None, source: source.into() }
    }

    /// The transport's own words, causes included.
    pub(crate) fn told(&self) -> String {
        let mut text = self.source.to_string();
        let mut cause = self.source.source();
        while let Some(error) = cause {
            let more = error.to_string();
            // Some transports repeat their cause.
            if find(&text, &more).is_none() {
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
    /// No byte of the request was written. Claim this only where it is certain.
    No,
    /// Some of it may have arrived.
    Maybe,
}

/// What broke in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The host's name did not resolve.
    Resolve,
    /// No connection.
    Connect,
    /// The TLS handshake failed, but not over the certificate.
    Tls,
    /// The server's certificate was refused. Never retried.
    Certificate,
    /// Out of time.
    Timeout,
    /// The connection was reset, or ended inside the answer.
    Disconnected,
    /// What came was not HTTP.
    Protocol,
    /// The answer's body is larger than [`Exchange::max_body`].
    BodyTooLarge,
    /// A redirect that the platform hides (an opaque redirect in a browser).
    Redirected,
    /// The application called it off.
    Aborted,
    /// Something else.
    Other,
}

impl FaultKind {
    pub(crate) fn explain(self) -> &'static str {
        match self {
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::Tls => "the TLS handshake failed",
            Self::Certificate => "the server's certificate was refused",
            Self::Timeout => "no complete answer came in time",
            Self::Disconnected => "the connection broke before a complete answer",
            Self::Protocol => "what came back was not valid HTTP",
            Self::BodyTooLarge => "the answer was larger than the limit",
            Self::Redirected => "the server redirected, which is never followed",
            Self::Aborted => "the call was called off before an answer",
            Self::Other => "the transport failed",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}

/// Both clocks, read by the driver.
///
/// All calls of one session must use one origin for `mono`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Time since an arbitrary origin, by a clock that never goes back.
    pub mono: Duration,
    /// Time since 1970-01-01T00:00:00Z, by the wall clock.
    pub unix: Duration,
}

impl Now {
    /// The wall clock as a date-time; what chrono cannot hold is its last moment.
    pub(crate) fn utc(self) -> DateTime<Utc> {
        i64::try_from(self.unix.as_secs())
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, self.unix.subsec_nanos()))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Time since `earlier`, by whichever of the two clocks advanced more: a
    /// machine that slept stops one of them, a clock that is set moves the other.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let mono = self.mono.saturating_sub(earlier.mono);
        let unix = self.unix.saturating_sub(earlier.unix);
        mono.max(unix)
    }
}

/// Random bytes that a driver hands in when a call is made: one part for the
/// idempotency key, one, apart from it, for jitter.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// From a cryptographic generator; becomes an idempotency key.
    pub key: [u8; 16],
    /// From any generator; spreads retries.
    pub jitter: u64,
}

impl Entropy {
    /// From 24 bytes of a cryptographic generator.
    pub fn from_bytes(bytes: [u8; 24]) -> Self {
        let (key, jitter) = bytes.split_at(16);
        Self {
            key: key.try_into().unwrap_or_default(),
            jitter: jitter.try_into().map(u64::from_le_bytes).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
