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
//! # Foreign types
//!
//! `http` and `bytes` are part of the public API, and so are the data types of
//! `qbank-proto`; with the `server` feature, tokio's `TcpListener`. A new major
//! version of one of them is a new major version of this crate.

#![allow(clippy::struct_field_names, reason = "the names of the contract repeat themselves")]
#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail"))]

mod accounts;
mod answer;
mod bank;
mod clock;
mod config;
mod control;
mod cors;
mod error;
mod faults;
mod fields;
mod fixtures;
mod ids;
mod journal;
mod keys;
mod ledger;
mod order;
mod payments;
mod positive_pay;
mod route;
#[cfg(feature = "server")]
pub mod server;
pub mod simulator;
mod token;
mod webhook;
mod wire_fault;

pub use bank::Bank;
pub use config::BankConfig;
pub use fixtures::{
    ACH_CLEARING, CLIENT_ID, CLIENT_SECRET, CLOSED, OPERATING, PAYROLL, SAVINGS, TREASURY,
    WEBHOOK_SECRET, WIRE_CLEARING,
};
pub use journal::ReceivedRequest;
pub use ledger::{EntryKind, Ledger, LedgerAccount, LedgerEntry};
pub use payments::PaymentStatus;
#[cfg(feature = "server")]
pub use server::Server;
pub use webhook::{Delivery, DeliveryRecord};
pub use wire_fault::WireFault;
