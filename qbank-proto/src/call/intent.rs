//! What all attempts of one intent share, without the type of its operation: compiled once
//! for all of them.

use std::fmt;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Method, Response, Uri, header};
use tracing::Span;
use tracing::level_filters::{LevelFilter, STATIC_MAX_LEVEL};
use tracing::span::EnteredSpan;

use super::attempts::Attempts;
use super::classification::Classified;
use crate::config::{AuthDate, CallOptions, Limits, WriteOptions};
use crate::endpoint::{Endpoint, RawRead};
use crate::error::{Details, Error, ErrorKind, OperationName};
use crate::machine::{Exchange, Fault, Now, Step, Ticket, next_id};
use crate::policy::{ConflictPolicy, Jitter};
use crate::session::{Authorizer, Bearer, GRACE, NoToken, Session};
use crate::types::{AccessToken, Attempt, BoxError, Fate, FaultKind, IdempotencyKey, Scope};

/// An intent on its way.
pub(super) struct Intent {
    pub(super) session: Session,
    pub(super) operation: Operation,
    pub(super) key: Option<IdempotencyKey>,
    pub(super) body: Bytes,
    pub(super) uri: Uri,
    pub(super) limits: Limits,
    pub(super) on_conflict: ConflictPolicy,
    auth_date: Option<HeaderValue>,
    /// For this call alone.
    pub(super) token: Option<AccessToken>,
    pub(super) auth: Authorizer,
    pub(super) jitter: Jitter,
    pub(super) attempts: Attempts,
    /// By the monotonic clock; set by the first poll.
    pub(super) deadline: Option<Duration>,
    /// The last attempt that failed, kept for when its retry cannot happen.
    pub(super) last: Option<(ErrorKind, Box<Details>)>,
    pub(super) fresh_connection: bool,
    /// The token of the attempt before, which a response may still repeat.
    pub(super) previous_token: Option<AccessToken>,
    /// What may happen only once: another token, another try at a huge response.
    pub(super) renewed: bool,
    pub(super) oversized: bool,
    span: Span,
}

/// What an intent must know of its operation.
#[derive(Debug, Clone)]
pub(super) struct Operation {
    pub(super) name: OperationName,
    pub(super) scope: Option<Scope>,
    pub(super) follows: bool,
    pub(super) streams: bool,
    /// Whether errors may name the path that is called, and not only its template.
    shows_path: bool,
}

/// Where an intent goes, and its bytes, before they are checked.
pub(super) struct Request {
    pub(super) operation: Operation,
    pub(super) url: String,
    pub(super) body: Result<Bytes, Error>,
}

impl Request {
    pub(super) fn of<E: Endpoint>(session: &Session, endpoint: &E) -> Self {
        let operation = Operation {
            name: OperationName { method: E::METHOD, path: E::PATH },
            scope: E::SCOPE,
            follows: E::FOLLOWS,
            streams: E::STREAMS,
            shows_path: E::PATH.contains('{')
                && E::PATH != RawRead::PATH
                && endpoint.secrets().is_empty(),
        };
        let mut url = session.urls().start();
        endpoint.target(&mut url);
        Self { operation, url, body: endpoint.body() }
    }
}

impl Operation {
    fn method(&self) -> Method {
        self.name.method.clone()
    }
}

/// An attempt that is on the wire.
pub(super) struct InFlight {
    pub(super) ticket: u64,
    pub(super) sent: Now,
    pub(super) lost_at: Duration,
    /// From here on a timeout is the call's own deadline.
    pub(super) own_time: Option<Duration>,
    pub(super) generation: u64,
    pub(super) token: AccessToken,
    /// An earlier attempt may have reached the bank.
    pub(super) doubted: bool,
}

impl Intent {
    pub(super) fn new(
        session: &Session,
        operation: Operation,
        options: CallOptions,
        write: Option<WriteOptions>,
        jitter: u64,
    ) -> Self {
        let config = session.config();
        let key = write.as_ref().map(|write| write.key);
        let resumed = write.as_ref().and_then(|write| write.resume.as_ref());
        let attempts = Attempts::new(key.is_some(), resumed.map(|resume| resume.first_sent));
        let auth_date = write.as_ref().and_then(|write| write.auth_date);
        let on_conflict = write.and_then(|write| write.on_conflict);
        let span = tracing::info_span!(
            "qbank.call",
            otel.name = %operation.name,
            idempotency_key = key.map(tracing::field::display),
        );
        Self {
            operation,
            key,
            attempts,
            body: Bytes::new(),
            uri: Uri::default(),
            limits: Limits::of(config, &options),
            on_conflict: on_conflict.unwrap_or(config.on_conflict),
            auth_date: auth_date.and_then(AuthDate::header),
            auth: Authorizer::new(session.clone(), options.token.clone(), Jitter::new(!jitter)),
            token: options.token,
            jitter: Jitter::new(jitter),
            session: session.clone(),
            deadline: None,
            last: None,
            fresh_connection: false,
            previous_token: None,
            renewed: false,
            oversized: false,
            span,
        }
    }

    /// Fixes where it goes, and its bytes.
    pub(super) fn prepare(&mut self, url: String, body: Bytes) -> Result<(), Error> {
        self.body = body;
        // Whatever the operation appended, it stays with the bank's own host.
        let target = url.get(self.session.urls().base_text.len()..).unwrap_or_default();
        if !target.starts_with('/') || target.contains('#') {
            return Err(Error::invalid_input("path", "must start with / and have no fragment"));
        }
        self.uri = Uri::try_from(url)
            .map_err(|_| Error::invalid_input("path", "is not a valid URL path"))?;
        for (name, limit) in [("timeout", self.limits.timeout), ("deadline", self.limits.deadline)]
        {
            if limit.is_zero() {
                return Err(Error::invalid_input(name, "must be more than zero"));
            }
        }
        Ok(())
    }

