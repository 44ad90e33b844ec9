//! One intent, from its first attempt to its final answer.
//!
//! ```text
//!            ┌────────────────────────────────┐
//!            ▼                                │ resend: same key, same bytes
//!   Ready ──────► Out ──────► judged ──────► Resting
//!     │ token,     │ ticket     │
//!     │ hold-back  │ lost       ├── conflict with our own attempt ──► Following
//!     ▼            ▼            ▼                                       │
//!   Over ◄───────────────────────────────────────────────────────────────┘
//! ```

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use tracing::Span;

use crate::attempts::Attempts;
use crate::auth::{Authorizer, Ended};
use crate::endpoint::{Effect, Endpoint, Payment};
use crate::error::{Attempt, Error, ErrorKind, Evidence, Fate};
use crate::idempotency::IdempotencyKey;
use crate::judge::{self, Judged};
use crate::machine::{BoxError, Entropy, Exchange, Fault, FaultKind, Machine, Now, Step, Ticket};
use crate::options::{CallOptions, Limits};
use crate::policy::{ConflictPolicy, Jitter, Resend, Verdict};
use crate::problem::redact_source;
use crate::reply::Reply;
use crate::session::{GRACE, Session};
use crate::token::AccessToken;
use crate::watch::{Goal, Watch, Watched};

/// One call of one operation: a [`Machine`] that keeps its key and its bytes.
///
/// Key and body are there before anything is sent, so that an application can
/// write them to its own database first and [`resume`](crate::Resume) after a
/// crash.
pub struct Call<E: Endpoint> {
    session: Session,
    endpoint: E,
    key: Option<IdempotencyKey>,
    body: Bytes,
    uri: Uri,
    limits: Limits,
    auth_date: Option<HeaderValue>,
    token: Option<AccessToken>,
    auth: Authorizer,
    jitter: Jitter,
    attempts: Attempts,
    state: State<E>,
    /// By the monotonic clock; set by the first poll.
    deadline: Option<Duration>,
    /// The last attempt that failed, kept for when its retry cannot happen.
    last: Option<(ErrorKind, Evidence)>,
    fresh_connection: bool,
    /// The token of the attempt before, which an answer may still repeat.
    earlier: Option<AccessToken>,
    /// What may happen only once: another token, another try at a huge answer.
    renewed: bool,
    oversized: bool,
    span: Span,
}

enum State<E: Endpoint> {
    Ready,
    Out(Out),
    Resting(Duration),
    Following(Box<Watch>),
    Over(Box<Result<Reply<E::Output>, Error>>),
    Gone(Fate),
}

struct Out {
    ticket: u64,
    sent: Now,
    lost_at: Duration,
    /// From here on a timeout is the call's own deadline.
    own_time: Option<Duration>,
    generation: u64,
    token: AccessToken,
}

/// What a call comes to.
pub(crate) type Outcome<E> = Result<Reply<<E as Endpoint>::Output>, Error>;

impl<E: Endpoint> Call<E> {
    /// Prepares a call. Input that the bank would refuse makes a call that is
    /// over from the start, without anything being sent.
    pub fn new(
        session: &Session,
        endpoint: E,
        key: <E::Effect as Effect>::Key,
        options: CallOptions,
        entropy: Entropy,
    ) -> Self {
        let key: Option<IdempotencyKey> = key.into();
        let limits = Limits::of(session.config(), &options);
        let jitter = Jitter::new(entropy.jitter);
        let token = options.token.clone();
        let auth = Authorizer::new(
            session.clone(),
            token.clone(),
            limits,
            Jitter::new(!entropy.jitter),
        );
        let resumed = options.resume.as_ref().map(|resume| resume.first_sent);
        let operation = format!("{} {}", E::METHOD, E::PATH);
        let span = tracing::info_span!(
            "qbank.call",
            otel.name = operation,
            idempotency_key = key.map(tracing::field::display),
        );
        let mut call = Self {
            session: session.clone(),
            endpoint,
            key,
            body: Bytes::new(),
            uri: Uri::default(),
            limits,
            auth_date: None,
            token,
            auth,
            jitter,
            attempts: Attempts::new(key.is_some(), resumed),
            state: State::Ready,
            deadline: None,
            last: None,
            fresh_connection: false,
            earlier: None,
            renewed: false,
            oversized: false,
            span,
        };
        if let Err(error) = call.prepare(options) {
            call.reject(error);
        }
        call
    }

