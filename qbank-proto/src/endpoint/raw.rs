//! The escape hatch: any path of the bank, with the same guarantees.

use bytes::Bytes;
use http::Method;

use super::{ApiResponse, Endpoint, Read, Write};
use crate::error::Error;
use crate::json::DecodeError;
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
/// complete 2xx is accepted; its output is the raw body.
#[derive(Clone)]
pub struct RawWrite {
    target: String,
    body: Bytes,
}

impl RawWrite {
    /// Sends these bytes to this path.
    pub fn new(target: impl Into<String>, body: impl Into<Bytes>) -> Self {
        Self { target: target.into(), body: body.into() }
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
        whole(response)
    }
}

impl std::fmt::Debug for RawWrite {
    /// The body may hold account numbers.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("RawWrite")
            .field("target", &self.target)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

fn whole(response: &ApiResponse<'_>) -> Result<Bytes, DecodeError> {
    response.whole().map(Bytes::copy_from_slice)
}
