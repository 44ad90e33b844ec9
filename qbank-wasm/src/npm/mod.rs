//! The machine, as the npm package's JavaScript drives it. The loop, `fetch` and
//! everything that is an object are JavaScript's.
//!
//! ```text
//!   js/client.js   what an application calls, its arguments checked (js/input.js)
//!        │
//!   js/drive.js    poll ──► send, authorize, wait, done ──► settle, supply, abandon
//!        │ texts and bytes, in the module's memory (js/machine.js)
//!   boundary       functions over numbers
//!        │
//!   call           one machine of qbank_proto
//! ```

mod answer;
#[allow(unreachable_pub, missing_docs, reason = "`wasm_bindgen` wants it public")]
mod boundary;
mod call;
mod config;
mod data;
mod input;
mod listing;
mod operation;
mod webhook;

use std::time::Duration;

use qbank_proto::Now;

/// Both clocks, in milliseconds.
fn now(mono: f64, unix: f64) -> Now {
    Now { mono: milliseconds(mono), unix: milliseconds(unix) }
}

/// Below zero, and what is no number, is zero.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn milliseconds(ms: f64) -> Duration {
    Duration::from_micros((ms * 1000.0) as u64)
}
