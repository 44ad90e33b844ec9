//! What happens next: pure functions of what happened.
//!
//! [`judge`] is the table of outcomes. It knows statuses and faults; it does
//! not know tokens, deadlines or how often the call was tried.

mod backoff;
mod conflict;

use http::StatusCode;

pub(crate) use backoff::Jitter;
pub use backoff::RetryPolicy;
pub use conflict::ConflictPolicy;

use crate::error::ErrorKind;
use crate::machine::{Fault, Sent};
use crate::response::Conflict;
use crate::types::{Fate, FaultKind};

/// For a status that is no 409.
pub(crate) const NO_CONFLICT: Conflict = Conflict::Other;

/// What one attempt came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) kind: ErrorKind,
    /// What this attempt alone says of the money, if the call writes.
    pub(crate) fate: Fate,
    pub(crate) resend: Resend,
    /// The connection is not to be trusted with the next attempt.
    pub(crate) fresh_connection: bool,
}

/// Whether the same key and bytes may be sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Resend {
    Never,
    /// One more time at the most, and only a write.
    OnceIfWrite,
    /// A write: its key makes it safe, and the answer matters. Not a read: it
    /// would read the same again.
    IfWrite,
    Yes,
    /// Once, with another token.
    WithNewToken,
}

impl Verdict {
    const fn new(kind: ErrorKind, fate: Fate, resend: Resend) -> Self {
        Self { kind, fate, resend, fresh_connection: false }
    }

    const fn on_fresh_connection(mut self) -> Self {
        self.fresh_connection = true;
        self
    }
}

/// Judges an answer that is not a usable success.
///
/// `conflict` is what the body of a 409 says; a read cannot conflict with a key.
pub(crate) fn judge(status: StatusCode, conflict: Conflict, write: bool) -> Verdict {
    use ErrorKind as K;
    use Fate::{InProgress, Refused, Unknown};
    use Resend::{IfWrite, Never, WithNewToken, Yes};
    match status.as_u16() {
        200..=299 => Verdict::new(K::UnexpectedResponse, Unknown, IfWrite),
        401 => Verdict::new(K::Unauthenticated, Refused, WithNewToken),
        403 => Verdict::new(K::PermissionDenied, Refused, Never),
        404 => Verdict::new(K::NotFound, Refused, Never),
        408 => Verdict::new(K::RequestTimeout, Unknown, Yes).on_fresh_connection(),
        409 if write && conflict == Conflict::OfKeys => {
            Verdict::new(K::IdempotencyConflict, InProgress, Never)
        }
        409 => Verdict::new(K::Conflict, Refused, Never),
        425 | 429 => Verdict::new(K::RateLimited, Refused, Yes),
        400..=499 => Verdict::new(K::InvalidRequest, Refused, Never),
        502..=504 => Verdict::new(K::Unavailable, Unknown, Yes),
        500..=599 => Verdict::new(K::Server, Unknown, Yes),
        // 1xx that ends an exchange, 3xx, and numbers that are no status.
        _ => Verdict::new(K::UnexpectedResponse, Unknown, Never),
    }
}

/// Judges an exchange that brought no complete answer. A head that came is
/// judged by [`judge`] unless it promised success.
pub(crate) fn judge_fault(fault: &Fault) -> Verdict {
    use ErrorKind as K;
    use Resend::{Never, OnceIfWrite, Yes};
    let fate = match (fault.sent, &fault.head) {
        (Sent::No, None) => Fate::NeverSent,
        _ => Fate::Unknown,
    };
    let verdict = |kind, resend| Verdict::new(kind, fate, resend).on_fresh_connection();
    match (fault.kind, &fault.head) {
        (FaultKind::Certificate | FaultKind::Aborted, _) => verdict(K::Transport, Never),
        (FaultKind::Redirected, _) => verdict(K::UnexpectedResponse, Never),
        (FaultKind::BodyTooLarge, _) => verdict(K::UnexpectedResponse, OnceIfWrite),
        // An answer that promised success and broke off, or one that is no HTTP, is
        // an answer that cannot be decoded, not the absence of one.
        (FaultKind::Disconnected, Some(_)) | (FaultKind::Protocol, _) => {
            verdict(K::UnexpectedResponse, Yes)
        }
        _ => verdict(K::Transport, Yes),
    }
}
