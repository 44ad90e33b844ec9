//! What follows an attempt: a resend, a look at the payment, or the end.

use std::time::Duration;

use bytes::Bytes;
use http::{Response, StatusCode};

use super::{Intent, Out, State, payment_failed};
use crate::call::classification as judge;
use crate::call::classification::Judged;
use crate::call::{Goal, Operation, Watch, Watched};
use crate::config::CallOptions;
use crate::error::{ErrorKind, Evidence};
use crate::machine::{Fault, Now, Ticket};
use crate::policy::{ConflictPolicy, Resend, Verdict};
use crate::response::redact_source;
use crate::types::{Attempt, Fate, FaultKind, PaymentId};

impl Intent {
    pub(super) fn settled(
        &mut self,
        operation: &mut dyn Operation,
        now: Now,
        ticket: &Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        let State::Out(out) = &self.state else { return };
        if out.ticket != ticket.0 {
            return;
        }
        let State::Out(out) = std::mem::replace(&mut self.state, State::Ready) else {
            return;
        };
        let scene = judge::Scene {
            base: &self.session.urls().base,
            uri: &self.uri,
            write: self.key.is_some(),
            unix: now.unix,
            max_body: self.limits.max_body,
            session: &self.session,
            tokens: [Some(&out.token), self.earlier.as_ref()],
        };
        let fault = outcome.as_ref().err().map(|fault| fault.kind);
        let judged = judge::judge(operation, &scene, outcome);
        self.earlier = Some(out.token.clone());
        let fate = match &judged {
            _ if self.key.is_none() => Fate::NotApplicable,
            Judged::Good { .. } => Fate::Accepted,
            Judged::Bad { verdict, .. } => verdict.fate,
        };
        self.attempts.add(Attempt { at: out.sent.utc(), status: judged.status(), fault, fate });
        tracing::debug!(status = judged.status().map(|s| s.as_u16()), %fate, "attempt is over");
        match judged {
            Judged::Good { meaning, response } => self.succeed(meaning, response, false),
            Judged::Bad { verdict, evidence } => {
                // A head that says no, or "in process", has answered, however slow
                // its body: a 401 still costs the token, a 409 is still a conflict.
                let answered = evidence.status.is_some_and(|status| !status.is_success());
                let timed_out = fault == Some(FaultKind::Timeout) && !answered;
                if timed_out && out.own_time.is_some_and(|from| now.mono >= from) {
                    self.fail(operation, ErrorKind::DeadlineExceeded, evidence);
                } else {
                    self.next(operation, now, &out, verdict, evidence);
                }
            }
        }
    }

    /// What follows a bad attempt: a resend, a look at the payment, or the end.
    pub(super) fn next(
        &mut self,
        operation: &dyn Operation,
        now: Now,
        out: &Out,
        verdict: Verdict,
        mut evidence: Box<Evidence>,
    ) {
        let write = self.key.is_some();
        self.fresh_connection = verdict.fresh_connection;
        let asked = evidence.retry_after.unwrap_or_default();
        let resend = match verdict.resend {
            Resend::Never => false,
            Resend::Yes => true,
            Resend::IfWrite => write,
            Resend::OnceIfWrite => write && !std::mem::replace(&mut self.oversized, true),
            Resend::WithNewToken => {
                self.session.invalidate(out.generation);
                self.auth.can_renew() && !std::mem::replace(&mut self.renewed, true)
            }
        };
        if verdict.kind == ErrorKind::PermissionDenied {
            evidence.scope = operation.scope();
        }
        if verdict.kind == ErrorKind::IdempotencyConflict
            && self.follows(operation, out.doubted)
            && let Some(id) = evidence.problem.transaction_id
        {
            self.last = Some((verdict.kind, evidence));
            self.follow(now, id);
            return;
        }
        let retry = self.attempts.count().saturating_sub(1);
        let delay = if verdict.resend == Resend::WithNewToken {
            Duration::ZERO
        } else {
            self.session.config().retry.backoff(retry, &mut self.jitter).max(asked)
        };
        let until = now.mono.saturating_add(delay);
        if evidence.status == Some(StatusCode::TOO_MANY_REQUESTS) {
            self.session.hold_back(now, until);
        }
        let in_time = self.deadline.is_some_and(|deadline| until < deadline);
        if resend && retry < self.limits.max_retries && in_time {
            tracing::debug!(kind = %verdict.kind, delay_ms = delay.as_millis(), "will resend");
            self.last = Some((verdict.kind, evidence));
            self.state = State::Resting(until);
        } else {
            self.fail(operation, verdict.kind, evidence);
        }
    }

    pub(super) fn follows(&self, operation: &dyn Operation, doubted: bool) -> bool {
        operation.follows()
            && match self.limits.on_conflict {
                ConflictPolicy::Report => false,
                ConflictPolicy::FollowOwn => doubted,
                ConflictPolicy::FollowAlways => true,
            }
    }

    pub(super) fn follow(&mut self, now: Now, id: PaymentId) {
        tracing::debug!(payment = %id, "follow the payment in process");
        let deadline = self.deadline.unwrap_or_default();
        let options = CallOptions {
            timeout: Some(self.limits.timeout),
            connect_timeout: self.limits.connect,
            token: self.token.clone(),
            ..CallOptions::default()
        };
        let jitter = self.jitter.fork();
        self.state = State::Following(Box::new(Watch::new(
            self.session.clone(),
            id,
            Goal::Seen,
            options,
            // The call's own deadline stands, even if this clock should go back.
            now.mono.saturating_add(LONGEST_FOLLOW).min(deadline),
            jitter,
        )));
    }

    pub(super) fn followed(&mut self, operation: &mut dyn Operation, watched: Watched) {
        let (kind, mut evidence) =
            self.last.take().unwrap_or_else(|| (ErrorKind::IdempotencyConflict, Box::default()));
        match watched {
            Watched::Seen(reply) => match operation.follow(&reply.value) {
                Some(_) if reply.value.failed() => self.own_error(payment_failed(reply)),
                Some(meaning) => self.succeed(meaning, reply.response, true),
                None => {
                    evidence.what.push_str(
                        "; the payment in process is of another amount or type: was the key used before?",
                    );
                    evidence.payment = Some(Box::new(reply.value));
                    self.fail(operation, kind, evidence);
                }
            },
            Watched::Lost { error, .. } | Watched::TimeUp { last: Some(error), .. } => {
                evidence.what.push_str("; following it failed");
                // The look knew the session's secrets, but not this request's.
                let secrets = operation.secrets();
                evidence.source = Some(redact_source(Box::new(error), &secrets));
                self.fail(operation, kind, evidence);
            }
            Watched::TimeUp { .. } => self.fail(operation, kind, evidence),
        }
    }
}

const LONGEST_FOLLOW: Duration = Duration::from_secs(15);
