//! The record of what arrived.

use std::collections::VecDeque;

use http::{HeaderMap, StatusCode, Uri};
use serde::Serialize;

use crate::message::hex::as_hex;

/// The latest requests; older ones are dropped, so that a long load test does not
/// fill the memory.
const MOST_REQUESTS: usize = 100_000;
/// The longest text kept of a value that a client chose.
const LONGEST: usize = 256;

/// A request to the API, as `GET /_sandbox/requests` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ReceivedRequest {
    /// The method.
    pub method: Box<str>,
    /// The path, without its query.
    pub path: Box<str>,
    /// The query, if there was one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub query: Option<Box<str>>,
    /// The `Idempotency-Key` header as it was written, valid or not.
    pub idempotency_key: Option<Box<str>>,
    /// The SHA-256 of the body; shown in hexadecimal.
    #[serde(serialize_with = "as_hex")]
    pub body_sha256: [u8; 32],
    /// The status of the response, even if a fault kept it from arriving.
    /// None if a fault closed the connection before the request was read.
    pub status: Option<u16>,
    /// The fault that it met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fault: Option<&'static str>,
}

/// The latest requests, in order.
#[derive(Debug, Default)]
pub(crate) struct Journal {
    requests: VecDeque<ReceivedRequest>,
}

impl Journal {
    pub(crate) fn record(&mut self, request: ReceivedRequest) {
        if self.requests.len() >= MOST_REQUESTS {
            self.requests.pop_front();
        }
        self.requests.push_back(request);
    }

    pub(crate) fn requests(&self) -> &VecDeque<ReceivedRequest> {
        &self.requests
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
    }
}

impl ReceivedRequest {
    pub(crate) fn new(
        method: &str,
        uri: &Uri,
        headers: &HeaderMap,
        body_sha256: [u8; 32],
        status: Option<StatusCode>,
        fault: Option<&'static str>,
    ) -> Self {
        let key = headers.get("idempotency-key");
        Self {
            method: short(method),
            path: short(uri.path()),
            query: uri.query().map(short),
            idempotency_key: key.map(|key| short(&String::from_utf8_lossy(key.as_bytes()))),
            body_sha256,
            status: status.map(|status| status.as_u16()),
            fault,
        }
    }
}

fn short(text: &str) -> Box<str> {
    match text.char_indices().nth(LONGEST) {
        None => text.into(),
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
    }
}