    fn prepare(&mut self, options: CallOptions) -> Result<(), Error> {
        let base = &self.session.urls().base;
        let target = self.endpoint.target();
        self.uri = format!("{}{target}", base.to_string().trim_end_matches('/'))
            .parse()
            .map_err(|_| Error::invalid_input("path", "is not a valid URL path"))?;
        self.body = self.endpoint.body()?;
        self.auth_date = options.auth_date.and_then(crate::options::AuthDate::header);
        if self.key.is_none() {
            let write_only = [
                ("auth date", options.auth_date.is_some()),
                ("resume", options.resume.is_some()),
            ];
            if let Some((name, _)) = write_only.iter().find(|(_, given)| *given) {
                return Err(Error::invalid_input(name, "is for writes only"));
            }
        }
        if let Some(body) = options.resume.and_then(|resume| resume.body) {
            self.body = body;
        }
        if self.limits.timeout.is_zero() || self.limits.deadline.is_zero() {
            return Err(Error::invalid_input("timeout", "must be more than zero"));
        }
        Ok(())
    }

    /// A call that is over before it began.
    pub(crate) fn reject(&mut self, mut error: Error) {
        error.evidence_mut().key = self.key;
        error.evidence_mut().first_sent = self.attempts.first_sent();
        error.set_fate(self.attempts.join());
        self.state = State::Over(Box::new(Err(error)));
    }

    /// The key of the intent, if it writes.
    pub fn key(&self) -> Option<IdempotencyKey> {
        self.key
    }

