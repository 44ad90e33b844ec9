//! What follows a failed attempt: a resend, a look at the payment in process, or the end.

use std::time::Duration;

use http::StatusCode;

use super::classification::Failure;
use super::following::{Goal, PaymentPoller};
use super::intent::{InFlight, Intent};
use crate::config::CallOptions;
use crate::error::{Error, ErrorKind};
use crate::machine::Now;
use crate::policy::{ConflictPolicy, Resend};
use crate::types::{FaultKind, PaymentId};

/// What follows a failed attempt.
pub(super) enum Next {
    /// The same key and bytes, not before then (by the monotonic clock).
    Resend(Duration),
    /// The payment in process.
    Follow(Box<PaymentPoller>),
    Fail(Error),
}

impl Intent {
    pub(super) fn next(
        &mut self,
        now: Now,
        sent: &InFlight,
        Failure { decision, mut details }: Failure,
        fault: Option<FaultKind>,
    ) -> Next {
        // A head with a 4xx has decided, however slow its body: a 401 still costs the token,
        // a 409 is still a conflict.
        let decided = details.status.is_some_and(|status| !status.is_success());
        let timed_out = fault == Some(FaultKind::Timeout) && !decided;
        if timed_out && sent.own_time.is_some_and(|from| now.mono >= from) {
            return Next::Fail(self.fail(ErrorKind::DeadlineExceeded, details));
        }
        self.fresh_connection = decision.fresh_connection;
        if decision.kind == ErrorKind::PermissionDenied {
            details.scope.clone_from(&self.operation.scope);
        }
        if decision.kind == ErrorKind::IdempotencyConflict
            && self.follows(sent.doubted)
            && let Some(id) = details.problem.transaction_id
        {
            self.last = Some((decision.kind, details));
            return Next::Follow(Box::new(self.follow(now, id)));
        }
        let resend = self.resends(decision.resend, sent);
        let retry = self.attempts.count().saturating_sub(1);
        let delay = if decision.resend == Resend::WithNewToken {
            Duration::ZERO
        } else {
            let backoff = self.session.config().retry.backoff(retry, &mut self.jitter);
            backoff.max(details.retry_after.unwrap_or_default())
        };
        let until = now.mono.saturating_add(delay);
        if details.status == Some(StatusCode::TOO_MANY_REQUESTS) {
            self.session.throttle(now, until);
        }
        let in_time = self.deadline.is_some_and(|deadline| until < deadline);
        if resend && retry < self.limits.max_retries && in_time {
            tracing::debug!(kind = %decision.kind, delay_ms = delay.as_millis(), "will resend");
            self.last = Some((decision.kind, details));
            Next::Resend(until)
        } else {
            Next::Fail(self.fail(decision.kind, details))
        }
    }

    fn resends(&mut self, resend: Resend, sent: &InFlight) -> bool {
        let write = self.key.is_some();
        match resend {
            Resend::Never => false,
            Resend::Yes => true,
            Resend::IfWrite => write,
            Resend::OnceIfWrite => write && !std::mem::replace(&mut self.oversized, true),
            Resend::WithNewToken => {
                self.session.invalidate(sent.generation);
                self.auth.can_renew() && !std::mem::replace(&mut self.renewed, true)
            }
        }
    }

    fn follows(&self, doubted: bool) -> bool {
        self.operation.follows
            && match self.on_conflict {
                ConflictPolicy::Report => false,
                ConflictPolicy::FollowOwn => doubted,
                ConflictPolicy::FollowAlways => true,
            }
    }

    fn follow(&mut self, now: Now, id: PaymentId) -> PaymentPoller {
        tracing::debug!(payment = %id, "follow the payment in process");
        let options = CallOptions {
            timeout: Some(self.limits.timeout),
            connect_timeout: self.limits.connect,
            token: self.token.clone(),
            ..CallOptions::default()
        };
        // The call's own deadline stands, even if this clock should go back.
        let deadline =
            now.mono.saturating_add(LONGEST_FOLLOW).min(self.deadline.unwrap_or_default());
        let jitter = self.jitter.fork();
        PaymentPoller::new(self.session.clone(), id, Goal::Seen, options, deadline, jitter)
    }
}

const LONGEST_FOLLOW: Duration = Duration::from_secs(15);
