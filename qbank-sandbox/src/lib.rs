//! A QBank Connect bank to test against.
//!
//! The bank is a pure machine: [`Bank::handle`] takes a request and a time and
//! gives an answer, [`Bank::tick`] lets time pass. It has no I/O, no clock and no
//! randomness, so a test can drive it through years in a millisecond, and a failure
//! can be replayed from its seed. Around it, [`server`] is that bank on loopback.
//!
//! ```text
//!             ┌───────────────── Bank ─────────────────┐
//!  request ─► │ faults ─► path ─► token ─► scope ─► key │ ─► answer + WireFault?
//!     now ──► │                 │                       │
//!             │        ledger ◄─┴─► payments ─► events  │ ─► deliveries
//!             └─────────────────────────────────────────┘
//! ```
//!
//! It shares data types with the client (`Amount`, ids, `Scope`), and none of its
//! decisions: a client that is wrong about the contract must not find a bank that
//! is wrong in the same way.
//!
//! # One payment, from token to settlement
//!
//! ```
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::Request;
//! use qbank_sandbox::{Bank, BankConfig, OPERATING, PAYROLL};
//!
//! let config = BankConfig::default();
//! let now = config.start;
//! let mut bank = Bank::new(config);
//!
//! let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
//! let request = Request::post("/v1/token")
//!     .header("content-type", "application/x-www-form-urlencoded")
//!     .body(Bytes::from(form))?;
//! let token: serde_json::Value = serde_json::from_slice(bank.handle(now, request).body())?;
//! let bearer = format!("Bearer {}", token["access_token"].as_str().unwrap_or_default());
//!
//! let body = format!(
//!     r#"{{"source_account_id":"{OPERATING}","destination_account_id":"{PAYROLL}","amount":12.50}}"#
//! );
//! let request = Request::post("/v1/payments/ach")
//!     .header("authorization", bearer)
//!     .header("idempotency-key", "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11")
//!     .header("content-type", "application/json")
//!     .body(Bytes::from(body))?;
//! let answer = bank.handle(now, request);
//! assert_eq!(answer.status(), 202);
//! assert!(answer.headers()["location"].to_str()?.starts_with("/v1/payments/"));
//!
//! // One intent, one entry in the ledger; settled the next morning.
//! let payment = bank.entries()[0].payment_id.ok_or("an ACH entry has a payment")?;
//! assert_eq!(bank.payment_status(payment).map(|s| s.as_str()), Some("P_CREATED"));
//! bank.advance(now, Duration::from_secs(24 * 60 * 60));
//! assert_eq!(bank.payment_status(payment).map(|s| s.as_str()), Some("P_COMPLETED"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Making trouble
//!
//! `POST /_sandbox/faults` orders trouble for requests to come. A fault that needs
//! the wire (a closed connection, half an answer) comes out as a [`WireFault`] in
//! the response's extensions, and whoever carries the response does it.
//!
//! | kind | done by the bank? | what the client sees |
//! |---|---|---|
//! | `refuse` | no | the connection closes |
//! | `drop_after_commit` | yes | the connection closes |
//! | `truncate` | yes | half the body |
//! | `delay {ms}` | yes | the answer, late |
//! | `slow {bytes_per_s}` | yes | the body, drop by drop |
//! | `html` | yes | 200 and a page of some proxy, without a `Location` |
//! | `garbage` | yes | the bank's own head, a body that is not JSON |
//! | `in_flight` | yes | 409, as if another request with the key were in process |
//! | `status {status, retry_after?, location?}` | no | that status |
//! | `revoke_token` | no | 401: its token is no longer valid |
//!
//! # Days, nights and weekends
//!
//! All of the bank's times are UTC. `POST /_sandbox/advance` moves its clock.
//!
//! | when | what |
//! |---|---|
//! | 200 ms after it was received | an ACH payment is `P_VALIDATED`, or `P_FAILED` by validation |
//! | every quarter of an hour | the batch file is placed: `P_SUBMITTED_TO_CORE` |
//! | 17:00 of a bank day | the core takes the batches: `P_PROCESSING` |
//! | 18:00 of that day | the core has rejected what it rejects: `P_FAILED` |
//! | 09:00 of the next bank day, or of the first from the `effective_date` on | settled: `P_COMPLETED` |
//! | 01:00 every night | the nightly load: accounts, transactions and check exceptions show what happened until then |
//!
//! Bank days are neither weekends nor holidays of the Federal Reserve; a holiday on a
//! Sunday is kept on the Monday, one on a Saturday is not. An `effective_date` that
//! has passed means as soon as possible. A wire or a transfer is done at once, and a
//! balance is in real time: it moves when a payment is accepted. What arrives by ACH
//! is in `currentBalance` at once, and in `availableBalance` once it has settled.
//! Of a transaction, `transaction_date` is when it was initiated, `value_date` the
//! bank day on which the funds count, `posting_date` the load that made it visible.
//!
//! # Payments that fail: the magic values
//!
//! | field | value | rejected by | because |
//! |---|---|---|---|
//! | `reference_id`, `reference_code` | `SBX-VALIDATION-FUNDS` | validation | insufficient funds |
//! | | `SBX-VALIDATION-CLOSED` | validation | closed account |
//! | | `SBX-VALIDATION-ROUTING` | validation | unknown routing number |
//! | | `SBX-CORE-FUNDS` | the core | insufficient funds |
//! | | `SBX-CORE-CLOSED` | the core | closed account |
//! | | `SBX-CORE-ROUTING` | the core | unknown routing number |
//! | `account_number` (recipient, beneficiary) | `9990000001` | validation | insufficient funds |
//! | | `9990000002` | the core | insufficient funds |
//! | | `9990000003` | the core | closed account |
//! | `bank_id` | `990000000`, or any outside the Federal Reserve's districts | the core | unknown routing number |
//!
//! `GET /_sandbox/magic` lists them. Real state does the same: an account that
//! `POST /_sandbox/accounts` closes before the core's verdict fails the payment. What
//! the bank can see when it is asked (an unknown or closed account, funds that do not
//! cover the amount) it refuses at once, with 404 or 422, and nothing is made.
//!
//! A payment that **validation** rejects ends in `P_FAILED` and never has an entry in
//! the ledger: no money has moved. One that **the core** rejects keeps its only entry,
//! which then names a [`LedgerReversal`] that gave all of the money back before the
//! payment failed ([`LedgerEntry::is_reversed`]); the total never changes, and
//! balances are always the opening balances plus entries plus reversals. In the
//! transactions the entry is `REVERSED` and the reversal stands beside it. A wire is in
//! real time: what validation rejects is 422 and uses up no key, what the core
//! rejects is 201 with `P_FAILED`. `GET /_sandbox/payments/{paymentId}` says who
//! rejected a payment, why, and when it was in each state.
//!
//! # Keys
//!
//! | a key that | is answered |
//! |---|---|
//! | is unknown, or was refused | by doing the request |
//! | is in process, same request | 409, the problem document |
//! | is in process or done, another path or body | 422 `ERR_KEY_002` |
//! | is done, same request | the first answer, byte for byte |
//! | has expired ([`BankConfig::key_lifetime`], thirty days) | by doing the request **again** |
//!
//! # Error codes
//!
//! | code | status | |
//! |---|---|---|
//! | `ERR_REQ_001` | 400 | the request cannot be read; the message names the field |
//! | `ERR_REQ_002`, `ERR_REQ_003` | 405, 404 | another method (see `Allow`); no such path |
//! | `ERR_REQ_004`, `ERR_REQ_005`, `ERR_REQ_006` | 413, 414, 431 | the body, the path, the headers are too large |
//! | `ERR_AUTH_001`, `ERR_AUTH_002` | 401, 403 | no valid token; it lacks the scope |
//! | `ERR_KEY_001`, `ERR_KEY_002` | 400, 422 | no key that is one; a key of another request |
//! | `ERR_ACC_001` | 404 | not an account of this client |
//! | `ERR_ACC_002`, `ERR_ACC_003`, `ERR_ACC_004` | 422 | insufficient funds; closed; from an account to itself |
//! | `ERR_PAY_001`, `ERR_PAY_002` | 404, 422 | no such payment; unknown routing number |
//! | `ERR_PPY_001` | 409 | this check issue was told before |
//! | `ERR_SBX_001` … `ERR_SBX_005` | | the sandbox's own: a fault, a bound, a full ledger (503), no receiver, not final |
//!
//! # Clients
//!
//! [`BankConfig::clients`] are who may ask. By default there are [`CLIENT_ID`] and
//! [`SECOND_CLIENT_ID`] (secret [`SECOND_CLIENT_SECRET`], accounts
//! [`SECOND_OPERATING`] and [`SECOND_SAVINGS`]). Accounts, payments, transactions,
//! exceptions and keys of one are 404 or absent to the other. The control surface sees
//! all of them.
//!
//! # Checks
//!
//! `POST /_sandbox/checks` presents a check. It matches its issue, or it is an
//! exception: `NO_ISSUE`, `DUPLICATE` (it was paid before), `STALE_DATED` (issued more
//! than 180 days ago), `AMOUNT_MISMATCH`, in this order. No money moves.
//!
//! # Webhooks
//!
//! `POST /_sandbox/webhooks` registers a receiver on loopback. It is told of every
//! payment of its client that becomes final, `P_COMPLETED` or `P_FAILED`. Anything but
//! exactly 200 is a failure, a redirect included, and is tried again after 1 s, 5 s,
//! 30 s, 2 min, 10 min, 1 h and 6 h of the bank's time, with the same signed
//! `event_id` and bytes and another `Webhook-Event-ID`. `/_sandbox/webhooks/trigger`
//! makes events to order, `/resend` delivers again, `/trouble` doubles or reorders.
//!
//! # What is bounded
//!
//! The ledger, the payments and the keys that have not expired grow with the intents,
//! which [`BankConfig::most_intents`] bounds (503 beyond it). Everything else has a
//! fixed bound and forgets its oldest: tokens, recorded requests, deliveries. What a
//! new payment costs does not depend on their number by more than a search tree does:
//! `cargo run --release -p qbank-sandbox --example load`.
//!
//! # Bad days by the million
//!
//! [`simulator`] puts this bank, a network and clients of `qbank-proto` into one thread
//! of virtual time, and holds what the clients were told against the bank's books:
//! `cargo run --release -p qbank-sandbox --bin simulate -- --schedules 1000000`.
//!
//! # Foreign types
//!
//! `http` and `bytes` are part of the public API, and so are the data types of
//! `qbank-proto`; with the `server` feature, tokio's `TcpListener`. A new major
//! version of one of them is a new major version of this crate.

