//! QBank Connect without I/O: a pure state machine builds requests and reads
//! responses, and always knows what became of the money. A driver does what it
//! asks for.
//!
//! # One call
//!
//! ```text
//!             ┌──────────────────────────────────────────────────┐
//!             ▼                                                  │ resend: same key,
//!   Ready: key and bytes are fixed                               │ same bytes
//!     │  token     use it · lead its refresh · follow a refresh  │
//!     │  throttle  the bank asked this client to slow down       │
//!     ▼                                                          │
//!   InFlight: one exchange is on the wire                        │
//!     │  response, or fault ──► classified: kind, fate ──► Backoff
//!     │
//!     ├── 409 after an own attempt in doubt ──► Following: GET /payments/{id}
//!     ▼                                              │
//!   Done: the value, or an error whose fate is the join of all attempts
//! ```
//!
//! **The fate** is the highest rung that any attempt reached on `NeverSent <
//! Refused < Unknown < InProgress < Accepted`. A later refusal cannot lower it;
//! only the bank's own record of the payment can.
//!
//! # One trait
//!
//! A [`Machine`] is polled, and says what to do next by a [`Step`]: send this, ask the
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
//! let key = IdempotencyKey::from_entropy([7; 16]); // from a generator, in a driver
//! let mut call = Call::new(&session, payment, WriteOptions::new(key), 7);
//!
//! let reply = loop {
//!     match call.poll(now(), Waker::noop()) {
//!         Step::Send(request) => {
//!             let (ticket, outcome) = exchange(request); // one HTTP exchange
//!             call.settle(now(), ticket, outcome);
//!         }
//!         Step::Authorize { .. } => unreachable!("there is a ready-made token"),
//!         Step::Wait(at_most) => std::thread::sleep(at_most),
//!         Step::Done(result) => break result?,
//!     }
//! };
//! assert_eq!(reply.fate, Fate::Accepted);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # The tour of one ACH payment
//!
//! Each folder of `src` is a room, and imports go down this list only. A payment passes
//! these files, in this order:
//!
//! | File | Type | What happens |
//! |---|---|---|
//! | `client/resources.rs` | [`Payments`] | `client.payments().create_ach(payment)` |
//! | `client/pending.rs` | [`Pending`] | what is different about this call; `send` takes a key from the driver |
//! | `client/driver.rs` | [`Driver`] | drives a machine to its end: the only I/O |
//! | `call/mod.rs` | [`Call`] | the machine: ready, in flight, backoff, following, done |
//! | `endpoint/ach.rs` | [`CreateAch`](endpoint::CreateAch) | checks the request, and serialises it once |
//! | `call/intent.rs` | `Intent` | what all attempts share; builds each `http::Request` |
//! | `session/authorizer.rs` | `Authorizer` | one call's way to a token |
//! | `session/tokens.rs`, `lease.rs` | `Tokens`, `Lease` | one refresh at a time, for all calls |
//! | `machine/exchange.rs` | [`Exchange`] | goes out, and comes back as a response or a [`Fault`] |
//! | `call/classification.rs` | `Classified` | a success with its value, or a failure |
//! | `response/problem.rs`, `payment_urls.rs` | [`Problem`] | what an error body says, and which payment it names |
//! | `policy/mod.rs` | `Decision` | the table of outcomes: kind, fate, resend or not |
//! | `call/attempts.rs` | [`Attempt`] | the join of all attempts |
//! | `call/retry.rs` | `Next` | resend after a backoff, follow, or fail |
//! | `call/following.rs` | `PaymentPoller` | after a conflict: the bank's record of our payment |
//! | `call/completion.rs` | [`Reply`], [`Error`] | the value, or what happened, what became of the money, what to do |
//!
//! # Where to read on
//!
//! [`endpoint`] has one file per operation. [`Session`] is what calls share:
//! configuration and one token under a single flight. [`Error`] says what
//! happened, what became of the money and what to do next. The module `webhook` verifies
//! deliveries. [`Client`] has the operations by resource, over any driver.
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

pub use call::{Authenticate, Call, Reply, TokenInfo, WaitForPayment};
pub use client::{
    Accounts, Async, Balances, Blocking, Client, Driver, Flavor, ListDriver, LocalAsync, Payments,
    Pending, PendingWait, PositivePay, Run, Transactions, Transfers,
};
pub use config::{
    AuthDate, CallOptions, ClientAuth, Config, Credentials, Environment, WriteOptions,
    absolute_url, is_loopback,
};
pub use endpoint::ListEndpoint;
pub use error::{Error, ErrorKind};
pub use json::{DecodeError, DecodeErrorKind};
pub use list::{ListDecoder, OpenList};
pub use machine::{BodyMode, Entropy, Exchange, Fault, Machine, Map, Now, Sent, Step, Ticket};
pub use policy::{ConflictPolicy, RetryPolicy};
pub use response::Problem;
pub use session::Session;
pub use types::{
    AccessToken, AccessTokenError, AccountId, Amount, AmountError, Attempt, AttemptList, BoxError,
    EventId, ExceptionId, Fate, FaultKind, Id, IdError, IdempotencyKey, IdempotencyKeyError,
    IssueId, Message, Money, NameError, PaymentId, RequestId, Resume, RoutingNumber,
    RoutingNumberError, Scope, Secret, TransactionId, kind, parse_day,
};
