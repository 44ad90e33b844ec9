//! One intent, without the type of its operation: compiled once for all of them.

mod aftermath;
mod ending;

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Request, Response, Uri, header};
use tracing::Span;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::span::EnteredSpan;

pub(crate) use ending::{already_over, payment_failed};

use super::operation::Operation;
use crate::call::{Attempts, Reply, Watch};
use crate::config::{CallOptions, Limits};
use crate::error::{Error, ErrorKind, Evidence};
use crate::machine::{Entropy, Exchange, Fault, Now, Step, Ticket, next_id};
use crate::policy::Jitter;
use crate::session::{Authorizer, Ended, GRACE, Session};
use crate::types::{AccessToken, BoxError, Fate, FaultKind, IdempotencyKey, Message};

/// An intent on its way. What it is an intent of comes with every step that needs
/// it.
pub(super) struct Intent {
    session: Session,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) body: Bytes,
    uri: Uri,
    limits: Limits,
    auth_date: Option<HeaderValue>,
    token: Option<AccessToken>,
    auth: Authorizer,
    jitter: Jitter,
    pub(super) attempts: Attempts,
    state: State,
    /// By the monotonic clock; set by the first poll.
    deadline: Option<Duration>,
    /// The last attempt that failed, kept for when its retry cannot happen.
    last: Option<(ErrorKind, Box<Evidence>)>,
    fresh_connection: bool,
    /// The token of the attempt before, which an answer may still repeat.
    earlier: Option<AccessToken>,
    /// What may happen only once: another token, another try at a huge answer.
    renewed: bool,
    oversized: bool,
    span: Span,
}

enum State {
    Ready,
    Out(Out),
    Resting(Duration),
    Following(Box<Watch>),
    Over(Outcome),
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
    /// An earlier attempt may have reached the bank.
    doubted: bool,
}

/// What an intent comes to; what a good answer means, the operation keeps.
pub(super) type Outcome = Result<Reply<()>, Error>;

