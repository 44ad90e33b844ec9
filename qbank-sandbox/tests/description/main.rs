//! The description and the code say the same, in both directions.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test may fail, and uses a part of what it shares"
)]

#[path = "../behaviour/customer.rs"]
mod customer;
#[path = "../described/mod.rs"]
mod described;

mod client;
mod document;
mod members;
mod responses;
