//! What the npm package's JavaScript calls. The loop, `fetch` and everything that is an object
//! are JavaScript's; records cross as JSON, bodies as bytes.
//!
//! ```text
//!   js/client.js   what an application calls, its arguments checked (js/input.js)
//!        │
//!   js/drive.js    poll ──► send, authorize, wait, done ──► settle, supply, abandon
//!        │ js/machine.js
//!   Session, Call
//!        │
//!   qbank_bindings   calls by name, plain records
//! ```
#![allow(unreachable_pub, missing_docs, reason = "`wasm_bindgen` wants it public")]

mod call;
mod session;
mod webhook;
