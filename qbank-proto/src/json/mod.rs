//! Reads JSON with `serde_json`, and says what is wrong with it without repeating it.
//!
//! A response is a struct whose members are [`Member`]s: borrowed, unparsed JSON, so that
//! an amount keeps its digits and a value of another type fails alone.

mod document;
mod error;
mod leaves;
mod member;
mod surrogates;

pub(crate) use document::{Document, Object};
pub use error::{DecodeError, DecodeErrorKind};
pub(crate) use leaves::leaves;
pub(crate) use member::{Member, Reading};

use serde::de::{Deserializer, Error as _};
use serde_json::value::RawValue;

/// Implements `Deserialize` for a resource by the function that reads it from a response.
/// The JSON is copied once: neither a reader nor a `serde_json::Value` can lend it.
pub(crate) fn deserialize<'de, D: Deserializer<'de>, T>(
    deserializer: D,
    read: impl FnOnce(&Document<'_>) -> Result<T, DecodeError>,
) -> Result<T, D::Error> {
    let json = <Box<RawValue> as serde::Deserialize>::deserialize(deserializer)?;
    read(&Document::of(json.get())).map_err(D::Error::custom)
}
