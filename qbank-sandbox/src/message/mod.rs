//! HTTP messages as the bank reads and writes them: routes, members of JSON requests,
//! responses and error responses.

pub(crate) mod error;
pub(crate) mod fields;
pub(crate) mod headers;
pub(crate) mod hex;
pub(crate) mod response;
pub(crate) mod route;

/// The largest body of a request.
pub(crate) const MAX_BODY: usize = 1024 * 1024;
