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
//! was sent. So every fault counts as maybe sent: a write that got no response is
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

mod driver;
#[cfg(feature = "npm")]
mod npm;
mod wake;

pub use js_sys;
pub use qbank_proto::*;

pub use crate::driver::{AbortSignal, Fetch};

/// The client over `fetch`: every call is a future of its reply.
pub type Client = qbank_proto::Client<Fetch>;
