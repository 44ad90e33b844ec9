//! Whatever a driver and a bank do: no panic, no hang, and the right fate.
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

mod chaos;
mod faults;
mod ladder;
