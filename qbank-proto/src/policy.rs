//! What happens next: pure functions of what happened.
//!
//! [`judge`] is the table of outcomes. It knows statuses and faults; it does
//! not know tokens, deadlines or how often the call was tried.

use std::time::Duration;

use http::StatusCode;

use crate::error::{ErrorKind, Fate};
use crate::machine::{Fault, FaultKind, Sent};
use crate::problem::Conflict;

/// How often, and how far apart, an intent is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Sends beyond the first. 0 means exactly one attempt, whatever happens.
    pub max_retries: u32,
    /// Upper bound of the first delay; doubles with every retry.
    pub base: Duration,
    /// Upper bound of every delay.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// 2 retries, 0.5 s base, 8 s cap.
    fn default() -> Self {
        Self { max_retries: 2, base: Duration::from_millis(500), cap: Duration::from_secs(8) }
    }
}

impl RetryPolicy {
    /// Exponential backoff with full jitter: anything from nothing up to the
    /// bound of the `retry`th retry (0 is the first).
    pub(crate) fn backoff(&self, retry: u32, jitter: &mut Jitter) -> Duration {
        let bound =
            self.base.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(self.cap);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(jitter.up_to(nanos))
    }
}

/// What to do with a 409 that says "a request with this key is in process".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConflictPolicy {
    /// Always report it.
    Report,
    /// Fetch the payment if the call's own earlier attempt was in doubt, since
    /// then the payment in process is our own; report it otherwise.
    #[default]
    FollowOwn,
    /// Fetch the payment whoever sent it.
    FollowAlways,
}

/// SplitMix64, seeded by the driver.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.up_to(u64::MAX)
    }

    /// An independent generator.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn up_to(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // The high half of the product is uniform over 0..=bound.
        let wide = u128::from(z) * (u128::from(bound) + 1);
        u64::try_from(wide >> 64).unwrap_or(bound)
    }
}

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn full_jitter_stays_below_a_doubling_bound_and_the_cap() {
        let policy = RetryPolicy::default();
        let mut jitter = Jitter::new(42);
        for (retry, bound) in [(0, 500), (1, 1000), (4, 8000), (31, 8000), (32, 8000), (99, 8000)] {
            let mut largest = Duration::ZERO;
            for _ in 0..1000 {
                let delay = policy.backoff(retry, &mut jitter);
                assert!(delay <= Duration::from_millis(bound));
                largest = largest.max(delay);
            }
            assert!(largest > Duration::from_millis(bound * 9 / 10), "jitter must use its range");
        }
    }
}