    /// The body that every attempt sends.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    fn advance(&mut self, now: Now, waker: &Waker) -> Step<Outcome<E>> {
        let deadline = *self
            .deadline
            .get_or_insert_with(|| now.mono.saturating_add(self.limits.deadline));
        loop {
            match &mut self.state {
                State::Gone(fate) => return Step::Done(Err(already_over(*fate, self.key))),
                State::Over(_) => {
                    let gone = State::Gone(self.attempts.join());
                    if let State::Over(outcome) = std::mem::replace(&mut self.state, gone) {
                        return Step::Done(*outcome);
                    }
                }
                State::Resting(until) if now.mono < *until => {
                    return Step::Wait(until.saturating_sub(now.mono));
                }
                State::Resting(_) => self.state = State::Ready,
                State::Out(out) if now.mono < out.lost_at => {
                    return Step::Wait(out.lost_at.saturating_sub(now.mono));
                }
                State::Out(out) => {
                    let ticket = Ticket(out.ticket);
                    let lost = Fault::maybe(FaultKind::Timeout, "the driver never settled it");
                    self.settled(now, &ticket, Err(lost));
                }
                State::Following(watch) => match watch.poll(now, waker) {
                    Ok(step) => return step,
                    Err(watched) => self.followed(*watched),
                },
                State::Ready => match self.ready(now, deadline, waker) {
                    Some(step) => return step,
                    None => debug_assert!(matches!(self.state, State::Over(_))),
                },
            }
        }
    }

    /// Everything that comes before a send. `None`: the call is over.
    fn ready(&mut self, now: Now, deadline: Duration, waker: &Waker) -> Option<Step<Outcome<E>>> {
        let age = self.attempts.age(now);
        if self.key.is_some() && age > self.session.config().max_key_age {
            return self.too_old(age);
        }
        if now.mono >= deadline {
            return self.out_of_time();
        }
        let hold = self.session.hold_until();
        if hold >= deadline {
            return self.held_back(hold.saturating_sub(now.mono));
        }
        if hold > now.mono {
            return Some(Step::Wait(hold.saturating_sub(now.mono)));
        }
        match self.auth.poll(now, deadline, waker).step() {
            Ok(step) => Some(step),
            Err(Ended::Token(bearer)) => {
                let send = self.send(now, deadline, bearer.generation, bearer.token);
                Some(Step::Send(send))
            }
            Err(Ended::Refused(refusal)) => {
                self.fail(refusal.kind, refusal.evidence());
                None
            }
            Err(Ended::OutOfTime) => self.out_of_time(),
        }
    }

    fn send(
        &mut self,
        now: Now,
        deadline: Duration,
        generation: u64,
        token: AccessToken,
    ) -> Exchange {
        let left = deadline.saturating_sub(now.mono);
        let timeout = self.limits.timeout.min(left);
        let ticket = self.session.next_id();
        self.attempts.sending(now);
        let request = self.request(&token);
        let own_time =
            (left <= self.limits.timeout).then(|| now.mono.saturating_add(timeout / 16 * 15));
        let lost_at = now.mono.saturating_add(timeout).saturating_add(GRACE);
        self.state = State::Out(Out {
            ticket,
            sent: now,
            lost_at,
            own_time,
            generation,
            token,
        });
        tracing::debug!(attempt = self.attempts.count() + 1, "send");
        Exchange {
            request,
            connect_timeout: self.limits.connect_timeout(timeout),
            timeout,
            max_body: self.limits.max_body,
            fresh_connection: self.fresh_connection,
            ticket: Ticket(ticket),
        }
    }

    fn request(&self, token: &AccessToken) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = E::METHOD;
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(6);
        headers.insert(header::AUTHORIZATION, token.header().clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        headers.insert(header::USER_AGENT, self.session.user_agent().clone());
        if !self.body.is_empty() {
            headers.insert(
                header::CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            );
        }
        if let Some(key) = self.key {
            headers.insert("idempotency-key", key.header());
        }
        if let Some(date) = &self.auth_date {
            headers.insert("x-fapi-auth-date", date.clone());
        }
        request
    }

    fn settled(&mut self, now: Now, ticket: &Ticket, outcome: Result<Response<Bytes>, Fault>) {
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
            secrets: &self.secrets(&out.token),
        };
        let fault = outcome.as_ref().err().map(|fault| fault.kind);
        let judged = judge::judge(&self.endpoint, &scene, outcome);
        self.earlier = Some(out.token);
        let doubted = self.attempts.join() >= Fate::Unknown;
        let fate = match &judged {
            _ if self.key.is_none() => Fate::NotApplicable,
            Judged::Good { .. } => Fate::Accepted,
            Judged::Bad { verdict, .. } => verdict.fate,
        };
        self.attempts.add(Attempt {
            at: out.sent.utc(),
            status: judged.status(),
            fault,
            fate,
        });
        tracing::debug!(status = judged.status().map(|s| s.as_u16()), %fate, "attempt is over");
        match judged {
            Judged::Good { value, response } => self.succeed(value, response, false),
            Judged::Bad { verdict, evidence } => {
                let timed_out = fault == Some(FaultKind::Timeout);
                if timed_out && out.own_time.is_some_and(|from| now.mono >= from) {
                    self.fail(ErrorKind::DeadlineExceeded, *evidence);
                } else {
                    self.next(now, out.generation, verdict, *evidence, doubted);
                }
            }
        }
    }

    /// What follows a bad attempt: a resend, a look at the payment, or the end.
    fn next(
        &mut self,
        now: Now,
        generation: u64,
        verdict: Verdict,
        mut evidence: Evidence,
        doubted: bool,
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
                self.session.invalidate(generation);
                self.auth.can_renew() && !std::mem::replace(&mut self.renewed, true)
            }
        };
        if verdict.kind == ErrorKind::PermissionDenied {
            evidence.scope = E::SCOPE;
        }
        if verdict.kind == ErrorKind::IdempotencyConflict
            && self.follows(doubted)
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
            self.session
                .config()
                .retry
                .backoff(retry, &mut self.jitter)
                .max(asked)
        };
        let until = now.mono.saturating_add(delay);
        if verdict.kind == ErrorKind::RateLimited {
            self.session.hold_back(until);
        }
        let in_time = self.deadline.is_some_and(|deadline| until < deadline);
        if resend && retry < self.limits.max_retries && in_time {
            tracing::debug!(kind = %verdict.kind, delay_ms = delay.as_millis(), "will resend");
            self.last = Some((verdict.kind, evidence));
            self.state = State::Resting(until);
        } else {
            self.fail(verdict.kind, evidence);
        }
    }

    fn follows(&self, doubted: bool) -> bool {
        E::FOLLOWS
            && match self.limits.on_conflict {
                ConflictPolicy::Report => false,
                ConflictPolicy::FollowOwn => doubted,
                ConflictPolicy::FollowAlways => true,
            }
    }

    fn follow(&mut self, now: Now, id: crate::id::PaymentId) {
        tracing::debug!(payment = %id, "follow the payment in process");
        let left = self.deadline.unwrap_or_default().saturating_sub(now.mono);
        let options = CallOptions {
            timeout: Some(self.limits.timeout),
            token: self.token.clone(),
            ..CallOptions::default()
        };
        let within = left.min(LONGEST_FOLLOW);
        let jitter = self.jitter.fork();
        self.state = State::Following(Box::new(Watch::new(
            self.session.clone(),
            id,
            Goal::Seen,
            options,
            now.mono.saturating_add(within),
            jitter,
        )));
    }

    fn followed(&mut self, watched: Watched) {
        let (kind, mut evidence) = self
            .last
            .take()
            .unwrap_or_else(|| (ErrorKind::IdempotencyConflict, Evidence::default()));
        match watched {
            Watched::Seen(reply) => match self.endpoint.follow(&reply.value) {
                Some(_) if reply.value.failed() => self.payment_failed(reply),
                Some(value) => self.succeed(value, reply.response, true),
                None => {
                    evidence.what.push_str(
                        "; the payment in process is of another amount or type: was the key used before?",
                    );
                    evidence.payment = Some(Box::new(reply.value));
                    self.fail(kind, evidence);
                }
            },
            Watched::Lost(error)
            | Watched::TimeUp {
                last: Some(error), ..
            } => {
                evidence.what.push_str("; following it failed");
                // The look knew the session's secrets, but not this request's.
                let secrets = self.endpoint.secrets();
                evidence.source = Some(redact_source(Box::new(error), &secrets));
                self.fail(kind, evidence);
            }
            Watched::TimeUp { .. } => self.fail(kind, evidence),
        }
    }

    /// The bank's own record is the one thing that lowers the join.
    fn payment_failed(&mut self, reply: Reply<Payment>) {
        let mut error = payment_failed(reply);
        let evidence = error.evidence_mut();
        evidence.key = self.key;
        evidence.first_sent = self.attempts.first_sent();
        evidence.attempts = self.attempts.take();
        self.state = State::Over(Box::new(Err(error)));
    }

    fn succeed(&mut self, value: E::Output, response: Response<Bytes>, followed: bool) {
        let fate = if self.key.is_some() {
            Fate::Accepted
        } else {
            Fate::NotApplicable
        };
        let attempts = self.attempts.take();
        let reply = Reply {
            value,
            fate,
            key: self.key,
            followed,
            attempts,
            response,
        };
        self.state = State::Over(Box::new(Ok(reply)));
    }

    fn fail(&mut self, kind: ErrorKind, mut evidence: Evidence) {
        self.auth.release();
        let operation = format!("{} {}: ", E::METHOD, E::PATH);
        evidence.what.insert_str(0, &operation);
        evidence.key = self.key;
        evidence.first_sent = self.attempts.first_sent();
        evidence.attempts = self.attempts.take();
        let error = Error::new(kind, self.attempts.join(), evidence);
        tracing::info!(%kind, fate = %error.fate(), "failed");
        self.state = State::Over(Box::new(Err(error)));
    }

    fn out_of_time<T>(&mut self) -> Option<T> {
        let mut evidence = self
            .last
            .take()
            .map(|(_, evidence)| evidence)
            .unwrap_or_default();
        let limit = self.limits.deadline.as_secs_f64();
        let before = if evidence.what.is_empty() {
            ""
        } else {
            "; before that, "
        };
        evidence.what = format!("the deadline of {limit} s passed{before}{}", evidence.what);
        self.fail(ErrorKind::DeadlineExceeded, evidence);
        None
    }

    fn held_back<T>(&mut self, wait: Duration) -> Option<T> {
        let evidence = Evidence {
            what: "the bank asked this client to slow down for longer than the call has".to_owned(),
            retry_after: Some(wait),
            ..Evidence::default()
        };
        let (kind, evidence) = self
            .last
            .take()
            .unwrap_or((ErrorKind::RateLimited, evidence));
        self.fail(kind, evidence);
        None
    }

    fn too_old<T>(&mut self, age: Duration) -> Option<T> {
        let limit = self.session.config().max_key_age.as_secs();
        let age = age.as_secs();
        let what = format!(
            "the intent was first sent {age} s ago, and a bank may forget a key after {limit} s: reconcile first"
        );
        self.fail(
            ErrorKind::InvalidInput,
            Evidence {
                what,
                ..Evidence::default()
            },
        );
        None
    }

    fn secrets<'a>(&'a self, token: &'a AccessToken) -> Vec<&'a str> {
        let mut secrets = self.session.secrets();
        secrets.push(token.expose());
        secrets.extend(self.earlier.as_ref().map(AccessToken::expose));
        secrets.extend(self.endpoint.secrets());
        secrets
    }
}

