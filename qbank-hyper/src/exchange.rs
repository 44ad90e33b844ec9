//! One HTTP exchange over hyper-util's client.

use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Body, Incoming};
use hyper_util::client::legacy::ResponseFuture;
use hyper_util::client::legacy::connect::{CaptureConnection, capture_connection};
use qbank_proto::bytes::{Bytes, BytesMut};
use qbank_proto::http::response::Parts;
use qbank_proto::http::{Request, Response, Uri};
use qbank_proto::{BodyMode, BoxError, Exchange, Fault, FaultKind, Proxy, Ticket};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::{fault, list};

/// Starts a request. The type of the client's connector ends here.
pub(crate) type StartRequest = dyn Fn(Request<Full<Bytes>>) -> ResponseFuture + Send + Sync;

/// A client that keeps connections, and one that never reuses any.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) pooled: Arc<StartRequest>,
    pub(crate) fresh: Arc<StartRequest>,
    /// Of our own connector.
    pub(crate) proxy: Option<Arc<Proxy>>,
}

/// What came of an exchange, and the body if it was left unread.
pub(crate) type Settled = (Ticket, Result<Response<Bytes>, Fault>, Option<list::Body>);

/// Does one exchange, once: what a GOAWAY named as not processed is put back on another
/// connection. `mode` is asked what becomes of the response's body.
pub(crate) fn exchange<'m>(
    clients: &Clients,
    exchange: Exchange,
    mode: impl FnOnce(&Ticket, &Parts) -> BodyMode + 'm,
) -> impl Future<Output = Settled> + 'm {
    // Outside the future, which would keep all of the exchange beside the request.
    let Exchange { request, ticket, timeout, connect_timeout, stream_timeout, max_body, .. } =
        exchange;
    let request = request.map(Full::new);
    let start = if exchange.fresh_connection { &clients.fresh } else { &clients.pooled };
    let start = Arc::clone(start);
    let proxy = clients.proxy.clone();
    let begun = Instant::now();
    let done_by = begun + timeout.min(LONGEST);
    async move {
        let mut timer = pin!(sleep_until(done_by));
        let mut puts_back = 0;
        let response = loop {
            let connect_by = Instant::now() + connect_timeout.min(LONGEST);
            timer.as_mut().reset(connect_by.min(done_by));
            let mut started = request.clone();
            let connection = capture_connection(&mut started);
            let response = start(started);
            match response_head(response, &connection, done_by, timer.as_mut()).await {
                Ok(response) => break response,
                Err(Broken::NotProcessed(_)) if puts_back < MOST_PUTS_BACK => puts_back += 1,
                Err(Broken::NotProcessed(fault) | Broken::Failed(fault)) => {
                    return (ticket, Err(fault), None);
                }
                Err(Broken::NotConnected) => {
                    let late = late(proxy.as_deref(), request.uri());
                    return (ticket, Err(Fault::unsent(FaultKind::Timeout, late)), None);
                }
            }
        };
        // Not needed while the body arrives.
        drop((request, start));
        let (head, body) = response.into_parts();
        if mode(&ticket, &head) == BodyMode::Stream {
            let limit = stream_timeout.unwrap_or(timeout);
            let unread = list::Body::new(body, begun + limit.min(LONGEST));
            return (ticket, Ok(Response::from_parts(head, Bytes::new())), Some(unread));
        }
        match read(body, max_body, timer, done_by).await {
            Ok(body) => (ticket, Ok(Response::from_parts(head, body)), None),
            Err(fault) => (ticket, Err(fault.with_head(head)), None),
        }
    }
}

/// A connection that is not there in time.
fn late(proxy: Option<&Proxy>, target: &Uri) -> BoxError {
    match proxy.filter(|proxy| proxy.is_for(target)) {
        Some(proxy) => format!("no connection in time through proxy {proxy}").into(),
        None => "no connection in time".into(),
    }
}

/// No limit is longer than ten years: the clock's own range has an end.
pub(crate) const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);

/// A server that names the stream as not processed again and again is given up.
const MOST_PUTS_BACK: u32 = 3;

/// Why there is no head.
enum Broken {
    /// A GOAWAY says that the server did not process the request.
    NotProcessed(Fault),
    /// There is no connection in time.
    NotConnected,
    Failed(Fault),
}

