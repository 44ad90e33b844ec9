//! Error responses: the standard error, the problem document, the OAuth error.

use bytes::Bytes;
use http::header::{ALLOW, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};
use qbank_proto::RequestId;
use serde::Serialize;
use uuid::Uuid;

use crate::message::response::{ApiResponse, ContentType};

/// A request that changed nothing.
#[derive(Debug)]
pub(crate) enum ApiError {
    /// Any 4xx or 5xx but a conflict of keys.
    Standard { status: StatusCode, code: &'static str, message: String, header: Extra },
    /// A request with this key is in process: the id of what it makes, and whether that is
    /// a payment, which can be polled.
    InProcess { transaction_id: Uuid, is_payment: bool },
    /// The token endpoint's own form (RFC 6749 §5.2).
    OAuth { status: StatusCode, error: &'static str, description: &'static str },
}

/// The one header that some refusals need.
#[derive(Debug)]
pub(crate) enum Extra {
    None,
    Challenge(&'static str),
    Allow(&'static str),
}

impl ApiError {
    pub(crate) fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self::Standard { status, code, message: message.into(), header: Extra::None }
    }

    /// The request is malformed: 400. The message names the field.
    pub(crate) fn malformed(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "ERR_REQ_001", message)
    }

    /// The request is well-formed and must not be done: 422.
    pub(crate) fn unprocessable(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, message)
    }

    /// The funds do not cover it.
    pub(crate) fn insufficient_funds() -> Self {
        let message = "The account's available balance does not cover the amount.";
        Self::unprocessable("ERR_ACC_002", message)
    }

    pub(crate) fn not_found(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, code, message)
    }

    pub(crate) fn method_not_allowed(allow: &'static str) -> Self {
        Self::Standard {
            status: StatusCode::METHOD_NOT_ALLOWED,
            code: "ERR_REQ_002",
            message: format!("This path allows {allow}."),
            header: Extra::Allow(allow),
        }
    }

    pub(crate) fn unauthenticated(
        code: &'static str,
        message: &'static str,
        challenge: &'static str,
    ) -> Self {
        Self::Standard {
            status: StatusCode::UNAUTHORIZED,
            code,
            message: message.into(),
            header: Extra::Challenge(challenge),
        }
    }

    pub(crate) fn oauth(error: &'static str, description: &'static str) -> Self {
        Self::OAuth { status: StatusCode::BAD_REQUEST, error, description }
    }

    pub(crate) fn into_response(self, request_id: RequestId) -> ApiResponse {
        match self {
            Self::Standard { status, code, message, header } => {
                let response = standard(status, code, &message, request_id);
                match header {
                    Extra::None => response,
                    Extra::Challenge(value) => {
                        response.with(WWW_AUTHENTICATE, HeaderValue::from_static(value))
                    }
                    Extra::Allow(value) => response.with(ALLOW, HeaderValue::from_static(value)),
                }
            }
            Self::InProcess { transaction_id, is_payment } => {
                in_process(transaction_id, is_payment)
            }
            Self::OAuth { status, error, description } => oauth(status, error, description),
        }
    }
}

/// The standard error.
pub(crate) fn standard(
    status: StatusCode,
    error_code: &str,
    message: &str,
    request_id: RequestId,
) -> ApiResponse {
    #[derive(Serialize)]
    struct Standard<'a> {
        message: &'a str,
        error_code: &'a str,
        request_id: RequestId,
    }
    ApiResponse::json(status, &Standard { message, error_code, request_id })
}

/// The problem document of RFC 9457 for a conflict of keys.
fn in_process(transaction_id: Uuid, is_payment: bool) -> ApiResponse {
    #[derive(Serialize)]
    struct Problem {
        r#type: &'static str,
        title: &'static str,
        status: u16,
        detail: String,
        transaction_id: Uuid,
    }
    let poll =
        if is_payment { format!("; poll GET /payments/{transaction_id}") } else { String::new() };
    let problem = Problem {
        r#type: "https://api.qbankconnect.com/problems/idempotency-conflict",
        title: "Idempotency conflict",
        status: 409,
        detail: format!(
            "A request with this Idempotency-Key is being processed. Do not retry it{poll}."
        ),
        transaction_id,
    };
    ApiResponse::json(StatusCode::CONFLICT, &problem).content_type(ContentType::Problem)
}

fn oauth(status: StatusCode, error: &str, error_description: &str) -> ApiResponse {
    #[derive(Serialize)]
    struct OAuth<'a> {
        error: &'a str,
        error_description: &'a str,
    }
    let response = ApiResponse::json(status, &OAuth { error, error_description });
    let response = response.no_store();
    if status == StatusCode::UNAUTHORIZED {
        return response.with(WWW_AUTHENTICATE, HeaderValue::from_static("Basic realm=\"qbank\""));
    }
    response
}

/// A body that is not JSON.
pub(crate) const GARBAGE: Bytes = Bytes::from_static(b"{\"paymentId\": \xff\xfe\x00<<garbage");
/// What a proxy might respond with.
pub(crate) const HTML: Bytes =
    Bytes::from_static(b"<!DOCTYPE html>\n<html><body><h1>It works!</h1></body></html>\n");