impl<E: Endpoint> Machine for Call<E> {
    type Output = Outcome<E>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        let span = self.span.clone();
        let _entered = span.enter();
        self.advance(now, waker)
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        let span = self.span.clone();
        let _entered = span.enter();
        match &mut self.state {
            State::Following(watch) => watch.settle(now, ticket, outcome),
            State::Out(_) => self.settled(now, &ticket, outcome),
            State::Ready => drop(self.auth.settle(now, &ticket, outcome)),
            State::Resting(_) | State::Over(_) | State::Gone(_) => {}
        }
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        match &mut self.state {
            State::Following(watch) => watch.supply(now, ticket, token),
            State::Ready => drop(self.auth.supply(now, &ticket, token)),
            _ => {}
        }
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        if let State::Out(out) = &self.state {
            let ticket = Ticket(out.ticket);
            self.limits.max_retries = 0;
            let aborted = Fault::maybe(FaultKind::Aborted, "called off");
            self.settled(now, &ticket, Err(aborted));
        }
        let gone = State::Gone(self.attempts.join());
        match std::mem::replace(&mut self.state, gone) {
            State::Over(outcome) => *outcome,
            State::Gone(fate) => Err(already_over(fate, self.key)),
            _ => {
                let (kind, mut evidence) = self
                    .last
                    .take()
                    .unwrap_or_else(|| (ErrorKind::Transport, Evidence::default()));
                let before = if evidence.what.is_empty() {
                    ""
                } else {
                    "; before that, "
                };
                evidence.what = format!("the call was called off{before}{}", evidence.what);
                self.fail(kind, evidence);
                self.abandon(now)
            }
        }
    }
}

impl<E: Endpoint> std::fmt::Debug for Call<E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("operation", &format_args!("{} {}", E::METHOD, E::PATH))
            .field("key", &self.key)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

/// What a poll after the end gets.
pub(crate) fn already_over(fate: Fate, key: Option<IdempotencyKey>) -> Error {
    let what = "the call has given its answer already".to_owned();
    Error::new(
        ErrorKind::InvalidInput,
        fate,
        Evidence {
            what,
            key,
            ..Evidence::default()
        },
    )
}

/// The bank's record of the payment says that it failed.
pub(crate) fn payment_failed(reply: Reply<Payment>) -> Error {
    let id = reply.value.payment_id;
    let mut evidence = Evidence {
        what: format!("the bank reports payment {id} as failed"),
        status: Some(reply.status()),
        payment: Some(Box::new(reply.value)),
        response: Some(reply.response),
        ..Evidence::default()
    };
    evidence.problem.transaction_id = Some(id);
    Error::new(ErrorKind::PaymentFailed, Fate::Refused, evidence)
}

const ACCEPT: &str = "application/json, application/problem+json";
const LONGEST_FOLLOW: Duration = Duration::from_secs(15);
