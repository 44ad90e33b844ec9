//! What is fuzzed: one function per target, each a statement about any input.
//!
//! The wrappers in `fuzz/fuzz_targets` give them a fuzzer's bytes; the test
//! `replay` gives them everything that is kept in `fuzz/corpus`, on stable Rust.
//!
//! | target | holds for any input |
//! |---|---|
//! | [`amount`] | amounts are read as exact decimal arithmetic says |
//! | [`csv_file`], [`nacha_file`], [`pain001_file`] | what is read of a payment file can be sent, and no message repeats the file |
//! | [`error_answer`] | an error answer has the fate of its status, and repeats no secret |
//! | [`location`] | an id comes only from directly under our own `…/payments/` |
//! | [`machine`] | no sequence of calls panics, hangs or lowers a fate |
//! | [`resource`] | what was decoded is the same after it was written and read again |
//! | [`retry_after`] | the wait is what the bank asked for, or our own |
//! | [`sandbox`] | the bank has no 5xx of its own, one entry per key, a constant total |
//! | [`token_answer`] | a token is what the answer says, or there is none |
//! | [`webhook`] | a genuine signature verifies, an altered delivery does not |
//!
//! Parsers that are private are reached where the public sees them: through a call
//! whose answer holds the input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a target reports by panicking"
)]

mod amount;
mod drive;
mod error_answer;
mod location;
mod machine;
mod payment_file;
mod resource;
mod retry_after;
mod sandbox;
mod token_answer;
mod webhook;

pub use amount::amount;
pub use error_answer::error_answer;
pub use location::location;
pub use machine::machine;
pub use payment_file::{csv_file, nacha_file, pain001_file};
pub use resource::resource;
pub use retry_after::retry_after;
pub use sandbox::sandbox;
pub use token_answer::token_answer;
pub use webhook::webhook;

/// A target: it panics if what it states does not hold.
pub type Target = fn(&[u8]);

/// Each target under the name that the fuzzer knows it by.
pub const TARGETS: [(&str, Target); 12] = [
    ("amount", amount),
    ("csv_file", csv_file),
    ("error_answer", error_answer),
    ("location", location),
    ("machine", machine),
    ("nacha_file", nacha_file),
    ("pain001_file", pain001_file),
    ("resource", resource),
    ("retry_after", retry_after),
    ("sandbox", sandbox),
    ("token_answer", token_answer),
    ("webhook", webhook),
];
