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
//!      409, and an attempt before may have     ▼                  │
//!      reached the bank ───────────────► Following: GET /payments/{id}
//! ```
//!
//! An *intent* is one payment that is to happen once: its key, its bytes, and all attempts to
//! send them, over crashes too. Each attempt has a [`Fate`]; a call has the highest that any
//! attempt of its intent reached, in this order:
//!
//! | Fate | What is known | What to do |
//! |---|---|---|
//! | [`NeverSent`](Fate::NeverSent) | no server read a byte of the payment | fix the cause, and pay again; a new key is fine |
//! | [`Refused`](Fate::Refused) | the bank said no, and no attempt is in doubt | correct it; a new payment has a new key |
//! | [`Unknown`](Fate::Unknown) | it may have happened | resume with the same key and bytes, or reconcile; never a new key |
//! | [`InProgress`](Fate::InProgress) | the bank works on a payment with this key | do not pay again; read the payment that the error names |
//! | [`Accepted`](Fate::Accepted) | the bank accepted this payment; an ACH payment settles later | nothing, or wait until it has settled or failed |
//!
//! **A later refusal never lowers the fate.** Only the bank's own record of the payment
//! lowers it: where that says that the payment failed, the fate is refused, and the error
//! [`PaymentFailed`](ErrorKind::PaymentFailed). A [`Reply`] of a write is always accepted.
//!
//! What one attempt of a write means; the whole table is `policy/mod.rs`:
//!
//! | Outcome of an attempt | Fate | Sent again |
//! |---|---|---|
//! | the 2xx that is documented, and about our request | accepted | – |
//! | a 2xx that cannot be used, is an error, or is about another payment | unknown | yes |
//! | no connection, or no byte was written | never sent | yes |
//! | no response, or one that broke off | unknown | yes |
//! | 401 | refused | once, with a new token |
//! | 429 | refused | yes, not before its `Retry-After` |
//! | 408, 5xx | unknown | yes |
//! | 409, a key in process | in progress | no: the payment is followed if an attempt before, or before a crash, may have reached the bank; else it is the error [`IdempotencyConflict`](ErrorKind::IdempotencyConflict), since the payment may be another of the same key |
//! | any other 4xx | refused | no |
//!
//! "Yes" is within [`Config::retry`] and the call's deadline; then the call ends as it stands.
//! A payment that is followed and is not ours by amount and type, or that cannot be read,
//! ends the call in progress.
//!
//! A crash is survived by what [`Call::resume`] gives before the first send: a [`Resume`] with
//! key, moment and body. Keep it beside your own record of the payment, of which the call is
//! made again; the bytes of the [`Resume`] are what is sent. A bank forgets keys: beyond
//! [`Config::max_key_age`] nothing is sent, and the payment has to be looked up first.
//!
//! # The smallest driver
//!
//! A [`Machine`] is polled, and says what to do next by a [`Step`]. Whatever HTTP client
//! does the exchange, it must follow no redirect, resend nothing by itself, and tell apart
//! "no byte can have been read" from "maybe" ([`Sent`]). A token request is an exchange like any
//! other. The ticket of an exchange goes back with its outcome, and a late one is ignored;
//! a call that is dropped leaves its token refresh to the next. [`Driver`] puts such a loop
//! behind a [`Client`]:
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
//! | `session/tokens.rs`, `lease.rs` | `Tokens`, `Lease` | one refresh at a time, for all calls: who holds the lease asks, and gives it on when dropped |
//! | `machine/exchange.rs` | [`Exchange`] | a request with its limits; a response or a [`Fault`] comes back |
//! | `call/classification.rs` | `Classified` | a success with its value, a payment that failed, or a failed attempt |
//! | `response/problem.rs`, `payment_urls.rs` | [`Problem`] | what an error body says, and which payment it names |
//! | `policy/mod.rs` | `Decision` | the table of outcomes: kind and fate of this attempt, resend or not |
//! | `call/attempts.rs` | `Attempts` | each [`Attempt`], and the highest fate of all |
//! | `call/retry.rs` | `Next` | resend after a backoff, follow, or fail |
//! | `call/following.rs` | `PaymentPoller` | after a conflict: the bank's record of our payment |
//! | `call/completion.rs` | [`Reply`], [`Error`] | the value, or what happened, what became of the money, what to do |
//!
//! The folders of `src` have an order too, from the top: `webhook`, `client`, `list`,
//! `call`, `session`, `endpoint`, `config`, `policy`, `error`, `response`, `machine`,
//! `resource`, `json`, `calendar`, `types`. Imports go down that order only.
//!
//! # Where to read on
//!
//! [`endpoint`] has one file per operation. [`Session`] is what calls share:
//! configuration, and one token that one call at a time refreshes. The module `webhook`
//! verifies deliveries, and [`calendar`] has the bank days. [`Client`] has the operations by resource, over any driver.
//!
//! # What the core does not do
//!
//! No I/O, no clock, no randomness, no `unsafe`, no panic that input can reach.
//! The crates [`bytes`], [`chrono`], [`http`] and [`uuid`] are part of the public
//! interface and are re-exported; a new major version of one of them is a new
//! major version of this crate.

#[cfg(feature = "webhook")]
pub mod webhook;

pub mod calendar;
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
