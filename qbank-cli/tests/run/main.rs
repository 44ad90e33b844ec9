//! `qbank run`: a file is paid once, through whatever happens, and each row is accounted for.
//!
//! Two tests are larger than what is run each time:
//!
//! ```sh
//! QBANK_RUN_ROWS=10000 QBANK_RUN_KILLS=20 cargo test -p qbank-cli --test run killed
//! cargo test --release -p qbank-cli --test run -- --ignored --nocapture
//! ```

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::expect_used,
    reason = "a test that cannot set up has failed"
)]

#[path = "../program/mod.rs"]
mod program;

mod approved;
mod broken;
mod changed;
mod failed;
mod guide;
mod killed;
mod large;
mod paid;
mod paused;
mod question;
mod refused;
mod waits;
