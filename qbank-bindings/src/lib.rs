//! What the bindings of [`qbank_proto`] to other languages share: calls by the name of their
//! operation, plain records in and out. The npm and the Python package use it.
//!
//! ```text
//!   the language: reads what its users give, sends requests, sleeps, makes objects and errors
//!        │ records as JSON: options, requests, responses, tokens
//!        ▼
//!   Session ──► Call   poll ──► send, authorize, wait, done or failed ──► settle, supply
//!        │ records: Step, Reply, Error, Items
//!        ▼
//!   qbank_proto   decides
//! ```
//!
//! Records come in as JSON and go out by [`to_json`]: members in camel case, amounts as decimal
//! strings, moments of the bank as RFC 3339, our own in milliseconds since 1970. The README
//! lists them. What the values of a language may look like is the binding's to check, in its
//! language's own terms; what they mean is checked here, and an error names the member that is
//! wrong.
//!
//! Pure like the core: no I/O, no clock, no randomness, nothing of any language.
//!
//! ```
//! use std::task::Waker;
//! use qbank_bindings::{Now, Session, Step};
//!
//! let session = Session::new(r#"{"accessToken": "a-token"}"#)?;
//! let request = r#"{"accountId": "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"}"#;
//! let mut call = session.call("balances.get", request, "{}", &[7; 24])?;
//! let Step::Send(request) = call.poll(Now::default(), Waker::noop()) else { unreachable!() };
//! assert!(request.url.ends_with("/v1/balances/6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"));
//! # Ok::<(), qbank_bindings::Error>(())
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail"))]

mod call;
mod headers;
mod input;
mod operation;
mod output;
mod session;
mod webhook;

use serde::Serialize;

pub use call::Call;
pub use operation::Intent;
pub use output::{Data, Error, Items, Reply, Request, Step};
pub use qbank_proto::{Fate, Now};
pub use session::Session;
pub use webhook::{Refusal, WebhookEvent, verify};

/// Writes a record.
pub fn to_json<T: Serialize>(record: &T) -> String {
    // All keys are texts, and no value of a record fails to serialise.
    serde_json::to_string(record).unwrap_or_default()
}
