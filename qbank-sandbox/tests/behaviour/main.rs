//! What the bank does, in virtual time: each test reads as a script of one behaviour.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test may fail, and uses a part of what it shares"
)]

#[path = "../described/mod.rs"]
mod described;

mod ach;
mod checks;
mod clients;
mod control;
mod customer;
mod deliveries;
mod failures;
mod faults;
mod invariants;
mod keys;
mod nightly;
mod reads;
mod real_time;
mod reconciliation;
mod refusals;
mod tokens;
mod webhooks;
