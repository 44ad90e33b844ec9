//! What a call asks for.

use std::time::Duration;

use qbank_proto::Exchange;
use qbank_proto::endpoint::Transaction;
use serde::{Serialize, Serializer};

use super::{Error, Reply, View, pairs};

/// What to do next: `{"send": …}`, `{"authorize": …}`, `{"wait": …}`, `{"done": …}` or
/// `{"failed": …}`.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Step {
    /// Do this exchange once, with the call's body, then settle.
    Send(Request),
    /// Ask the application's token supplier, within so many milliseconds, then supply.
    Authorize(u64),
    /// Sleep so many milliseconds, or until the call is woken.
    Wait(u64),
    /// It succeeded.
    Done(Box<Reply>),
    /// It failed.
    Failed(Error),
}

/// A request but for its body, and the limits of its exchange.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Request {
    /// The HTTP method.
    pub method: String,
    /// The whole URL.
    pub url: String,
    /// Complete but for `Host` and `Content-Length`.
    pub headers: Vec<(String, String)>,
    /// Limit for name resolution, TCP, TLS and proxy together.
    pub connect_timeout_ms: u64,
    /// Limit for all of the exchange.
    pub timeout_ms: u64,
    /// The same if the body is streamed.
    pub stream_timeout_ms: Option<u64>,
    /// Limit for the response's body in bytes, decoded.
    pub max_body: usize,
    /// Do not use a connection that was used before.
    pub fresh_connection: bool,
}

impl Request {
    pub(crate) fn of(exchange: &Exchange) -> Self {
        let request = &exchange.request;
        Self {
            method: request.method().to_string(),
            url: request.uri().to_string(),
            headers: pairs(request.headers()),
            connect_timeout_ms: milliseconds(exchange.connect_timeout),
            timeout_ms: milliseconds(exchange.timeout),
            stream_timeout_ms: exchange.stream_timeout.map(milliseconds),
            max_body: exchange.max_body,
            fresh_connection: exchange.fresh_connection,
        }
    }
}

/// Without the headers, one of which is a secret.
impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.method)
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// Rounded up: a timer that is early would only be set again.
pub(crate) fn milliseconds(time: Duration) -> u64 {
    let part = u64::from(time.subsec_nanos().div_ceil(1_000_000));
    time.as_secs().saturating_mul(1000).saturating_add(part)
}

/// Items of a list while it arrives, and what is wrong after them, if something is.
#[derive(Debug, Default, Serialize)]
#[non_exhaustive]
pub struct Items {
    /// In order.
    #[serde(serialize_with = "views")]
    pub items: Vec<Transaction>,
    /// Those that cannot be read, each with how many of `items` come before it. The list goes
    /// on after it.
    pub unreadable: Vec<(usize, Error)>,
    /// What ended the list too early.
    pub failed: Option<Error>,
}

fn views<S: Serializer>(items: &[Transaction], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(items.iter().map(View))
}
