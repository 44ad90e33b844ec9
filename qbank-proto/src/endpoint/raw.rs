//! The escape hatch: any path of the bank, with the same guarantees.

use bytes::Bytes;
use http::Method;

use super::{ApiResponse, Endpoint, Read, Write};
use crate::error::Error;
use crate::json::{DecodeError, DecodeErrorKind, leaves};
use crate::response::declares_problem;
use crate::types::Scope;

/// `GET` of any path below the base URL. Its output is the raw body.
#[derive(Debug, Clone)]
pub struct RawRead {
    target: String,
}

impl RawRead {
    /// Reads this path, such as `/accounts?limit=5`.
    pub fn new(target: impl Into<String>) -> Self {
        Self { target: target.into() }
    }
}

impl Endpoint for RawRead {
    type Effect = Read;
    type Output = Bytes;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/{raw}";
    const SCOPE: Option<Scope> = None;

    fn target(&self, url: &mut String) {
        url.push_str(&self.target);
    }

    fn body(&self) -> Result<Bytes, Error> {
        Ok(Bytes::new())
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Bytes, DecodeError> {
        whole(response)
    }
}

/// `POST` of a JSON body to any path below the base URL, with a key. Any
/// complete 2xx is accepted, unless its body is an error; its output is the raw body.
#[derive(Clone)]
pub struct RawWrite {
    target: String,
    body: Bytes,
    /// What of the body no error may repeat: it is not known which of it is secret.
    texts: Vec<String>,
}

impl RawWrite {
    /// Sends these bytes to this path.
    pub fn new(target: impl Into<String>, body: impl Into<Bytes>) -> Self {
        let body = body.into();
        Self { target: target.into(), texts: leaves(&String::from_utf8_lossy(&body)), body }
    }
}

impl Endpoint for RawWrite {
    type Effect = Write;
    type Output = Bytes;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/{raw}";
    const SCOPE: Option<Scope> = None;

    fn target(&self, url: &mut String) {
        url.push_str(&self.target);
    }

    fn body(&self) -> Result<Bytes, Error> {
        Ok(self.body.clone())
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Bytes, DecodeError> {
        // A body that is JSON and an error is no success; any other is the application's.
        let is_problem = |error: DecodeError| matches!(error.kind(), DecodeErrorKind::Problem);
        if declares_problem(response.headers) || response.success().is_err_and(is_problem) {
            return Err(DecodeErrorKind::Problem.into());
        }
        whole(response)
    }

    fn secrets(&self) -> Vec<&str> {
        self.texts.iter().map(String::as_str).collect()
    }
}

impl std::fmt::Debug for RawWrite {
    /// The body may hold account numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawWrite")
            .field("target", &self.target)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

fn whole(response: &ApiResponse<'_>) -> Result<Bytes, DecodeError> {
    response.whole().map(Bytes::copy_from_slice)
}