impl Intent {
    /// Input that the bank would refuse makes an intent that is over from the
    /// start, without anything being sent.
    pub(super) fn new(
        session: &Session,
        operation: &dyn Operation,
        key: Option<IdempotencyKey>,
        options: CallOptions,
        entropy: Entropy,
    ) -> Self {
        let limits = Limits::of(session.config(), &options);
        let jitter = Jitter::new(entropy.jitter);
        let token = options.token.clone();
        let auth = Authorizer::new(session.clone(), token.clone(), Jitter::new(!entropy.jitter));
        let resumed = options.resume.as_ref().map(|resume| resume.first_sent);
        let span = tracing::info_span!(
            "qbank.call",
            otel.name = %operation.name(),
            idempotency_key = key.map(tracing::field::display),
        );
        let mut intent = Self {
            session: session.clone(),
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
        if let Err(error) = intent.prepare(operation, options) {
            intent.reject(error);
        }
        intent
    }

    fn prepare(&mut self, operation: &dyn Operation, options: CallOptions) -> Result<(), Error> {
        self.uri = self.target(operation)?;
        self.body = operation.body()?;
        self.auth_date = options.auth_date.and_then(crate::config::AuthDate::header);
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

    /// Whatever the operation appends, it stays with the bank's own host.
    fn target(&self, operation: &dyn Operation) -> Result<Uri, Error> {
        let base = &self.session.urls().base_text;
        let mut url = String::with_capacity(base.len() + USUAL_TARGET);
        url.push_str(base);
        operation.target(&mut url);
        let appended = url.get(base.len()..).unwrap_or_default();
        if !appended.starts_with('/') || appended.contains('#') {
            return Err(Error::invalid_input("path", "must start with / and have no fragment"));
        }
        Uri::try_from(url).map_err(|_| Error::invalid_input("path", "is not a valid URL path"))
    }

    fn advance(&mut self, operation: &mut dyn Operation, now: Now, waker: &Waker) -> Step<Outcome> {
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
                    let lost = Fault::maybe(
                        FaultKind::Timeout,
                        Message::new("the driver never settled it"),
                    );
                    self.settled(operation, now, &ticket, Err(lost));
                }
                State::Following(watch) => match watch.poll(now, waker) {
                    Ok(step) => return step,
                    Err(watched) => self.followed(operation, *watched),
                },
                State::Ready => match self.ready(operation, now, deadline, waker) {
                    Some(step) => return step,
                    None => debug_assert!(matches!(self.state, State::Over(_))),
                },
            }
        }
    }

    /// Everything that comes before a send. `None`: the call is over.
    fn ready(
        &mut self,
        operation: &dyn Operation,
        now: Now,
        deadline: Duration,
        waker: &Waker,
    ) -> Option<Step<Outcome>> {
        if self.attempts.is_from_the_future(now) {
            return self.not_yet(operation);
        }
        if let Some(age) = self.attempts.age(now)
            && age > self.session.config().max_key_age
        {
            return self.too_old(operation, age);
        }
        if now.mono >= deadline {
            return self.out_of_time(operation);
        }
        let hold = self.session.hold_until();
        if hold >= deadline {
            return self.held_back(operation, hold.saturating_sub(now.mono));
        }
        if hold > now.mono {
            return Some(Step::Wait(hold.saturating_sub(now.mono)));
        }
        match self.auth.poll(now, deadline, waker).step() {
            Ok(step) => Some(step),
            Err(Ended::Token(bearer)) => {
                let send = self.send(operation, now, deadline, bearer.generation, bearer.token);
                Some(Step::Send(send))
            }
            Err(Ended::Refused(refusal)) => {
                self.fail(operation, refusal.kind, refusal.evidence().into());
                None
            }
            Err(Ended::OutOfTime) => self.out_of_time(operation),
        }
    }

    fn send(
        &mut self,
        operation: &dyn Operation,
        now: Now,
        deadline: Duration,
        generation: u64,
        token: AccessToken,
    ) -> Exchange {
        let left = deadline.saturating_sub(now.mono);
        let timeout = self.limits.timeout.min(left);
        let ticket = next_id();
        self.attempts.sending(now);
        let request = self.request(operation, &token);
        let own_time =
            (left <= self.limits.timeout).then(|| now.mono.saturating_add(timeout / 16 * 15));
        let lost_at = now.mono.saturating_add(timeout).saturating_add(GRACE);
        let doubted = self.attempts.join() >= Fate::Unknown;
        self.state =
            State::Out(Out { ticket, sent: now, lost_at, own_time, generation, token, doubted });
        tracing::debug!(attempt = self.attempts.count() + 1, "send");
        Exchange {
            request,
            connect_timeout: self.limits.connect_timeout(timeout),
            timeout,
            stream_timeout: operation.streams().then_some(left),
            max_body: self.limits.max_body,
            fresh_connection: self.fresh_connection,
            ticket: Ticket(ticket),
        }
    }

    fn request(&self, operation: &dyn Operation, token: &AccessToken) -> Request<Bytes> {
        let mut request = Request::new(self.body.clone());
        *request.method_mut() = operation.method();
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
            headers.insert(IDEMPOTENCY_KEY, key.header());
        }
        if let Some(date) = &self.auth_date {
            headers.insert(AUTH_DATE, date.clone());
        }
        request
    }

    /// Nothing where spans are compiled out, which the span itself does not know.
    fn entered(&self) -> Option<EnteredSpan> {
        (STATIC_MAX_LEVEL != LevelFilter::OFF).then(|| self.span.clone().entered())
    }

    pub(super) fn poll(
        &mut self,
        operation: &mut dyn Operation,
        now: Now,
        waker: &Waker,
    ) -> Step<Outcome> {
        let _entered = self.entered();
        self.advance(operation, now, waker)
    }

    pub(super) fn settle(
        &mut self,
        operation: &mut dyn Operation,
        now: Now,
        ticket: Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        let _entered = self.entered();
        match &mut self.state {
            State::Following(watch) => watch.settle(now, ticket, outcome),
            State::Out(_) => self.settled(operation, now, &ticket, outcome),
            State::Ready => drop(self.auth.settle(now, &ticket, outcome)),
            State::Resting(_) | State::Over(_) | State::Gone(_) => {}
        }
    }

    /// Whether it is this exchange of the intent itself that is out.
    pub(super) fn is_out(&self, ticket: &Ticket) -> bool {
        matches!(&self.state, State::Out(out) if out.ticket == ticket.0)
    }

    pub(super) fn supply(
        &mut self,
        now: Now,
        ticket: Ticket,
        token: Result<AccessToken, BoxError>,
    ) {
        match &mut self.state {
            State::Following(watch) => watch.supply(now, ticket, token),
            State::Ready => drop(self.auth.supply(now, &ticket, token)),
            _ => {}
        }
    }

    pub(super) fn abandon(&mut self, operation: &mut dyn Operation, now: Now) -> Outcome {
        if let State::Out(out) = &self.state {
            let ticket = Ticket(out.ticket);
            self.limits.max_retries = 0;
            let aborted = Fault::maybe(FaultKind::Aborted, Message::new("called off"));
            self.settled(operation, now, &ticket, Err(aborted));
        }
        if !matches!(self.state, State::Over(_) | State::Gone(_)) {
            self.called_off(operation);
        }
        self.take_outcome()
    }
}

// By names that are known when this is compiled: by a text, a module of wasm gets all
// that reads the name of any header.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AUTH_DATE: HeaderName = HeaderName::from_static("x-fapi-auth-date");

/// Holds `/payments/` and an id.
const USUAL_TARGET: usize = 64;
const ACCEPT: &str = "application/json, application/problem+json";
