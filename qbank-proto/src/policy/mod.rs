//! What happens next, as pure functions of what happened: the table of outcomes, how long
//! to wait between attempts, what to do with a conflict.
//!
//! [`classify`] is the table of outcomes. It knows statuses and faults; it does
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

/// What is decided after one attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decision {
    pub(crate) kind: ErrorKind,
    /// What this attempt alone means for the money, if the call writes.
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
    /// A write: its key makes it safe, and the response matters. Not a read: it
    /// would read the same again.
    IfWrite,
    Yes,
    /// Once, with another token.
    WithNewToken,
}

impl Decision {
    const fn new(kind: ErrorKind, fate: Fate, resend: Resend) -> Self {
        Self { kind, fate, resend, fresh_connection: false }
    }

    const fn on_fresh_connection(mut self) -> Self {
        self.fresh_connection = true;
        self
    }
}

/// Classifies a response that is not a usable success.
///
/// `conflict` is what the body of a 409 means; a read cannot conflict with a key.
pub(crate) fn classify(status: StatusCode, conflict: Conflict, write: bool) -> Decision {
    use ErrorKind as K;
    use Fate::{InProgress, Refused, Unknown};
    use Resend::{IfWrite, Never, WithNewToken, Yes};
    match status.as_u16() {
        200..=299 => Decision::new(K::UnexpectedResponse, Unknown, IfWrite),
        401 => Decision::new(K::Unauthenticated, Refused, WithNewToken),
        403 => Decision::new(K::PermissionDenied, Refused, Never),
        404 => Decision::new(K::NotFound, Refused, Never),
        408 => Decision::new(K::RequestTimeout, Unknown, Yes).on_fresh_connection(),
        409 if write && conflict == Conflict::OfKeys => {
            Decision::new(K::IdempotencyConflict, InProgress, Never)
        }
        409 => Decision::new(K::Conflict, Refused, Never),
        425 | 429 => Decision::new(K::RateLimited, Refused, Yes),
        400..=499 => Decision::new(K::InvalidRequest, Refused, Never),
        502..=504 => Decision::new(K::Unavailable, Unknown, Yes),
        500..=599 => Decision::new(K::Server, Unknown, Yes),
        // 1xx that ends an exchange, 3xx, and numbers that are no status.
        _ => Decision::new(K::UnexpectedResponse, Unknown, Never),
    }
}

/// Classifies an exchange that brought no complete response. A head that came is
/// classified by [`classify`] unless it promised success.
pub(crate) fn classify_fault(fault: &Fault) -> Decision {
    use ErrorKind as K;
    use Resend::{Never, OnceIfWrite, Yes};
    let fate = match (fault.sent, &fault.head) {
        (Sent::No, None) => Fate::NeverSent,
        _ => Fate::Unknown,
    };
    let decision = |kind, resend| Decision::new(kind, fate, resend).on_fresh_connection();
    match (fault.kind, &fault.head) {
        (FaultKind::Certificate | FaultKind::ClientCertificate | FaultKind::Aborted, _) => {
            decision(K::Transport, Never)
        }
        (FaultKind::Redirected, _) => decision(K::UnexpectedResponse, Never),
        (FaultKind::BodyTooLarge, _) => decision(K::UnexpectedResponse, OnceIfWrite),
        // A response that promised success and broke off, or one that is no HTTP, is
        // a response that cannot be decoded, not the absence of one.
        (FaultKind::Disconnected, Some(_)) | (FaultKind::Protocol, _) => {
            decision(K::UnexpectedResponse, Yes)
        }
        _ => decision(K::Transport, Yes),
    }
}
