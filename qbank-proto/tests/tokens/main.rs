//! Tokens: one refresh at a time, nobody blocked, nobody failed by another.
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

mod early;
mod handing_on;
mod responses;
mod single_flight;
mod supplied;
mod wakers;
