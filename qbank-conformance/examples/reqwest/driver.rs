//! A transport over [`reqwest`], complete: the guide "Write a transport" walks through it.
//!
//! `qbank-proto` decides; this file does. It is a loop, one HTTP exchange, its faults and its
//! settings, and it meets every scenario of the conformance suite.

use std::collections::BTreeMap;
use std::error::Error as StdError;
use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::Poll;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use qbank_proto::bytes::{Bytes, BytesMut};
use qbank_proto::http::header::{ACCEPT_ENCODING, HeaderValue};
use qbank_proto::http::{Response as HttpResponse, response::Parts};
use qbank_proto::{
    Async, BodyMode, Driver, Entropy, Error, Exchange, Fault, FaultKind, ListDecoder, ListDriver,
    ListEndpoint, Machine, Now, Reply, Run, Step, Ticket, is_loopback,
};
use reqwest::{Client, ClientBuilder, Request, Response, redirect, retry};
use tokio::time::{Instant, timeout_at};

// ANCHOR: driver
/// The driver: does HTTP exchanges on the tokio runtime that polls it.
#[derive(Clone)]
pub struct Reqwest {
    clients: Arc<Clients>,
}

impl Reqwest {
    /// A driver with these certificates, and settings of the application's, such as a proxy.
    /// The safety settings are put on top of them, so that they hold whatever is set here.
    pub fn new<F>(tls: rustls::ClientConfig, settings: F) -> Self
    where
        F: Fn(ClientBuilder) -> ClientBuilder + Send + Sync + 'static,
    {
        let clients = Clients { tls, settings: Box::new(settings), pooled: Mutex::default() };
        Self { clients: Arc::new(clients) }
    }
}
// ANCHOR_END: driver

// ANCHOR: impl
impl Driver for Reqwest {
    type Flavor = Async;

    fn drive<M>(&self, mut machine: M) -> Run<Self, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        let clients = Arc::clone(&self.clients);
        Box::pin(async move { run(&clients, &mut machine).await.0 })
    }

    fn entropy(&self) -> Entropy {
        let mut bytes = [0; 24];
        // Without the system's generator no key is safe to use.
        #[expect(clippy::expect_used, reason = "no input reaches it")]
        getrandom::fill(&mut bytes).expect("the system has a random generator");
        Entropy::from_bytes(bytes)
    }

    fn now(&self) -> Now {
        now()
    }
}
// ANCHOR_END: impl

// ANCHOR: clock
/// Both clocks. The monotonic one has one origin for the whole process, so that calls of
/// several drivers can share a session.
fn now() -> Now {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    Now {
        mono: ORIGIN.get_or_init(Instant::now).elapsed(),
        unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    }
}
// ANCHOR_END: clock

// ANCHOR: loop
/// Drives a machine to its end. A body that the machine left unread comes with its output.
async fn run<M: Machine>(clients: &Clients, machine: &mut M) -> (M::Output, Option<Body>) {
    let mut unread = None;
    loop {
        match poll_fn(|cx| Poll::Ready(machine.poll(now(), cx.waker()))).await {
            Step::Send(exchange) => {
                let (ticket, outcome, body) = send(clients, exchange, machine).await;
                unread = body;
                machine.settle(now(), ticket, outcome);
            }
            Step::Authorize { ticket, .. } => {
                // `Credentials::Supplier`: a driver that has a supplier calls it here.
                let missing = "this driver has no token supplier";
                machine.supply(now(), ticket, Err(missing.into()));
            }
            Step::Wait(limit) => wait(limit).await,
            Step::Done(output) => return (output, unread),
        }
    }
}
// ANCHOR_END: loop

// ANCHOR: wait
/// Returns when the time has passed, or at the next wake-up of this task. The machine was
/// given the waker of this very task, so a wake-up polls this future once more.
async fn wait(limit: Duration) {
    let mut sleep = pin!(tokio::time::sleep(limit));
    let mut polled_before = false;
    poll_fn(|cx| {
        let elapsed = sleep.as_mut().poll(cx).is_ready();
        let woken = std::mem::replace(&mut polled_before, true);
        if elapsed || woken { Poll::Ready(()) } else { Poll::Pending }
    })
    .await;
}
// ANCHOR_END: wait

