#![doc = include_str!("../README.md")]
//!
//! # The pure machine
//!
//! [`Bank::handle`] takes a request and a time and gives a response, [`Bank::tick`] lets
//! time pass. Neither does I/O or reads a clock or a random number, so a failure can be
//! replayed from its seed. The server, the drivers of [`in_process`], a browser page and
//! the [`simulator`] are transports around it; a fault that needs the connection comes to
//! them as a [`WireFault`] in the response's extensions.
//!
//! ```text
//!             ┌───────────────── Bank ─────────────────┐
//!  request ─► │ fault ─► path ─► token ─► scope ─► key │ ─► response + WireFault?
//!     now ──► │                 │                      │
//!             │        ledger ◄─┴─► payments ─► events │ ─► deliveries
//!             └────────────────────────────────────────┘
//! ```
//!
//! It shares data types with the client (`Amount`, ids, `Scope`), and none of its
//! decisions: a client that is wrong about the API must not find a bank that
//! is wrong in the same way.
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
//! let response = bank.handle(now, request);
//! assert_eq!(response.status(), 202);
//! assert!(response.headers()["location"].to_str()?.starts_with("/v1/payments/"));
//!
//! // One intent, one entry in the ledger; settled the next morning.
//! let payment = bank.entries()[0].payment_id.ok_or("an ACH entry has a payment")?;
//! assert_eq!(bank.payment_status(payment).map(|s| s.as_str()), Some("P_CREATED"));
//! bank.advance(now, Duration::from_secs(24 * 60 * 60));
//! assert_eq!(bank.payment_status(payment).map(|s| s.as_str()), Some("P_COMPLETED"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Rooms
//!
//! Each folder of `src` imports only from those below it.
//!
//! | | |
//! |---|---|
//! | [`simulator`] | clients, a network and the bank in one thread, from one seed |
//! | [`in_process`] | drivers for tests, without a socket and in virtual time |
//! | [`server`] | HTTP/1.1 on loopback |
//! | `dispatch` | the way of a request: fault, API or control surface, record |
//! | `control` | the control surface, `/_sandbox` |
//! | `api` | the operations, `/v1` |
//! | `bank` | state and time: ledger, payments, keys, tokens, checks, webhooks |
//! | `faults` | what goes wrong, for which requests |
//! | `config` | how a bank starts, and what the default one has |
//! | `message` | routes, members of JSON requests, responses, errors |
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
pub use config::{
    AccountConfig, AccountType, BankConfig, ClientConfig, ControlAccess, InvalidOrigin, Origin,
};
pub use faults::{BankFault, WireFault};
pub use in_process::InProcess;
#[cfg(feature = "server")]
pub use server::Server;
