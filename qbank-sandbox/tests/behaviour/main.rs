//! What the bank does, in virtual time: each test reads as a script of one behaviour.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

mod ach;
mod control;
mod customer;
mod faults;
mod keys;
mod reads;
mod real_time;
mod refusals;
mod tokens;
mod webhooks;