    pub(super) const fn key(&self) -> Option<IdempotencyKey> {
        self.key
    }

    pub(super) const fn body(&self) -> &Bytes {
        &self.body
    }

    /// What is known of the money.
    pub(super) fn fate(&self) -> Fate {
        self.attempts.join()
    }

    /// Nothing where spans are compiled out, which the span itself does not know.
    pub(super) fn entered(&self) -> Option<EnteredSpan> {
        (STATIC_MAX_LEVEL != LevelFilter::OFF).then(|| self.span.clone().entered())
    }

    /// All that comes before a send, with the token for it.
    pub(super) fn ready(&mut self, now: Now, waker: &Waker) -> Step<Result<Bearer, Error>> {
        let deadline =
            *self.deadline.get_or_insert_with(|| now.mono.saturating_add(self.limits.deadline));
        if self.attempts.is_from_the_future(now) {
            return Step::Done(Err(self.first_sent_later()));
        }
        if let Some(age) = self.attempts.age(now)
            && age > self.session.config().max_key_age
        {
            return Step::Done(Err(self.too_old(age)));
        }
        if now.mono >= deadline {
            return Step::Done(Err(self.out_of_time()));
        }
        let throttled = self.session.throttled_until();
        if throttled >= deadline {
            return Step::Done(Err(self.throttled(throttled.saturating_sub(now.mono))));
        }
        if throttled > now.mono {
            return Step::Wait(throttled.saturating_sub(now.mono));
        }
        self.auth.poll(now, deadline, waker).map(|token| {
            token.map_err(|none| match none {
                NoToken::Refused(refusal) => self.fail(refusal.kind, refusal.details().into()),
                NoToken::OutOfTime => self.out_of_time(),
            })
        })
    }

    pub(super) fn settle_token(
        &mut self,
        now: Now,
        ticket: &Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        self.auth.settle(now, ticket, outcome);
    }

    pub(super) fn supply_token(
        &mut self,
        now: Now,
        ticket: &Ticket,
        token: Result<AccessToken, BoxError>,
    ) {
        self.auth.supply(now, ticket, token);
    }

    /// One attempt.
    pub(super) fn send(&mut self, now: Now, bearer: Bearer) -> (Exchange, InFlight) {
        let left = self.deadline.unwrap_or_default().saturating_sub(now.mono);
        let timeout = self.limits.timeout.min(left);
        let ticket = next_id();
        self.attempts.sending(now);
        tracing::debug!(attempt = self.attempts.count() + 1, "send");
        let exchange = Exchange {
            request: self.request(&bearer.token),
            connect_timeout: self.limits.connect_timeout(timeout),
            timeout,
            stream_timeout: self.operation.streams.then_some(left),
            max_body: self.limits.max_body,
            fresh_connection: self.fresh_connection,
            ticket: Ticket(ticket),
        };
        let own_time =
            (left <= self.limits.timeout).then(|| now.mono.saturating_add(timeout / 16 * 15));
        let in_flight = InFlight {
            ticket,
            sent: now,
            lost_at: now.mono.saturating_add(timeout).saturating_add(GRACE),
            own_time,
            generation: bearer.generation,
            token: bearer.token,
            doubted: self.attempts.join() >= Fate::Unknown,
        };
        (exchange, in_flight)
    }

    fn request(&self, token: &AccessToken) -> http::Request<Bytes> {
        let mut request = http::Request::new(self.body.clone());
        *request.method_mut() = self.operation.method();
        *request.uri_mut() = self.uri.clone();
        let headers = request.headers_mut();
        headers.reserve(7);
        headers.insert(header::AUTHORIZATION, token.header().clone());
        headers.insert(header::ACCEPT, HeaderValue::from_static(ACCEPT));
        headers.insert(header::ACCEPT_ENCODING, HeaderValue::from_static("identity"));
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

    /// Method and path below the base URL, for errors. A query stays out of them, and so does
    /// what may stand in a path of the application's own.
    pub(super) fn sent_to(&self) -> String {
        if !self.operation.shows_path {
            return self.operation.name.to_string();
        }
        let (base, path) = (self.session.urls().base.path(), self.uri.path());
        let path = path.strip_prefix(base.trim_end_matches('/')).unwrap_or(path);
        format!("{} {path}", self.operation.name.method)
    }

    /// The attempt is over.
    pub(super) fn record<T>(
        &mut self,
        sent: &InFlight,
        classified: &Classified<T>,
        fault: Option<FaultKind>,
    ) {
        let status = classified.status();
        let fate = match classified {
            _ if self.key.is_none() => Fate::NotApplicable,
            Classified::Success { .. } | Classified::PaymentFailed { .. } => Fate::Accepted,
            Classified::Failure(failure) => failure.decision.fate,
        };
        self.previous_token = Some(sent.token.clone());
        self.attempts.add(Attempt { at: sent.sent.utc(), status, fault, fate });
        tracing::debug!(status = status.map(|it| it.as_u16()), %fate, "the attempt is over");
    }

    /// From here on no attempt follows another.
    pub(super) const fn stop_retrying(&mut self) {
        self.limits.max_retries = 0;
    }
}

impl fmt::Debug for Intent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Intent")
            .field("key", &self.key)
            .field("attempts", &self.attempts)
            .finish_non_exhaustive()
    }
}

const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");
const AUTH_DATE: HeaderName = HeaderName::from_static("x-fapi-auth-date");
const ACCEPT: &str = "application/json, application/problem+json";
