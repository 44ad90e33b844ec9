//! One exchange with the bank: the response and its wire fault, as a transport would
//! report them, at the time at which it would.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::response::Parts;
use qbank_proto::{BodyMode, Exchange, Fault, FaultKind, Ticket};

use super::driver::Running;
use super::lock;
use crate::faults::WireFault;

/// The outcome of an exchange, and the body if it was left unread.
pub(super) struct Outcome {
    pub(super) ticket: Ticket,
    pub(super) result: Result<Response<Bytes>, Fault>,
    pub(super) body: Option<Body>,
}

/// A body that arrives in parts, by the clock of the driver.
#[derive(Debug)]
pub(super) struct Body {
    parts: VecDeque<(Duration, Bytes)>,
    /// When the connection breaks, if it does.
    broken: Option<Duration>,
    /// Nothing is read after this.
    done_by: Option<Duration>,
}

/// What reading a body comes to next.
pub(super) enum Read {
    Part(Duration, Bytes),
    End,
    Broken(Duration, FaultKind),
}

/// Slow bodies arrive in about this many parts a second.
const PARTS_PER_S: u32 = 10;

impl Body {
    fn of(body: Bytes, fault: Option<WireFault>, head_at: Duration) -> Self {
        let mut parts = VecDeque::new();
        let mut broken = None;
        match fault {
            Some(WireFault::Truncate) => {
                parts.push_back((head_at, body.slice(..body.len() / 2)));
                broken = Some(head_at);
            }
            Some(WireFault::Slow { bytes_per_s }) => {
                let bytes_per_s = bytes_per_s.max(1);
                let size = (bytes_per_s / PARTS_PER_S).max(1);
                let every = Duration::from_secs(1) * size / bytes_per_s;
                let size = usize::try_from(size).unwrap_or(usize::MAX);
                let mut at = head_at;
                let mut rest = body;
                while !rest.is_empty() {
                    at = at.saturating_add(every);
                    parts.push_back((at, rest.split_to(size.min(rest.len()))));
                }
            }
            _ => parts.push_back((head_at, body)),
        }
        Self { parts, broken, done_by: None }
    }

    /// The next part and when it is there, or the end.
    pub(super) fn next(&mut self) -> Read {
        let read = match (self.parts.pop_front(), self.broken) {
            (Some((at, part)), _) => Read::Part(at, part),
            (None, Some(at)) => Read::Broken(at, FaultKind::Disconnected),
            (None, None) => Read::End,
        };
        match (read.at(), self.done_by) {
            (Some(at), Some(limit)) if at > limit => Read::Broken(limit, FaultKind::Timeout),
            _ => read,
        }
    }
}

impl Read {
    /// When it is there.
    pub(super) fn at(&self) -> Option<Duration> {
        match self {
            Self::Part(at, _) | Self::Broken(at, _) => Some(*at),
            Self::End => None,
        }
    }
}

/// Does the exchange. `mode` decides what becomes of the body.
pub(super) async fn exchange(
    call: &Running,
    exchange: Exchange,
    mode: impl FnOnce(&Ticket, &Parts) -> BodyMode,
) -> Outcome {
    let Exchange { request, timeout, stream_timeout, max_body, ticket, .. } = exchange;
    let failed = |ticket, fault| Outcome { ticket, result: Err(fault), body: None };
    if !*lock(&call.shared.reachable) {
        let fault = Fault::unsent(FaultKind::Connect, "the sandbox bank is not reachable");
        return failed(ticket, fault);
    }
    let begun = call.now().mono;
    let deadline = begun.saturating_add(timeout);
    let (head, body) = call.shared.handle(request).into_parts();
    let fault = WireFault::of(&head.extensions);
    let head_at = match fault {
        Some(WireFault::CloseWithoutResponse | WireFault::CloseBeforeReading) => {
            let what = "the connection closed before a response";
            return failed(ticket, Fault::maybe(FaultKind::Disconnected, what));
        }
        Some(WireFault::Delay(by)) => begun.saturating_add(by),
        _ => begun,
    };
    if head_at > deadline {
        call.sleep_until(deadline).await;
        let fault = Fault::maybe(FaultKind::Timeout, "no response in time");
        return failed(ticket, fault);
    }
    call.sleep_until(head_at).await;

    let mut arriving = Body::of(body, fault, head_at);
    if mode(&ticket, &head) == BodyMode::Stream {
        arriving.done_by = stream_timeout.and_then(|limit| begun.checked_add(limit));
        let result = Ok(Response::from_parts(head, Bytes::new()));
        return Outcome { ticket, result, body: Some(arriving) };
    }
    arriving.done_by = Some(deadline);
    let mut whole = Vec::new();
    let result = loop {
        match arriving.next() {
            Read::Part(at, part) => {
                call.sleep_until(at).await;
                if whole.len() + part.len() > max_body {
                    let what = "the body is larger than the limit";
                    break Err(Fault::maybe(FaultKind::BodyTooLarge, what).with_head(head));
                }
                whole.extend_from_slice(&part);
            }
            Read::End => break Ok(Response::from_parts(head, whole.into())),
            Read::Broken(at, kind) => {
                call.sleep_until(at).await;
                break Err(Fault::maybe(kind, kind.to_string()).with_head(head));
            }
        }
    };
    Outcome { ticket, result, body: None }
}
