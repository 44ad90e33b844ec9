//! Records that a binding gives.

mod client;
mod members;
mod options;
mod request;
mod response;

pub(crate) use client::config;
pub(crate) use members::Members;
pub(crate) use options::Options;
pub(crate) use request::{ach, issue, transactions, transfer, wire};
pub(crate) use response::{head, outcome, token};
