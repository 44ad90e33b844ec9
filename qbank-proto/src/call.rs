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

mod aftermath;
mod ending;

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, Uri, header};
use tracing::Span;

pub(crate) use ending::{already_over, payment_failed};

use crate::attempts::Attempts;
use crate::auth::{Authorizer, Ended};
use crate::endpoint::{Effect, Endpoint};
use crate::error::{Error, ErrorKind, Evidence, Fate};
use crate::idempotency::IdempotencyKey;
use crate::machine::{
    BoxError, Entropy, Exchange, Fault, FaultKind, Machine, Now, Step, Ticket, next_id,
};
use crate::options::{CallOptions, Limits};
use crate::policy::Jitter;
use crate::reply::Reply;
use crate::session::{GRACE, Session};
use crate::token::AccessToken;
use crate::watch::Watch;

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
        let auth = Authorizer::new(session.clone(), token.clone(), Jitter::new(!entropy.jitter));
        let resumed = options.resume.as_ref().map(|resume| resume.first_sent);
        let span = tracing::info_span!(
            "qbank.call",
            otel.name = %format_args!("{} {}", E::METHOD, E::PATH),
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
        let base = &self.session.urls().base_text;
        let mut url = String::with_capacity(base.len() + USUAL_TARGET);
        url.push_str(base);
        self.endpoint.target(&mut url);
        self.uri = Uri::try_from(url)
            .map_err(|_| Error::invalid_input("path", "is not a valid URL path"))?;
        self.body = self.endpoint.body()?;
        self.auth_date = options.auth_date.and_then(crate::options::AuthDate::header);
        if self.key.is_none() {
            let write_only =
                [("auth date", options.auth_date.is_some()), ("resume", options.resume.is_some())];
            if let Some((name, _)) = write_only.iter().find(|(_, given)| *given) {
                return Err(Error::invalid_input(name, "is for writes only"));
            }
        }
        if let Some(body) = options.resume.and_then(|resume| resume.body) {
            self.body = body;
        }
        for (name, limit) in [("timeout", self.limits.timeout), ("deadline", self.limits.deadline)]
        {
            if limit.is_zero() {
                return Err(Error::invalid_input(name, "must be more than zero"));
            }
        }
        Ok(())
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
        let deadline =
            *self.deadline.get_or_insert_with(|| now.mono.saturating_add(self.limits.deadline));
        loop {
            match &mut self.state {
                State::Over(_) | State::Gone(_) => return Step::Done(self.take_outcome()),
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
        if self.attempts.is_from_the_future(now) {
            return self.not_yet();
        }
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
        let ticket = next_id();
        self.attempts.sending(now);
        let request = self.request(&token);
        let own_time =
            (left <= self.limits.timeout).then(|| now.mono.saturating_add(timeout / 16 * 15));
        let lost_at = now.mono.saturating_add(timeout).saturating_add(GRACE);
        self.state = State::Out(Out { ticket, sent: now, lost_at, own_time, generation, token });
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
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        if let Some(key) = self.key {
            headers.insert("idempotency-key", key.header());
        }
        if let Some(date) = &self.auth_date {
            headers.insert("x-fapi-auth-date", date.clone());
        }
        request
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
        if !matches!(self.state, State::Over(_) | State::Gone(_)) {
            self.called_off();
        }
        self.take_outcome()
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

/// Holds `/payments/` and an id.
const USUAL_TARGET: usize = 64;
const ACCEPT: &str = "application/json, application/problem+json";
