//! The blocking QBank Connect client: a loop over [`ureq`], around the machine
//! of [`qbank_proto`] that decides everything.
//!
//! ```no_run
//! use qbank_blocking::endpoint::CreateAch;
//! use qbank_blocking::{AccountId, Client, Config, Credentials, Environment, Fate};
//!
//! let credentials = Credentials::client("client-id", "client-secret");
//! let client = Client::new(Config::new(Environment::Production, credentials))?;
//!
//! let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
//! let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
//! let payment = client.payments().create_ach(CreateAch::new(from, to, "1000.50".parse()?));
//! match payment.send() {
//!     Ok(reply) => println!("accepted as {:?}", reply.value.payment_id),
//!     Err(error) if error.fate() == Fate::Unknown => println!(
//!         "resend only with key {:?}, first sent {:?}",
//!         error.key(),
//!         error.first_sent(),
//!     ),
//!     Err(error) => println!("{error}"),
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Bringing your own agent
//!
//! [`Ureq::with_agent`] takes an agent with its own proxy, connector,
//! certificates and middleware. The safety settings go on every request, so the
//! agent's own cannot undo them: no redirects, statuses are not errors, https
//! only unless the address is a loopback one, our timeouts, no proxy for
//! loopback. Two things are weaker than with our own agent. That a payment was
//! never sent is known only as long as nothing read its body: a middleware that reads
//! it, to log it or to send it again, turns a failure to connect into
//! [`Fate::Unknown`]. And the phases of an attempt (connect, send, head, body) are
//! limited each, not together. **A middleware that retries voids the attempt count.**
//!
//! # Logging
//!
//! This library's own lines are `tracing` events and hold no secret. `ureq` writes
//! to the `log` facade, and at trace level what it writes are raw bytes, tokens
//! among them: cap its targets (`ureq`, `ureq_proto`) at info where a bridge from
//! `log` is installed.

mod agent;
mod connector;
mod exchange;
mod fault;
mod in_flight;
mod list;
mod request_body;
mod resolver;
mod thread_waker;

use std::fmt;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;
use std::task::Waker;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The client over any driver, for code that a test gives another one: a bound of
/// `D: Driver<Flavor = Blocking>` takes [`Ureq`], the sandbox bank in the process of a
/// test, and a fake.
pub use qbank_proto::Client as ClientOver;
pub use qbank_proto::*;
/// For [`Builder::tls`].
pub use rustls;
pub use ureq;

use crate::agent::Agents;
pub use crate::agent::Builder;
pub use crate::list::List;
use crate::thread_waker::ThreadWaker;

/// The blocking client: every call returns its result. Code that is to take another
/// driver as well names [`ClientOver`].
pub type Client = ClientOver<Ureq>;

/// The driver: does one HTTP exchange at a time, on the calling thread.
#[derive(Clone)]
pub struct Ureq {
    agents: Agents,
    supplier: Option<Arc<Supplier>>,
}

type Supplier = dyn Fn(Duration) -> Result<AccessToken, BoxError> + Send + Sync;

impl Driver for Ureq {
    type Flavor = Blocking;

    fn drive<M>(&self, machine: M) -> M::Output
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        self.run(machine).0
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

impl ListDriver for Ureq {
    type List<L: ListEndpoint> = List<L>;

    fn open<L, M>(&self, opening: M) -> Result<List<L>, Error>
    where
        L: ListEndpoint,
        M: Machine<Output = Result<Reply<()>, Error>> + Send + 'static,
    {
        let (opened, body) = self.run(opening);
        Ok(List::new(opened?, body))
    }
}

impl Ureq {
    /// Drives a machine to its end. A body that the machine left unread comes with its
    /// output.
    fn run<M: Machine>(&self, mut machine: M) -> (M::Output, Option<list::Body>) {
        let mut unread = None;
        let thread = Arc::new(ThreadWaker::default());
        let waker = Waker::from(Arc::clone(&thread));
        let mut at = now();
        loop {
            match machine.poll(at, &waker) {
                Step::Send(exchange) => {
                    let mode = |ticket: &Ticket, head: &_| machine.head(now(), ticket, head);
                    let (ticket, outcome, body) = exchange::exchange(&self.agents, exchange, mode);
                    unread = body;
                    at = now();
                    machine.settle(at, ticket, outcome);
                }
                Step::Authorize { ticket, timeout } => {
                    let token = self.supply(timeout);
                    at = now();
                    machine.supply(at, ticket, token);
                }
                Step::Wait(limit) => {
                    thread.wait(limit);
                    at = now();
                }
                Step::Done(output) => return (output, unread),
            }
        }
    }
}

impl Ureq {
    /// Starts a driver with our own agent: see [`Builder`].
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A driver over an agent of the application's.
    pub fn with_agent(agent: ureq::Agent) -> Self {
        Self { agents: Agents::Given(agent), supplier: None }
    }

    /// Asks this function for a token whenever the session needs one
    /// ([`Credentials::Supplier`]). It is given the time it may take, and must
    /// keep to it: a blocking call cannot be cut off.
    #[must_use]
    pub fn token_supplier<F>(mut self, supplier: F) -> Self
    where
        F: Fn(Duration) -> Result<AccessToken, BoxError> + Send + Sync + 'static,
    {
        self.supplier = Some(Arc::new(supplier));
        self
    }

    fn supply(&self, timeout: Duration) -> Result<AccessToken, BoxError> {
        match &self.supplier {
            Some(supplier) => supplier(timeout),
            None => Err("no token supplier was given to the driver".into()),
        }
    }
}

impl Default for Ureq {
    /// Our own agent, with the proxy of the environment.
    fn default() -> Self {
        Self::builder().build()
    }
}

impl fmt::Debug for Ureq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ureq")
            .field("own_agent", &matches!(self.agents, Agents::Own { .. }))
            .field("supplier", &self.supplier.is_some())
            .finish_non_exhaustive()
    }
}

/// One origin for the whole process, so that sessions can be shared.
fn now() -> Now {
    static ORIGIN: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    Now {
        mono: ORIGIN.get_or_init(Instant::now).elapsed(),
        unix: SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default(),
    }
}

/// The examples of this crate's README compile.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
pub struct Readme;

/// The example of the repository's README compiles.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct RepositoryReadme;
