//! The QBank Connect client over `fetch`, for browsers, Node and edge workers: a
//! loop around the machine of [`qbank_proto`] that decides everything. From
//! JavaScript it is the npm package `@qbank/connect`; from Rust that runs as wasm
//! it is this crate.
//!
//! ```no_run
//! use qbank_wasm::endpoint::CreateAch;
//! use qbank_wasm::{AccessToken, AccountId, Client, Config, Credentials, Environment, Fate, Fetch};
//!
//! # async fn token_of_our_backend() -> Result<AccessToken, qbank_wasm::BoxError> { todo!() }
//! # async fn pay() -> Result<(), Box<dyn std::error::Error>> {
//! // A client secret does not belong in a browser: its token comes from a backend.
//! let fetch = Fetch::default().token_supplier(|_time| token_of_our_backend());
//! let config = Config::new(Environment::Production, Credentials::Supplier);
//! let client = Client::with_driver(config, fetch)?;
//!
//! let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
//! let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
//! let payment = client.payments().create_ach(CreateAch::new(from, to, "1000.50".parse()?));
//! match payment.send().await {
//!     Ok(reply) => assert_eq!(reply.fate, Fate::Accepted),
//!     Err(error) => eprintln!("{error}"),
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # What `fetch` cannot say
//!
//! It does not tell a refused connection from one that broke after the request
//! was sent. So every failure counts as maybe sent: a write that got no answer is
//! `Unknown` here where another transport could say `NeverSent`. A connect timeout
//! of its own does not exist either; the timeout of the attempt covers all of it.
//! A platform may resend a request by itself: same key, same bytes.
//!
//! # One exchange for Rust and JavaScript
//!
//! The exchange itself is JavaScript (`js/exchange.js`), the same as in the npm package.
//! So a module that uses this crate needs `wasm-bindgen --target web`, `bundler` or
//! another one that gives JavaScript modules.
//!
//! # What is set on every exchange
//!
//! `redirect: "manual"`, an abort signal that covers the body, and in browsers
//! `credentials: "omit"` and `cache: "no-store"`. [`Fetch::with_function`] takes an
//! application's own function, which gets all of them.
//!
//! # Edge workers
//!
//! One client may serve every event of a worker: calls of different events share the
//! token, and never run on each other's account. A call itself needs an event: outside
//! one a worker gives neither randomness nor requests, and making a call panics.
//!
//! # Dropping and aborting
//!
//! Futures are not `Send`. One that is dropped aborts its exchange and leaves the
//! session usable; [`Fetch::drive_until`] ends with what is known instead.

mod bell;
mod exchange;
#[cfg(feature = "npm")]
mod npm;
mod platform;

use std::fmt;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::Poll;
use std::time::Duration;

pub use js_sys;
use js_sys::Function;
pub use qbank_proto::*;

use crate::bell::Bell;
pub use crate::platform::AbortSignal;
use crate::platform::{Aborted, Sleep, now, random};

/// The client over `fetch`: every call is a future of its answer.
pub type Client = qbank_proto::Client<Fetch>;

/// The driver: does HTTP exchanges with `fetch`.
#[derive(Clone, Default)]
pub struct Fetch {
    function: Option<Function>,
    supplier: Option<Rc<Supplier>>,
}

type Supplier = dyn Fn(Duration) -> Supplying;
type Supplying = Pin<Box<dyn Future<Output = Result<AccessToken, BoxError>>>>;

impl Driver for Fetch {
    type Flavor = LocalAsync;

    fn drive<M>(&self, machine: M) -> Run<Self, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        Box::pin(self.clone().run(machine, Aborted::of(None)))
    }

    fn entropy(&self) -> Entropy {
        // Without the platform's generator there is no key that is safe to use.
        #[expect(
            clippy::expect_used,
            reason = "not reachable by input: see the crate's words on edge workers"
        )]
        Entropy::from_bytes(random().expect("the platform has crypto.getRandomValues"))
    }

    fn now(&self) -> Now {
        now()
    }
}

impl Fetch {
    /// Calls this function instead of the platform's `fetch`, with a URL and an
    /// object of options, as `fetch` is called. It answers with a `Response`.
    pub fn with_function(function: Function) -> Self {
        Self { function: Some(function), supplier: None }
    }