// ANCHOR: send
/// One exchange: the ticket, the response or the fault, and the body if it is left unread.
type Settled = (Ticket, Result<HttpResponse<Bytes>, Fault>, Option<Body>);

/// Does one exchange, once. The machine decides from the head whether the body is read here.
async fn send<M: Machine>(clients: &Clients, exchange: Exchange, machine: &mut M) -> Settled {
    let started = Instant::now();
    let done_by = after(started, exchange.timeout);
    let response = match head(clients, &exchange, done_by).await {
        Ok(response) => response,
        Err(fault) => return (exchange.ticket, Err(fault), None),
    };
    let (head, mut body) = split(response, done_by);
    match machine.head(now(), &exchange.ticket, &head) {
        BodyMode::Stream => {
            body.done_by = after(started, exchange.stream_timeout.unwrap_or(exchange.timeout));
            let empty = HttpResponse::from_parts(head, Bytes::new());
            (exchange.ticket, Ok(empty), Some(body))
        }
        BodyMode::Buffer => {
            let outcome = match body.read_all(exchange.max_body).await {
                Ok(bytes) => Ok(HttpResponse::from_parts(head, bytes)),
                // The head counts although the body broke: it may be a 202 with a `Location`.
                Err(fault) => Err(fault.with_head(head)),
            };
            (exchange.ticket, outcome, None)
        }
    }
}

/// Sends the request and waits for the head of its response.
async fn head(clients: &Clients, exchange: &Exchange, done_by: Instant) -> Result<Response, Fault> {
    let client = clients.for_exchange(exchange).map_err(fault)?;
    let mut request = Request::try_from(exchange.request.clone()).map_err(fault)?;
    request.headers_mut().insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    match timeout_at(done_by, client.execute(request)).await {
        Ok(response) => response.map_err(fault),
        // reqwest does not tell whether it had a connection by then.
        Err(_) => Err(Fault::maybe(FaultKind::Timeout, "no response in time")),
    }
}

/// The head as the machine takes it, and the rest, which keeps the connection.
fn split(mut response: Response, done_by: Instant) -> (Parts, Body) {
    let mut head = HttpResponse::new(()).into_parts().0;
    head.status = response.status();
    head.version = response.version();
    head.headers = std::mem::take(response.headers_mut());
    (head, Body { response, done_by })
}

/// No limit is longer than ten years: the range of the clock ends somewhere.
fn after(start: Instant, limit: Duration) -> Instant {
    const LONGEST: Duration = Duration::from_secs(10 * 366 * 24 * 3600);
    start + limit.min(LONGEST)
}
// ANCHOR_END: send

// ANCHOR: body
/// A body of which the head was read.
struct Body {
    response: Response,
    done_by: Instant,
}

impl Body {
    async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        match timeout_at(self.done_by, self.response.chunk()).await {
            Ok(chunk) => chunk.map_err(|error| Fault::maybe(kind(&error), error.without_url())),
            Err(_) => Err(Fault::maybe(FaultKind::Timeout, "the response did not end in time")),
        }
    }

    async fn read_all(&mut self, limit: usize) -> Result<Bytes, Fault> {
        let too_large = || Fault::maybe(FaultKind::BodyTooLarge, "the response is over the limit");
        if self.response.content_length().is_some_and(|length| length > limit as u64) {
            return Err(too_large());
        }
        let mut whole = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            if whole.len() + chunk.len() > limit {
                return Err(too_large());
            }
            whole.extend_from_slice(&chunk);
        }
        Ok(whole.freeze())
    }
}
// ANCHOR_END: body

// ANCHOR: settings
/// The clients of `reqwest`, which has most settings on a client where an [`Exchange`] has
/// them on each request.
struct Clients {
    tls: rustls::ClientConfig,
    settings: Box<dyn Fn(ClientBuilder) -> ClientBuilder + Send + Sync>,
    /// By the time to connect, and whether the host is a loopback one.
    pooled: Mutex<BTreeMap<(Duration, bool), Client>>,
}

impl Clients {
    /// More than the options of an application's calls differ by.
    const MOST: usize = 16;

