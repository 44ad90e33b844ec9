//! A response before it becomes an HTTP message.

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, HeaderName, LOCATION};
use http::{HeaderValue, Response, StatusCode};
use serde::Serialize;

/// Status, headers and body.
#[derive(Debug, Clone)]
pub(crate) struct ApiResponse {
    pub(crate) status: StatusCode,
    content_type: ContentType,
    headers: Vec<(HeaderName, HeaderValue)>,
    no_store: bool,
    pub(crate) body: Bytes,
}

#[derive(Debug, Clone, Copy)]
pub(crate) enum ContentType {
    None,
    Json,
    Problem,
    Html,
    #[cfg(feature = "server")]
    Yaml,
}

impl ApiResponse {
    pub(crate) fn empty(status: StatusCode) -> Self {
        Self {
            status,
            content_type: ContentType::None,
            headers: Vec::new(),
            no_store: false,
            body: Bytes::new(),
        }
    }

    pub(crate) fn json(status: StatusCode, value: &impl Serialize) -> Self {
        // Only a map whose keys are not strings could fail, and there is none.
        let body = serde_json::to_vec(value).unwrap_or_default();
        Self { content_type: ContentType::Json, body: body.into(), ..Self::empty(status) }
    }

    pub(crate) fn content_type(self, content_type: ContentType) -> Self {
        Self { content_type, ..self }
    }

    pub(crate) fn with(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.headers.push((name, value));
        self
    }

    /// A text that cannot be a header's value is left out.
    pub(crate) fn with_text(self, name: HeaderName, text: &str) -> Self {
        match HeaderValue::from_str(text) {
            Ok(value) => self.with(name, value),
            Err(_) => self,
        }
    }

    pub(crate) fn location(self, path: &str) -> Self {
        self.with_text(LOCATION, path)
    }

    pub(crate) fn no_store(self) -> Self {
        Self { no_store: true, ..self }
    }

    /// The same head over another body.
    pub(crate) fn body(self, body: Bytes) -> Self {
        Self { body, ..self }
    }

    pub(crate) fn into_http(self) -> Response<Bytes> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(value) = self.content_type.value() {
            headers.insert(CONTENT_TYPE, value);
        }
        headers.extend(self.headers);
        if self.no_store {
            headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        }
        response
    }
}

impl ContentType {
    fn value(self) -> Option<HeaderValue> {
        let text = match self {
            Self::None => return None,
            Self::Json => "application/json",
            Self::Problem => "application/problem+json",
            Self::Html => "text/html; charset=utf-8",
            #[cfg(feature = "server")]
            Self::Yaml => "application/yaml",
        };
        Some(HeaderValue::from_static(text))
    }
}