/// Waits for the head. hyper-util captures the connection before it gives it the request: until
/// then nothing was sent.
async fn response_head(
    response: ResponseFuture,
    connection: &CaptureConnection,
    done_by: Instant,
    mut timer: Pin<&mut Sleep>,
) -> Result<Response<Incoming>, Broken> {
    let mut response = pin!(response);
    poll_fn(|cx| {
        if let Poll::Ready(outcome) = response.as_mut().poll(cx) {
            return Poll::Ready(outcome.map_err(|error| {
                let not_processed = fault::is_not_processed(&error);
                let fault = fault::of_client(error, connection);
                if not_processed { Broken::NotProcessed(fault) } else { Broken::Failed(fault) }
            }));
        }
        loop {
            if timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            if !is_captured(connection) {
                return Poll::Ready(Err(Broken::NotConnected));
            }
            if timer.deadline() >= done_by {
                let fault = Fault::maybe(FaultKind::Timeout, "no response in time");
                return Poll::Ready(Err(Broken::Failed(fault)));
            }
            timer.as_mut().reset(done_by);
        }
    })
    .await
}

fn is_captured(connection: &CaptureConnection) -> bool {
    connection.connection_metadata().is_some()
}

/// Reads the body up to its limits.
async fn read(
    body: Incoming,
    most: usize,
    mut timer: Pin<&mut Sleep>,
    done_by: Instant,
) -> Result<Bytes, Fault> {
    let expected = body.size_hint().lower();
    if expected > most as u64 {
        return Err(too_large());
    }
    let mut body = pin!(body);
    let mut whole = Collected::None;
    loop {
        match poll_fn(|cx| chunk(body.as_mut(), timer.as_mut(), done_by, cx)).await? {
            None => return Ok(whole.into_bytes()),
            Some(data) if whole.len() + data.len() > most => return Err(too_large()),
            Some(data) => whole.push(data, expected),
        }
    }
}

/// The next piece of a body, until the time is up.
pub(crate) fn chunk(
    mut body: Pin<&mut Incoming>,
    mut timer: Pin<&mut Sleep>,
    done_by: Instant,
    cx: &mut Context<'_>,
) -> Poll<Result<Option<Bytes>, Fault>> {
    while let Poll::Ready(frame) = body.as_mut().poll_frame(cx) {
        match frame {
            None => return Poll::Ready(Ok(None)),
            Some(Err(error)) => return Poll::Ready(Err(fault::inside_response(error))),
            // Trailers are not used.
            Some(Ok(frame)) => {
                if let Ok(data) = frame.into_data() {
                    return Poll::Ready(Ok(Some(data)));
                }
            }
        }
    }
    // Moving a timer costs, and most bodies are here with their head.
    if timer.deadline() < done_by {
        timer.as_mut().reset(done_by);
    }
    timer
        .poll(cx)
        .map(|()| Err(Fault::maybe(FaultKind::Timeout, "the response did not end in time")))
}

fn too_large() -> Fault {
    Fault::maybe(FaultKind::BodyTooLarge, "the response is larger than the limit")
}

/// A body that came in one piece is not copied.
enum Collected {
    None,
    One(Bytes),
    Many(BytesMut),
}

impl Collected {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::One(bytes) => bytes.len(),
            Self::Many(bytes) => bytes.len(),
        }
    }

    fn push(&mut self, data: Bytes, expected: u64) {
        match self {
            Self::None => *self = Self::One(data),
            Self::Many(whole) => whole.extend_from_slice(&data),
            Self::One(first) => {
                let room = usize::try_from(expected).unwrap_or(0).min(FIRST_ROOM);
                let mut whole = BytesMut::with_capacity(room.max(first.len() + data.len()));
                whole.extend_from_slice(first);
                whole.extend_from_slice(&data);
                *self = Self::Many(whole);
            }
        }
    }

    fn into_bytes(self) -> Bytes {
        match self {
            Self::None => Bytes::new(),
            Self::One(bytes) => bytes,
            Self::Many(bytes) => bytes.freeze(),
        }
    }
}

/// The most memory that is reserved for a length that a server has announced.
const FIRST_ROOM: usize = 1 << 20;
