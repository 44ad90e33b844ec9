//! Work without I/O, each piece twice: by the library, and by hand with nothing
//! but `http`, `serde_json`, `hmac` and `sha2`. Both do the same work on the same
//! input and give the same result; where one does more, its documentation says so.

pub mod ach;
pub mod allocations;
pub mod call;
pub mod callgrind;
pub mod pieces;
pub mod processor;
pub mod refused;
pub mod samples;
pub mod transactions;
pub mod webhook;

/// Whatever stops a benchmark.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;
