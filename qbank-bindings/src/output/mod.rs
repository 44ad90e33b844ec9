//! Records that a binding gets.

mod error;
mod reply;
mod resource;
mod step;

pub use error::Error;
pub use reply::{Data, Reply};
pub use step::{Items, Request, Step};

pub(crate) use step::milliseconds;

pub(crate) use resource::View;

use qbank_proto::http::HeaderMap;

/// Names and values, in order.
pub(crate) fn pairs(headers: &HeaderMap) -> Vec<(String, String)> {
    let text = |value: &[u8]| String::from_utf8_lossy(value).into_owned();
    headers.iter().map(|(name, value)| (name.to_string(), text(value.as_bytes()))).collect()
}
