//! The async QBank Connect client: a loop over [`hyper_util`]'s client on tokio,
//! around the machine of [`qbank_proto`] that decides everything.
//!
//! ```no_run
//! use qbank_hyper::endpoint::CreateAch;
//! use qbank_hyper::{AccountId, Client, Config, Credentials, Environment, Fate};
//!
//! # async fn pay() -> Result<(), Box<dyn std::error::Error>> {
//! let credentials = Credentials::client("client-id", "client-secret");
//! let client = Client::new(Config::new(Environment::Production, credentials))?;
//!
//! let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
//! let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
//! let payment = client.payments().create_ach(CreateAch::new(from, to, "1000.50".parse()?));
//! match payment.send().await {
//!     Ok(reply) => println!("accepted as {:?}", reply.value.payment_id),
//!     Err(error) if error.fate() == Fate::Unknown => println!(
//!         "resend only with key {:?}, first sent {:?}",
//!         error.key(),
//!         error.first_sent(),
//!     ),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # Dropping a future
//!
//! Every future is `Send` and may be dropped at any await point: the session
//! stays healthy, a refresh that the call led is handed on to a call that waits, and the payment is
//! safe to submit again with its key ([`Pending::resume`]). What became of a
//! dropped call is not known; keep the key of [`Pending::call`] first.
//!
//! # Connections
//!
//! HTTP/1.1 and HTTP/2 by ALPN. Idle connections are closed after 10 s, before
//! common servers close theirs. The pool's own retry stays on: it puts back only
//! a request of which no byte was written to a reused connection. After a broken
//! connection the next attempt gets a fresh one.
//!
//! # Logging
//!
//! This library's own lines are `tracing` events and hold no secret. `hyper` and
//! `h2` trace raw headers: cap their targets at info.
//!
//! # Bringing your own
//!
//! [`Hyper::with_connector`] takes a connector, [`Hyper::with_client`] a whole
//! client; [`Hyper::builder`] takes root certificates, a client certificate or a whole
//! configuration of rustls, and a proxy, for our own.
//! The safety of a call does not depend on it: hyper follows no redirect and
//! makes no status an error, and our timeouts are on every exchange. With a given
//! client a fresh connection after a fault cannot be forced.

mod connect;
mod exchange;
mod fault;
mod list;
mod submissions;

use std::fmt;
use std::future::poll_fn;
use std::hash::{BuildHasher, RandomState};
use std::pin::{Pin, pin};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use hyper_util;
/// The client over any driver, for code that a test gives another one: a bound of
/// `D: Driver<Flavor = Async>` takes [`Hyper`], the sandbox bank in the process of a
/// test, and a fake.
pub use qbank_proto::Client as ClientOver;
pub use qbank_proto::*;
/// For [`Builder::tls`].
pub use rustls;

pub use crate::connect::Builder;
use crate::exchange::Clients;
pub use crate::list::List;
pub use crate::submissions::{Submissions, submit_all};

/// The async client: every call is a future of its result. Code that is to take another
/// driver as well names [`ClientOver`].
pub type Client = ClientOver<Hyper>;

/// The driver: does HTTP exchanges on the tokio runtime that polls it.
#[derive(Clone)]
pub struct Hyper {
    clients: Clients,
    supplier: Option<Arc<Supplier>>,
}

type Supplier = dyn Fn(Duration) -> Supplying + Send + Sync;
type Supplying = Pin<Box<dyn Future<Output = Result<AccessToken, BoxError>> + Send>>;

impl Driver for Hyper {
    type Flavor = Async;

    fn drive<M>(&self, mut machine: M) -> Run<Self, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        let driver = self.clone();
        Box::pin(async move { driver.run(&mut machine).await.0 })
    }

    fn entropy(&self) -> Entropy {
        let mut bytes = [0; 24];
        // Without the system's generator there is no key that is safe to use.
        #[expect(clippy::expect_used, reason = "not reachable by input; see getrandom")]
        getrandom::fill(&mut bytes).expect("the system has a random generator");
        Entropy::from_bytes(bytes)
    }

    fn jitter(&self) -> u64 {
        RandomState::new().hash_one(())
    }

    fn now(&self) -> Now {
        now()
    }
}

impl ListDriver for Hyper {
    type List<L: ListEndpoint> = List<L>;

    fn open<L, M>(&self, mut opening: M) -> Run<Self, Result<List<L>, Error>>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let driver = self.clone();
        Box::pin(async move {
            let (opened, body) = driver.run(&mut opening).await;
            Ok(List::new(opened?, body))
        })
    }
}

/// Ends when the time has passed or the task is woken, whichever is first. The
/// machine got this task's waker in the same poll, so no wake-up is lost.
async fn wake_or(limit: Duration) {
    let mut sleep = pin!(tokio::time::sleep(limit));
    let mut polled = false;
    poll_fn(|cx| {
        let elapsed = sleep.as_mut().poll(cx).is_ready();
        if elapsed || std::mem::replace(&mut polled, true) {
            Poll::Ready(())
        } else {
            Poll::Pending
        }
    })
    .await;
}

impl Hyper {
    /// Starts a driver with our own connector: see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// Asks this function for a token whenever the session needs one
    /// ([`Credentials::Supplier`]). It is given the time it may take, after which it
    /// is dropped.
    #[must_use]
    pub fn token_supplier<F, T>(mut self, supplier: F) -> Self
    where
        F: Fn(Duration) -> T + Send + Sync + 'static,
        T: Future<Output = Result<AccessToken, BoxError>> + Send + 'static,
    {
        self.supplier = Some(Arc::new(move |timeout| Box::pin(supplier(timeout))));
        self
    }

    /// Drives a machine to its end. A body that the machine left unread comes with its
    /// output. The machine is borrowed, since a future keeps a second copy of what an async
    /// function takes by value.
    async fn run<M: Machine>(&self, machine: &mut M) -> (M::Output, Option<list::Body>) {
        let mut unread = None;
        let mut at = now();
        loop {
            match poll_fn(|cx| Poll::Ready(machine.poll(at, cx.waker()))).await {
                Step::Send(exchange) => {
                    let mode = |ticket: &Ticket, head: &_| machine.head(now(), ticket, head);
                    let (ticket, outcome, body) =
                        exchange::exchange(&self.clients, exchange, mode).await;
                    unread = body;
                    at = now();
                    machine.settle(at, ticket, outcome);
                }
                Step::Authorize { ticket, timeout } => {
                    let token = self.supply(timeout).await;
                    at = now();
                    machine.supply(at, ticket, token);
                }
                Step::Wait(limit) => {
                    wake_or(limit).await;
                    at = now();
                }
                Step::Done(output) => return (output, unread),
            }
        }
    }

    async fn supply(&self, timeout: Duration) -> Result<AccessToken, BoxError> {
        let supplier = self.supplier.as_ref().ok_or("no token supplier was given to the driver")?;
        match tokio::time::timeout(timeout, supplier(timeout)).await {
            Ok(token) => token,
            Err(_) => Err("the token supplier gave no token in time".into()),
        }
    }
}

impl Default for Hyper {
    /// Our own connector, with the proxy of the environment.
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for Hyper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hyper").field("supplier", &self.supplier.is_some()).finish_non_exhaustive()
    }
}

/// One origin for the whole process, so that sessions can be shared.
fn now() -> Now {
    static ORIGIN: OnceLock<Instant> = OnceLock::new();
    Now {
        mono: ORIGIN.get_or_init(Instant::now).elapsed(),
        unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    }
}

/// The examples of this crate's README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;
