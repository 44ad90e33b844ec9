//! QBank Connect without I/O: a pure state machine builds requests and reads
//! answers, and always knows what became of the money. A driver does what it
//! says.
//!
//! # One call
//!
//! ```text
//!             ┌──────────────────────────────────────────────────┐
//!             ▼                                                  │ resend: same key,
//!   Ready: key and bytes are fixed                               │ same bytes
//!     │  token   use it · lead its refresh · follow a refresh    │
//!     │  hold    the bank asked this client to slow down         │
//!     ▼                                                          │
//!   Out: one exchange is on the wire                             │
//!     │  answer, or fault ──► judged: kind, fate, resend? ──► Resting
//!     │
//!     ├── 409 after an own attempt in doubt ──► Following: GET /payments/{id}
//!     ▼                                              │
//!   Over: the value, or an error whose fate is the join of all attempts
//! ```
//!
//! **The fate** is the highest rung that any attempt reached on `NeverSent <
//! Refused < Unknown < InProgress < Accepted`. A later refusal cannot lower it;
//! only the bank's own record of the payment can.
//!
//! # One trait
//!
//! A [`Machine`] is polled. It answers with a [`Step`]: send this, ask the
//! application for a token, wait at most so long, done. This is all of a driver:
//!
//! ```
//! use std::task::Waker;
//! use std::time::Duration;
//!
//! use qbank_proto::bytes::Bytes;
//! use qbank_proto::endpoint::CreateAch;
//! use qbank_proto::http::Response;
//! use qbank_proto::*;
//!
//! # fn exchange(exchange: Exchange) -> (Ticket, Result<Response<Bytes>, Fault>) {
//! #     let accepted = Response::builder()
//! #         .status(202)
//! #         .header("location", "/v1/payments/0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40")
//! #         .body(Bytes::new());
//! #     (exchange.ticket, Ok(accepted.unwrap()))
//! # }
//! # let now = || Now { mono: Duration::from_secs(1), unix: Duration::from_secs(1_800_000_000) };
//! let credentials = Credentials::Token(AccessToken::new("a-ready-made-token")?);
//! let session = Session::new(Config::new(Environment::Production, credentials))?;
//!
//! let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
//! let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
//! let payment = CreateAch::new(from, to, "1000.50".parse()?);
//! let entropy = Entropy { key: [7; 16], jitter: 7 }; // from a generator, in a driver
//! let key = IdempotencyKey::from_entropy(entropy.key);
//! let mut call = Call::new(&session, payment, key, CallOptions::default(), entropy);
//!
//! let reply = loop {
//!     match call.poll(now(), Waker::noop()) {
//!         Step::Send(request) => {
//!             let (ticket, outcome) = exchange(request); // one HTTP exchange
//!             call.settle(now(), ticket, outcome);
//!         }
//!         Step::Authorize { .. } => unreachable!("there is a ready-made token"),
//!         Step::Wait(at_most) => std::thread::sleep(at_most),
//!         Step::Done(outcome) => break outcome?,
//!     }
//! };
//! assert_eq!(reply.fate, Fate::Accepted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where to read on
//!
//! [`endpoint`] has one file per operation. [`Session`] is what calls share:
//! configuration and one token under a single flight. [`Error`] says what
//! happened, what became of the money and what to do next. The module `webhook` verifies
//! deliveries. [`Client`] is the resource-shaped face that every driver shows.
//!
//! # What crosses the boundary
//!
//! No I/O, no clock, no randomness, no `unsafe`, no panic that input can reach.
//! The crates [`bytes`], [`chrono`], [`http`] and [`uuid`] are part of the public
//! interface and are re-exported; a new major version of one of them is a new
//! major version of this crate.

#[cfg(feature = "webhook")]
pub mod webhook;

mod call;
mod client;
mod config;
pub mod endpoint;
mod error;
mod json;
mod list;
mod machine;
mod policy;
mod resource;
mod response;
mod session;
mod types;

pub use {bytes, chrono, http, uuid};

pub use call::{AnyCall, AnyOperation, Authenticate, Call, Reply, TokenInfo, WaitForPayment};
pub use client::{
    Accounts, Async, Balances, Blocking, Client, Driver, Flavor, ListDriver, LocalAsync, Payments,
    Pending, PendingWait, PositivePay, Run, Transactions, Transfers,
};
pub use config::{
    AuthDate, CallOptions, ClientAuth, Config, Credentials, Environment, Resume, is_loopback,
};
pub use endpoint::ListEndpoint;
pub use error::{Error, ErrorKind};
pub use json::{DecodeError, Fields, JsonObject};
pub use list::{ListDecoder, OpenList};
pub use machine::{BodyMode, Entropy, Exchange, Fault, Machine, Now, Sent, Step, Ticket};
pub use policy::{ConflictPolicy, RetryPolicy};
pub use response::Problem;
pub use session::Session;
pub use types::{
    AccessToken, AccessTokenError, AccountId, Amount, AmountError, Attempt, AttemptList, BoxError,
    EventId, ExceptionId, Fate, FaultKind, Id, IdError, IdempotencyKey, IdempotencyKeyError,
    IssueId, Message, Money, PaymentId, RequestId, RoutingNumber, RoutingNumberError, Scope,
    Secret, TransactionId, kind, parse_day,
};