    /// Asks this function for a token whenever the session needs one
    /// ([`Credentials::Supplier`]). It is given the time it may take, after which it
    /// is dropped.
    #[must_use]
    pub fn token_supplier<F, T>(mut self, supplier: F) -> Self
    where
        F: Fn(Duration) -> T + 'static,
        T: Future<Output = Result<AccessToken, BoxError>> + 'static,
    {
        self.supplier = Some(Rc::new(move |timeout| Box::pin(supplier(timeout))));
        self
    }

    /// Drives a machine until it ends, or until the signal, if there is one,
    /// aborts: then it is called off, and its output says what is known. A request
    /// that is out counts as maybe sent.
    pub fn drive_until<M: Machine>(
        &self,
        machine: M,
        signal: Option<AbortSignal>,
    ) -> impl Future<Output = M::Output> + use<M> {
        self.clone().run(machine, Aborted::of(signal))
    }

    async fn run<M: Machine>(self, mut machine: M, aborted: Aborted) -> M::Output {
        let mut aborted = pin!(aborted);
        let (bell, waker) = Bell::new();
        let mut at = now();
        loop {
            if poll_fn(|cx| Poll::Ready(aborted.as_mut().poll(cx).is_ready())).await {
                return machine.abandon(at);
            }
            let todo = match machine.poll(at, &waker) {
                Step::Send(exchange) => Todo::Send(Box::new(exchange)),
                Step::Authorize { ticket, timeout } => Todo::Authorize(ticket, timeout),
                Step::Wait(limit) => Todo::Wait(limit),
                Step::Done(output) => return output,
            };
            let did = self.unless(aborted.as_mut(), todo, &bell).await;
            at = now();
            match did {
                Did::Send(ticket, outcome) => machine.settle(at, ticket, outcome),
                Did::Authorize(ticket, token) => machine.supply(at, ticket, token),
                Did::Wait => {}
            }
        }
    }

    /// Does it, unless aborted first. The same code for every machine.
    async fn unless(&self, mut aborted: Pin<&mut Aborted>, todo: Todo, bell: &Bell) -> Did {
        let mut work = pin!(self.work(todo, bell));
        poll_fn(|cx| match work.as_mut().poll(cx) {
            Poll::Ready(did) => Poll::Ready(did),
            Poll::Pending if aborted.as_mut().poll(cx).is_ready() => Poll::Ready(Did::Wait),
            Poll::Pending => Poll::Pending,
        })
        .await
    }

    async fn work(&self, todo: Todo, bell: &Bell) -> Did {
        match todo {
            Todo::Send(request) => {
                let (ticket, outcome) = exchange::exchange(self.function.as_ref(), *request).await;
                Did::Send(ticket, outcome)
            }
            Todo::Authorize(ticket, timeout) => Did::Authorize(ticket, self.supply(timeout).await),
            Todo::Wait(limit) => {
                bell.wait(limit).await;
                Did::Wait
            }
        }
    }

    async fn supply(&self, timeout: Duration) -> Result<AccessToken, BoxError> {
        let supplier = self.supplier.as_ref();
        let supplier =
            supplier.ok_or_else(|| Message::new("no token supplier was given to the driver"))?;
        within(timeout, supplier(timeout)).await.unwrap_or_else(|| {
            Err(Message::new("the token supplier did not answer in time").into())
        })
    }
}

/// The future's output, or nothing once the time is up.
async fn within<T>(time: Duration, future: impl Future<Output = T>) -> Option<T> {
    let mut future = pin!(future);
    let mut sleep = pin!(Sleep::new(time));
    poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending => sleep.as_mut().poll(cx).map(|()| None),
    })
    .await
}

/// A [`Step`] that is not the last.
enum Todo {
    Send(Box<Exchange>),
    Authorize(Ticket, Duration),
    Wait(Duration),
}

/// What came of it.
enum Did {
    Send(Ticket, Result<http::Response<bytes::Bytes>, Fault>),
    Authorize(Ticket, Result<AccessToken, BoxError>),
    Wait,
}

impl fmt::Debug for Fetch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fetch")
            .field("function", &self.function.is_some())
            .field("supplier", &self.supplier.is_some())
            .finish()
    }
}
