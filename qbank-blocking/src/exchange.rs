//! One HTTP exchange over ureq.

use std::io::Read;
use std::time::Instant;

use qbank_proto::bytes::Bytes;
use qbank_proto::{BodyMode, Exchange, Fault, Ticket, is_loopback};
use ureq::http::response::Parts;
use ureq::http::{Request, Response};
use ureq::{AsSendBody, Body};

use crate::agent::Agents;
use crate::watch::Watch;
use crate::{fault, list};

/// What came of an exchange, and the body if it was left unread.
pub(crate) type Outcome = (Ticket, Result<Response<Bytes>, Fault>, Option<list::Body>);

/// Does it once, and says what came of it. `mode` is asked what becomes of the body.
pub(crate) fn exchange(
    agents: &Agents,
    exchange: Exchange,
    mode: impl FnOnce(&Ticket, &Parts) -> BodyMode,
) -> Outcome {
    let limits = Limits::of(&exchange);
    Watch::begin(&exchange);
    let (head, body) = exchange.request.into_parts();
    let answered = if body.is_empty() && head.method == "GET" {
        run(agents, Request::from_parts(head, ()), &limits)
    } else {
        run(agents, Request::from_parts(head, &body[..]), &limits)
    };
    let mut left = None;
    let outcome = match answered {
        Ok(answer) => {
            let (head, body) = answer.into_parts();
            if mode(&exchange.ticket, &head) == BodyMode::Stream {
                let done_by =
                    exchange.stream_timeout.and_then(|limit| limits.begun.checked_add(limit));
                left = Some(list::Body::new(body, done_by));
                Ok(Response::from_parts(head, Bytes::new()))
            } else {
                match read(body, &limits) {
                    Ok(body) => Ok(Response::from_parts(head, body)),
                    Err(error) => Err(fault::inside_answer(error).with_head(head)),
                }
            }
        }
        Err(error) => Err(match agents {
            Agents::Own { .. } if !Watch::current().is_written() => fault::before_request(error),
            Agents::Own { .. } => fault::after_request(error),
            Agents::Given(_) => fault::of_given_agent(error),
        }),
    };
    Watch::end();
    (exchange.ticket, outcome, left)
}

/// What is left of an exchange once its request is on its way.
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

fn run(
    agents: &Agents,
    request: Request<impl AsSendBody>,
    limits: &Limits,
) -> Result<Response<Body>, ureq::Error> {
    match agents {
        Agents::Own { proxied: Some(agent), .. } if !limits.loopback => agent.run(request),
        Agents::Own { direct, .. } => direct.run(request),
        Agents::Given(agent) => agent.run(secured(agent, request, limits)),
    }
}

/// Whatever the agent's own settings are, these hold. Never its global or
/// per-call timeout: they make ureq resolve on a fresh thread every call.
fn secured<S: AsSendBody>(agent: &ureq::Agent, request: Request<S>, limits: &Limits) -> Request<S> {
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

/// Reads the body up to its limits. Our own agent's reads are limited by the
/// watch; a given agent's drip is stopped here.
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
