//! Exactly once: each row of the table of outcomes, against the core alone.
#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::unchecked_time_subtraction,
    reason = "a test fails by panicking, and uses a part of the bed"
)]

#[path = "../bed/mod.rs"]
mod bed;

mod bodies;
mod conflict;
mod details;
mod following;
mod invariants;
mod limits;
mod requests;
mod retry_after;
mod statuses;
mod transport;
mod waiting;
