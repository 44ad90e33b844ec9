//! Everything an error knows beside its kind and its fate.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Method, Response, StatusCode};

use crate::resource::Payment;
use crate::response::Problem;
use crate::types::{AttemptList, BoxError, FaultKind, IdempotencyKey, Scope};

/// Collected by the machines, read through [`Error`](super::Error).
#[derive(Default)]
pub(crate) struct Details {
    /// Method and path below the base URL, such as `GET /balances/6f1c0e9a-…`.
    pub(crate) operation: Option<String>,
    pub(crate) what: What,
    pub(crate) status: Option<StatusCode>,
    pub(crate) problem: Problem,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) first_sent: Option<DateTime<Utc>>,
    /// The bytes that every attempt of a write sent.
    pub(crate) body: Option<Bytes>,
    pub(crate) attempts: AttemptList,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) response: Option<Response<Bytes>>,
    pub(crate) payment: Option<Box<Payment>>,
    /// That the token lacks.
    pub(crate) scope: Option<Scope>,
    /// Why the token endpoint could not be reached, if that was it.
    pub(crate) token_fault: Option<FaultKind>,
    /// What to do next, where that is known better than from kind and fate.
    pub(crate) advice: Option<&'static str>,
    pub(crate) source: Option<BoxError>,
    /// Of the first byte of a list that could not be read.
    pub(crate) offset: Option<u64>,
}

impl Details {
    pub(crate) fn new(what: impl Into<String>) -> Self {
        Self { what: What::Message(what.into()), ..Self::default() }
    }
}

/// Such as `GET /balances/{accountId}`, for spans.
#[derive(Debug, Clone)]
pub(crate) struct OperationName {
    pub(crate) method: Method,
    pub(crate) path: &'static str,
}

impl fmt::Display for OperationName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.method, self.path)
    }
}

/// What happened, without a full stop.
pub(crate) enum What {
    Message(String),
    /// A part of the input, and the rule that it breaks.
    Input {
        field: String,
        rule: String,
    },
}

impl Default for What {
    fn default() -> Self {
        Self::Message(String::new())
    }
}

impl What {
    /// Adds to a message.
    pub(crate) fn push_str(&mut self, more: &str) {
        match self {
            Self::Message(text) | Self::Input { rule: text, .. } => text.push_str(more),
        }
    }

    pub(crate) fn is_empty(&self) -> bool {
        matches!(self, Self::Message(text) if text.is_empty())
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Message(text) => f.write_str(text),
            Self::Input { field, rule } => write!(f, "{field} {rule}"),
        }
    }
}