    /// The client with the settings of this exchange. One that was never used has no
    /// connection that was used before.
    fn for_exchange(&self, exchange: &Exchange) -> reqwest::Result<Client> {
        let loopback = is_loopback(exchange.request.uri().host().unwrap_or_default());
        if exchange.fresh_connection {
            return self.build(exchange.connect_timeout, loopback);
        }
        let mut pooled = self.pooled.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (exchange.connect_timeout, loopback);
        if let Some(client) = pooled.get(&key) {
            return Ok(client.clone());
        }
        if pooled.len() >= Self::MOST {
            pooled.clear();
        }
        let client = self.build(exchange.connect_timeout, loopback)?;
        pooled.insert(key, client.clone());
        Ok(client)
    }

    /// The application's settings first, so that ours hold.
    fn build(&self, connect_timeout: Duration, loopback: bool) -> reqwest::Result<Client> {
        let builder = (self.settings)(Client::builder())
            .tls_backend_preconfigured(self.tls.clone())
            .https_only(!loopback)
            .connect_timeout(connect_timeout)
            // A redirect would take the payment and the token elsewhere.
            .redirect(redirect::Policy::none())
            // Attempts are counted by the machine, which has the one retry policy.
            .retry(retry::never())
            .referer(false)
            // Servers and load balancers close idle connections after 15 s or more.
            .pool_idle_timeout(Duration::from_secs(10));
        if loopback { builder.no_proxy() } else { builder }.build()
    }
}
// ANCHOR_END: settings

// ANCHOR: fault
/// Why no head of a response came. Not sent is claimed only where `reqwest` had no connection
/// for the request: all else may have arrived.
fn fault(error: reqwest::Error) -> Fault {
    let kind = kind(&error);
    let never_connected = error.is_builder() || error.is_connect();
    let error = error.without_url();
    if never_connected { Fault::unsent(kind, error) } else { Fault::maybe(kind, error) }
}

fn kind(error: &reqwest::Error) -> FaultKind {
    if let Some(tls) = causes(error).find_map(|cause| cause.downcast_ref::<rustls::Error>()) {
        return match tls {
            rustls::Error::InvalidCertificate(_) => FaultKind::Certificate,
            _ => FaultKind::Tls,
        };
    }
    if error.is_timeout() {
        FaultKind::Timeout
    } else if error.is_dns() {
        FaultKind::Resolve
    } else if error.is_connect() {
        FaultKind::Connect
    } else if error.is_builder() {
        FaultKind::Other
    } else {
        FaultKind::Disconnected
    }
}

/// The error and its causes. What an I/O error wraps is no `source` of it.
fn causes<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn StdError + 'static)| {
        let error: &'a (dyn StdError + 'static) = *error;
        match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(wrapped) => Some(wrapped as &(dyn StdError + 'static)),
            None => error.source(),
        }
    })
}
// ANCHOR_END: fault

// ANCHOR: list
impl ListDriver for Reqwest {
    type List<L: ListEndpoint> = List<L>;

    fn open<L, M>(&self, mut opening: M) -> Run<Self, Result<List<L>, Error>>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let clients = Arc::clone(&self.clients);
        Box::pin(async move {
            let (opened, body) = run(&clients, &mut opening).await;
            let reply = opened?;
            let mut decoder = ListDecoder::default();
            // A machine that had the body read has lost the list: not an empty list.
            if body.is_none() {
                decoder.end();
            }
            Ok(List { reply, body, decoder })
        })
    }
}

/// The items of a list while the response arrives, in the memory of one item.
pub struct List<L: ListEndpoint> {
    reply: Reply<()>,
    body: Option<Body>,
    decoder: ListDecoder<L>,
}

impl<L: ListEndpoint> List<L> {
    /// The head of the response: status, headers, attempts.
    pub fn reply(&self) -> &Reply<()> {
        &self.reply
    }

    /// The next item. After an error or the end there is none.
    pub async fn next(&mut self) -> Option<Result<L::Item, Error>> {
        loop {
            if let Some(item) = self.decoder.next() {
                return Some(item);
            }
            match self.body.as_mut()?.chunk().await {
                Ok(Some(chunk)) => self.decoder.push(&chunk),
                Ok(None) => {
                    self.decoder.end();
                    self.body = None;
                }
                Err(fault) => {
                    self.decoder.broken(fault.source);
                    self.body = None;
                }
            }
        }
    }
}
// ANCHOR_END: list

impl fmt::Debug for Reqwest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Reqwest")
    }
}

impl<L: ListEndpoint> fmt::Debug for List<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("reply", &self.reply).finish_non_exhaustive()
    }
}
