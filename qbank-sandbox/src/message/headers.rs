//! Request headers that several operations read.

use http::HeaderMap;
use http::header::{AUTHORIZATION, CONTENT_TYPE};

/// Whether the body has this media type, whatever its parameters.
pub(crate) fn has_media_type(headers: &HeaderMap, expected: &str) -> bool {
    let value = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
    let name = value.and_then(|value| value.split(';').next());
    name.is_some_and(|name| name.trim().eq_ignore_ascii_case(expected))
}

/// The token of an `Authorization: Bearer` header.
pub(crate) fn bearer(headers: &HeaderMap) -> Option<&str> {
    credentials_after(headers.get(AUTHORIZATION)?.to_str().ok()?, "Bearer")
}

/// Schemes compare without regard to case.
pub(crate) fn credentials_after<'a>(value: &'a str, scheme: &str) -> Option<&'a str> {
    let (name, rest) = value.split_once(' ')?;
    name.eq_ignore_ascii_case(scheme).then_some(rest.trim_matches(' '))
}
