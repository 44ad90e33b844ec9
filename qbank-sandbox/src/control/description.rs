//! The description of the API (OpenAPI 3.1), and the reference page made from it.
//!
//! Both are files in the program: `openapi.yaml` is written by hand, the page by
//! `cargo run -p qbank-sandbox --example reference`. Tests hold them to the code.

use bytes::Bytes;
use http::StatusCode;

use crate::message::response::{ApiResponse, ContentType};

const YAML: &str = include_str!("../../openapi.yaml");
const PAGE: &str = include_str!("reference.html");

/// `GET /_sandbox/openapi.yaml`.
pub(crate) fn yaml() -> ApiResponse {
    file(ContentType::Yaml, YAML)
}

/// `GET /_sandbox/docs`.
pub(crate) fn page() -> ApiResponse {
    file(ContentType::Html, PAGE)
}

fn file(content_type: ContentType, text: &'static str) -> ApiResponse {
    let body = Bytes::from_static(text.as_bytes());
    ApiResponse::empty(StatusCode::OK).content_type(content_type).body(body)
}
