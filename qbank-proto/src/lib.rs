//! QBank Connect without I/O: a pure state machine builds requests and reads
//! responses, and always says what is known about the money. A driver carries out what
//! the machine asks for.
//!
//! # One call
//!
//! ```text
//!   Ready ◄──────────────────────────────── Backoff: the same key, the same bytes
//!     │  token: use it, lead its refresh,      ▲
//!     │         or wait for another's refresh  │ may be resent
//!     ▼                                        │
//!   InFlight: one exchange is on the wire ─────┤ classified: kind, fate
//!                                              │
//!                  success, or no resend helps ├──────────────► Done
//!                                              │                  ▲
//!      409, and an earlier attempt of this     ▼                  │
//!      intent may have succeeded ──────► Following: GET /payments/{id}
//! ```
//!
//! Each attempt has a [`Fate`], and a call has the highest of all its attempts:
//!
//! | Fate | What is known | What to do |
//! |---|---|---|
//! | [`NeverSent`](Fate::NeverSent) | no byte of it left this machine | fix the cause, and pay again; a new key is fine |
//! | [`Refused`](Fate::Refused) | the bank said no, and no attempt is in doubt | correct it; a new payment has a new key |
//! | [`Unknown`](Fate::Unknown) | it may have happened | resume with the same key and bytes, or reconcile; never a new key |
//! | [`InProgress`](Fate::InProgress) | the bank has it, and it is not final | do not pay again; look at the payment that is named |
//! | [`Accepted`](Fate::Accepted) | the bank accepted it; an ACH payment settles later | nothing, or wait until it is final |
//!
//! **A later refusal never lowers the fate.** Only the bank's own record of the payment
//! can: where it says that the payment failed, it is refused. A [`Reply`] of a write is
//! always accepted; a 409 on a first attempt is the error
//! [`IdempotencyConflict`](ErrorKind::IdempotencyConflict), in progress, and never resent.
//!
//! # The smallest driver
//!
//! A [`Machine`] is polled, and says what to do next by a [`Step`]. Whatever HTTP client
//! does the exchange, it follows no redirect, resends nothing by itself, and tells apart
//! "no byte was written" from "maybe" ([`Sent`]):
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
//! let session = Session::new(Config::new(Environment::Sandbox { port: 8467 }, credentials))?;
//!
//! let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
//! let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
//! let payment = CreateAch::new(from, to, "1000.50".parse()?);
//! # let random_bytes = || [7; 16];
//! # let random_number = || 11;
//! let key = IdempotencyKey::from_entropy(random_bytes());
//! let mut call = Call::new(&session, payment, WriteOptions::new(key), random_number());
//!
//! let reply = loop {
//!     match call.poll(now(), Waker::noop()) {
//!         Step::Send(request) => {
//!             let (ticket, outcome) = exchange(request); // one HTTP exchange
//!             call.settle(now(), ticket, outcome);
//!         }
//!         // Only where the application supplies tokens itself.
//!         Step::Authorize { ticket, .. } => {
//!             call.supply(now(), ticket, Err("there is no supplier".into()));
//!         }
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
//! A payment passes these files, in this order:
//!
//! | File | Type | What happens |
//! |---|---|---|
//! | `client/resources.rs` | [`Payments`] | `client.payments().create_ach(payment)` |
//! | `client/pending.rs` | [`Pending`] | options of this one call; a fresh key if none is given |
//! | `client/driver.rs` | [`Driver`] | what a transport implements: all I/O is behind it |
//! | `call/mod.rs` | [`Call`] | the machine: ready, in flight, backoff, following, done |
//! | `endpoint/ach.rs` | [`CreateAch`](endpoint::CreateAch) | checks the request, and serialises it once |
//! | `call/intent.rs` | `Intent` | what all attempts share; builds each `http::Request` |
//! | `session/authorizer.rs` | `Authorizer` | gets a token for this call |
//! | `session/tokens.rs`, `lease.rs` | `Tokens`, `Lease` | one refresh at a time, for all calls |
//! | `machine/exchange.rs` | [`Exchange`] | goes out, and comes back as a response or a [`Fault`] |
//! | `call/classification.rs` | `Classified` | a success with its value, or a failure |
//! | `response/problem.rs`, `payment_urls.rs` | [`Problem`] | what an error body says, and which payment it names |
//! | `policy/mod.rs` | `Decision` | the table of outcomes: kind, fate, resend or not |
//! | `call/attempts.rs` | [`Attempt`] | the highest fate of all attempts |
//! | `call/retry.rs` | `Next` | resend after a backoff, follow, or fail |
//! | `call/following.rs` | `PaymentPoller` | after a conflict: the bank's record of our payment |
//! | `call/completion.rs` | [`Reply`], [`Error`] | the value, or what happened, what became of the money, what to do |
//!
//! The folders of `src` have an order too, from the top: `webhook`, `client`, `list`,
//! `call`, `session`, `endpoint`, `config`, `policy`, `error`, `response`, `machine`,
//! `resource`, `json`, `types`. Imports go down that order only.
//!
//! # Where to read on
//!
//! [`endpoint`] has one file per operation. [`Session`] is what calls share:
//! configuration, and one token that one call at a time refreshes. The module `webhook`
//! verifies deliveries. [`Client`] has the operations by resource, over any driver.
//!
//! # What the core does not do
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
    AuthDate, CallOptions, ClientAuth, Config, Credentials, Environment, LARGEST_HEAD,
    MOST_HEAD_FIELDS, Proxy, ProxyError, WriteOptions, absolute_url, is_loopback,
    proxy_of_environment, proxy_url,
};
#[cfg(feature = "tls")]
pub use config::{TlsSettings, of_tls_error, refused_in_handshake};
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