#![allow(clippy::struct_field_names, reason = "the names of the contract repeat themselves")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail"))]

mod api;
mod bank;
mod config;
mod control;
mod dispatch;
mod faults;
pub mod in_process;
mod message;
#[cfg(feature = "server")]
pub mod server;
pub mod simulator;

pub use bank::Bank;
pub use bank::journal::ReceivedRequest;
pub use bank::ledger::{EntryKind, Ledger, LedgerAccount, LedgerEntry, LedgerReversal};
pub use bank::payments::{PaymentStatus, RejectedBy, Rejection, RejectionReason};
pub use bank::time::is_bank_day;
pub use bank::webhooks::{Delivery, DeliveryRecord, loopback_address};
pub use config::fixtures::{
    ACH_CLEARING, CLIENT_ID, CLIENT_SECRET, CLOSED, FUNDING, OPERATING, PAYROLL, SAVINGS,
    SECOND_CLIENT_ID, SECOND_CLIENT_SECRET, SECOND_OPERATING, SECOND_SAVINGS, TREASURY,
    WEBHOOK_SECRET, WIRE_CLEARING,
};
pub use config::{AccountConfig, AccountType, BankConfig, ClientConfig};
pub use faults::{BankFault, WireFault};
pub use in_process::InProcess;
#[cfg(feature = "server")]
pub use server::Server;
