//! The receiver of `webhooks listen`: verifies a delivery, forwards it, responds and
//! prints a line. Everything is bounded.

mod body;
mod server;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http_body_util::Empty;
use hyper::body::Incoming;
use qbank_proto::EventId;
use qbank_proto::bytes::Bytes;
use qbank_proto::http::header::{ALLOW, CONTENT_TYPE};
use qbank_proto::http::{HeaderMap, HeaderValue, Method, Request, Response, StatusCode, Uri};
use qbank_proto::webhook::{Delivery, Event, Verifier};
use qbank_sandbox::server::post_for_status;
use serde::Serialize;
use tokio::time::timeout;

use self::body::{Bodies, NotRead};
use crate::output::Printer;

pub(crate) use self::server::serve;

/// For a head, and for a body, to arrive.
const ARRIVES_WITHIN: Duration = Duration::from_secs(10);
/// A bank waits some seconds for a response.
const FORWARDED_WITHIN: Duration = Duration::from_secs(4);
/// How many events are remembered, to recognise a duplicate.
const MAX_REMEMBERED: usize = 10_000;
/// The headers that are forwarded.
const FORWARDED: [&str; 4] =
    ["webhook-event-id", "webhook-signature", "webhook-id", "webhook-timestamp"];

/// Handles deliveries.
#[derive(Clone)]
pub(crate) struct Receiver(Arc<Inner>);

struct Inner {
    verifier: Verifier,
    forward_to: Option<Uri>,
    keep: Option<Box<Keep>>,
    seen: Mutex<Seen>,
    bodies: Bodies,
}

/// Writes a genuine event down, or says why it cannot.
pub(crate) type Keep = dyn Fn(&Event) -> Result<(), String> + Send + Sync;

/// The latest events, by their signed ids.
#[derive(Default)]
struct Seen {
    ids: BTreeSet<String>,
    order: VecDeque<String>,
}

/// The line of a delivery.
#[derive(Default, Serialize)]
struct Line {
    /// The id of this attempt, which is not signed.
    webhook_event_id: Option<String>,
    /// The signed id: dedupe on this.
    event_id: Option<EventId>,
    verified: bool,
    /// The event was received before.
    duplicate: bool,
    /// The response to the bank.
    status: u16,
    /// The response of the URL that deliveries are forwarded to.
    forwarded: Option<u16>,
    error: Option<String>,
    event: Option<Event>,
}

impl Receiver {
    pub(crate) fn new(
        verifier: Verifier,
        forward_to: Option<Uri>,
        keep: Option<Box<Keep>>,
    ) -> Self {
        let (seen, bodies) = (Mutex::default(), Bodies::new());
        Self(Arc::new(Inner { verifier, forward_to, keep, seen, bodies }))
    }

    async fn respond(&self, request: Request<Incoming>) -> Response<Empty<Bytes>> {
        let (head, body) = request.into_parts();
        if head.method != Method::POST {
            let mut response = empty(StatusCode::METHOD_NOT_ALLOWED);
            response.headers_mut().insert(ALLOW, HeaderValue::from_static("POST"));
            return response;
        }
        let mut line = Line { webhook_event_id: attempt_id(&head.headers), ..Line::default() };
        let status = match timeout(ARRIVES_WITHIN, self.0.bodies.read(body)).await {
            Ok(Ok(body)) => self.receive(&head.headers, body.bytes.clone(), &mut line).await,
            Ok(Err(not_read)) => {
                line.error = Some(not_read.to_string());
                match not_read {
                    NotRead::NoRoom => StatusCode::SERVICE_UNAVAILABLE,
                    NotRead::TooLarge | NotRead::Broken(_) => StatusCode::BAD_REQUEST,
                }
            }
            Err(_) => {
                line.error = Some("the body did not arrive in time".to_owned());
                StatusCode::BAD_REQUEST
            }
        };
        line.status = status.as_u16();
        Printer::line(&line);
        empty(status)
    }

    async fn receive(&self, headers: &HeaderMap, body: Bytes, line: &mut Line) -> StatusCode {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let verified = Delivery::new(headers, &body)
            .and_then(|delivery| self.0.verifier.verify(&delivery, now));
        if let Err(error) = verified {
            line.error = Some(error.to_string());
            return StatusCode::BAD_REQUEST;
        }
        line.verified = true;
        line.event = Event::parse(&body).ok();
        line.event_id = line.event.as_ref().map(|event| event.event_id);
        if let (Some(keep), Some(event)) = (&self.0.keep, &line.event)
            && let Err(error) = keep(event)
        {
            line.error = Some(error);
            return StatusCode::SERVICE_UNAVAILABLE;
        }
        if let Some(uri) = &self.0.forward_to {
            let sent = post_for_status(uri, forwarded(headers), body, FORWARDED_WITHIN).await;
            line.forwarded = sent.as_ref().ok().map(StatusCode::as_u16);
            match sent {
                Ok(StatusCode::OK) => {}
                Ok(status) => {
                    line.error = Some(format!("{uri} responded {status}"));
                    return StatusCode::BAD_GATEWAY;
                }
                Err(error) => {
                    line.error = Some(format!("{uri}: {error}"));
                    return StatusCode::BAD_GATEWAY;
                }
            }
        }
        // Only accepted events are remembered: the bank sends the others again.
        line.duplicate = line.event_id.is_some_and(|id| self.has_seen(id));
        StatusCode::OK
    }

    fn has_seen(&self, id: EventId) -> bool {
        let id = id.to_string();
        let mut seen = self.0.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if !seen.ids.insert(id.clone()) {
            return true;
        }
        seen.order.push_back(id);
        if seen.order.len() > MAX_REMEMBERED
            && let Some(oldest) = seen.order.pop_front()
        {
            seen.ids.remove(&oldest);
        }
        false
    }
}

fn attempt_id(headers: &HeaderMap) -> Option<String> {
    let value = headers.get("webhook-event-id").or_else(|| headers.get("webhook-id"))?;
    Some(String::from_utf8_lossy(value.as_bytes()).chars().take(256).collect())
}

fn forwarded(headers: &HeaderMap) -> HeaderMap {
    let names = FORWARDED.into_iter().chain([CONTENT_TYPE.as_str()]);
    names
        .filter_map(|name| {
            let value = headers.get(name)?.clone();
            Some((name.parse().ok()?, value))
        })
        .collect()
}

fn empty(status: StatusCode) -> Response<Empty<Bytes>> {
    let mut response = Response::new(Empty::new());
    *response.status_mut() = status;
    response
}
