//! The headers of a response, as a binding gives and gets them.

use qbank_proto::http::{Extensions, HeaderName, HeaderValue, header, response};

/// Names and values in order, as they came. In the head of a response they are an extension,
/// beside the few that the core reads: to parse every name is 5 KB of the npm package, gzipped.
#[derive(Debug, Clone, Default)]
pub(crate) struct Headers(Vec<(String, String)>);

/// What the core reads of a response.
const READ: [HeaderName; 6] = [
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::DATE,
    header::LINK,
    header::LOCATION,
    header::RETRY_AFTER,
];

impl Headers {
    /// Of names and values in turn.
    pub(crate) fn of(turns: Vec<String>) -> Self {
        let mut turns = turns.into_iter();
        Self(std::iter::from_fn(|| turns.next().zip(turns.next())).collect())
    }

    /// What cannot be the value of a header is not read.
    pub(crate) fn into_head(self, head: &mut response::Parts) {
        for (name, value) in &self.0 {
            if let Some(read) = READ.iter().find(|read| read.as_str().eq_ignore_ascii_case(name))
                && let Ok(value) = HeaderValue::from_bytes(value.as_bytes())
            {
                head.headers.append(read, value);
            }
        }
        head.extensions.insert(self);
    }

    /// As they came with the response.
    pub(crate) fn all(extensions: &Extensions) -> &[(String, String)] {
        extensions.get::<Self>().map_or(&[], |headers| &headers.0)
    }
}
