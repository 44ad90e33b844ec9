//! One HTTP exchange over ureq.

use std::io::Read;
use std::time::Instant;

use qbank_proto::bytes::Bytes;
use qbank_proto::{BodyMode, Exchange, Fault, FaultKind, Ticket, is_loopback};
use ureq::http::header::CONTENT_LENGTH;
use ureq::http::response::Parts;
use ureq::http::{Request, Response, request};
use ureq::{Agent, AsSendBody, Body, SendBody};

use crate::agent::Agents;
use crate::in_flight::InFlight;
use crate::request_body::RequestBody;
use crate::{fault, list};

/// What came of an exchange, and the body if it was left unread.
pub(crate) type Settled = (Ticket, Result<Response<Bytes>, Fault>, Option<list::Body>);

/// Does one exchange, once. `mode` is asked what becomes of the response's body.
pub(crate) fn exchange(
    agents: &Agents,
    exchange: Exchange,
    mode: impl FnOnce(&Ticket, &Parts) -> BodyMode,
) -> Settled {
    let limits = Limits::of(&exchange);
    InFlight::begin(&exchange);
    let response = match agents {
        Agents::Own { unusable_proxy: Some(rule), .. } if !limits.loopback => {
            Err(Fault::unsent(FaultKind::Connect, rule.as_str()))
        }
        Agents::Own { agent, .. } => run_own(agent, exchange.request),
        Agents::Given(agent) => run_given(agent, exchange.request, &limits),
    };
    let mut unread = None;
    let outcome = response.and_then(|response| {
        let (head, body) = response.into_parts();
        if mode(&exchange.ticket, &head) == BodyMode::Stream {
            let done_by = exchange.stream_timeout.and_then(|limit| limits.begun.checked_add(limit));
            unread = Some(list::Body::new(body, done_by));
            return Ok(Response::from_parts(head, Bytes::new()));
        }
        match read(body, &limits) {
            Ok(body) => Ok(Response::from_parts(head, body)),
            Err(error) => Err(fault::after_request(error).with_head(head)),
        }
    });
    InFlight::end();
    (exchange.ticket, outcome, unread)
}

/// Our own agent, whose connector notes whether a byte of the request was written.
fn run_own(agent: &Agent, request: Request<Bytes>) -> Result<Response<Body>, Fault> {
    let (head, body) = request.into_parts();
    let response = if is_bodyless(&head, &body) {
        agent.run(Request::from_parts(head, ()))
    } else {
        agent.run(Request::from_parts(head, &body[..]))
    };
    response.map_err(|error| {
        let in_flight = InFlight::current();
        if in_flight.is_written() {
            fault::after_request(error)
        } else {
            fault::before_request(error, in_flight.is_asked())
        }
    })
}

/// An application's agent: what is known of it is whether it read the request's body.
fn run_given(
    agent: &Agent,
    request: Request<Bytes>,
    limits: &Limits,
) -> Result<Response<Body>, Fault> {
    let (mut head, bytes) = request.into_parts();
    if is_bodyless(&head, &bytes) {
        let request = secured(agent, Request::from_parts(head, ()), limits);
        return agent.run(request).map_err(fault::after_request);
    }
    let mut body = RequestBody::new(&bytes);
    head.headers.insert(CONTENT_LENGTH, bytes.len().into());
    let request = Request::from_parts(head, SendBody::from_reader(&mut body));
    let response = agent.run(secured(agent, request, limits));
    response.map_err(|error| {
        if body.is_read() {
            fault::after_request(error)
        } else {
            fault::before_request(error, false)
        }
    })
}

fn is_bodyless(head: &request::Parts, body: &Bytes) -> bool {
    body.is_empty() && head.method == "GET"
}

/// The limits of an exchange.
struct Limits {
    begun: Instant,
    timeout: std::time::Duration,
    body_timeout: std::time::Duration,
    connect_timeout: std::time::Duration,
    fresh_connection: bool,
    max_body: usize,
    loopback: bool,
}

impl Limits {
    fn of(exchange: &Exchange) -> Self {
        Self {
            begun: Instant::now(),
            timeout: exchange.timeout,
            body_timeout: exchange.stream_timeout.unwrap_or(exchange.timeout),
            connect_timeout: exchange.connect_timeout,
            fresh_connection: exchange.fresh_connection,
            max_body: exchange.max_body,
            loopback: is_loopback(exchange.request.uri().host().unwrap_or_default()),
        }
    }
}

/// Whatever the agent's own settings are, these hold. Never its global or
/// per-call timeout: they make ureq resolve on a fresh thread every call.
fn secured<S: AsSendBody>(agent: &Agent, request: Request<S>, limits: &Limits) -> Request<S> {
    let proxy = agent.config().proxy().filter(|_| !limits.loopback).cloned();
    let idle = agent.config().max_idle_age();
    let idle = if limits.fresh_connection { std::time::Duration::ZERO } else { idle };
    agent
        .configure_request(request)
        .https_only(!limits.loopback)
        .proxy(proxy)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false)
        .accept_encoding("")
        .max_idle_age(idle)
        .timeout_global(None)
        .timeout_per_call(None)
        .timeout_connect(Some(limits.connect_timeout))
        .timeout_send_request(Some(limits.timeout))
        .timeout_send_body(Some(limits.timeout))
        .timeout_recv_response(Some(limits.timeout))
        .timeout_recv_body(Some(limits.body_timeout))
        .build()
}

/// Reads the body up to its limits. The connector of our own agent limits each read; a given
/// agent that gets a byte at a time is stopped here.
fn read(body: Body, limits: &Limits) -> Result<Bytes, ureq::Error> {
    let expected = body.content_length().and_then(|length| usize::try_from(length).ok());
    let too_large = || ureq::Error::BodyExceedsLimit(limits.max_body as u64);
    if expected.is_some_and(|length| length > limits.max_body) {
        return Err(too_large());
    }
    let mut whole = Vec::with_capacity(expected.unwrap_or(0).min(CHUNK));
    let mut reader = body.into_reader();
    let mut chunk = [0; CHUNK];
    loop {
        let length = reader.read(&mut chunk)?;
        if length == 0 {
            return Ok(whole.into());
        }
        if whole.len() + length > limits.max_body {
            return Err(too_large());
        }
        whole.extend_from_slice(chunk.get(..length).unwrap_or_default());
        if limits.begun.elapsed() >= limits.timeout {
            return Err(ureq::Error::Timeout(ureq::Timeout::RecvBody));
        }
    }
}

const CHUNK: usize = 16 << 10;
