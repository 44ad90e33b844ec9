//! The document of a failure: the last line on standard error.

use qbank_files::RowError;
use qbank_proto::endpoint::Payment;
use qbank_proto::{Error, Fate, IdempotencyKey};
use serde::Serialize;

use super::document::rfc3339;
use crate::failure::Failure;

/// A failure, as a document.
#[derive(Serialize)]
pub(super) struct ErrorDocument<'a> {
    pub(super) error: Body<'a>,
}

#[derive(Serialize)]
pub(super) struct Body<'a> {
    pub(super) kind: &'a str,
    pub(super) fate: &'a str,
    message: String,
    http_status: Option<u16>,
    error_code: Option<&'a str>,
    request_id: Option<String>,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    transaction_id: Option<String>,
    pub(super) idempotency_key: Option<IdempotencyKey>,
    pub(super) first_sent: Option<String>,
    attempts: usize,
    retry_after_s: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payment: Option<&'a Payment>,
    /// What is wrong with a file of payments.
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    rows: &'a [RowError],
    /// Where a list broke off.
    #[serde(skip_serializing_if = "Option::is_none")]
    offset: Option<u64>,
}

impl<'a> ErrorDocument<'a> {
    /// `unsent` is the fate when this run sent nothing.
    pub(super) fn of(failure: &'a Failure, unsent: Fate) -> Self {
        let mut error = Body::of(failure, failure.to_string());
        if error.fate == Fate::NeverSent.as_str() {
            error.fate = unsent.as_str();
        }
        Self { error }
    }
}

impl<'a> Body<'a> {
    fn of(failure: &'a Failure, message: String) -> Self {
        match failure {
            Failure::Usage(_) => Self::plain("invalid_input", Fate::NeverSent, message),
            Failure::Rows { what, rows } => {
                Self { rows, ..Self::plain("invalid_input", Fate::NeverSent, what.clone()) }
            }
            Failure::Control { status, error_code, .. } => Self {
                http_status: Some(*status),
                error_code: error_code.as_deref(),
                ..Self::plain(control_kind(*status), Fate::NotApplicable, message)
            },
            Failure::Signature(_) => Self::plain("invalid_signature", Fate::NotApplicable, message),
            Failure::Call(error) => Self::of_error(error, message),
            Failure::BrokenOff { error, head } => Self {
                http_status: Some(head.status),
                attempts: head.attempts,
                ..Self::of_error(error, message)
            },
            Failure::CutShort { head, .. } => Self {
                http_status: Some(head.status),
                attempts: head.attempts,
                ..Self::plain("transport", Fate::NotApplicable, message)
            },
            Failure::Local(_) | Failure::Ended(_) | Failure::Interrupted { resumed: None } => {
                Self::plain("transport", Fate::NeverSent, message)
            }
            Failure::Unfinished(_) => Self::plain("transport", Fate::Unknown, message),
            Failure::Interrupted { resumed: Some(submitted) } => Self {
                idempotency_key: submitted.key,
                first_sent: submitted.first_sent.map(rfc3339),
                ..Self::plain("transport", Fate::Unknown, message)
            },
            Failure::AfterSubmit { error, submitted } => Self {
                idempotency_key: submitted.key,
                first_sent: submitted.first_sent.map(rfc3339),
                attempts: submitted.attempts,
                ..Self::of_error(error, message)
            },
        }
    }

    fn plain(kind: &'a str, fate: Fate, message: String) -> Self {
        Self {
            kind,
            fate: fate.as_str(),
            message,
            http_status: None,
            error_code: None,
            request_id: None,
            title: None,
            detail: None,
            transaction_id: None,
            idempotency_key: None,
            first_sent: None,
            attempts: 0,
            retry_after_s: None,
            payment: None,
            rows: &[],
            offset: None,
        }
    }

    fn of_error(error: &'a Error, message: String) -> Self {
        Self {
            http_status: error.status().map(|status| status.as_u16()),
            error_code: error.error_code(),
            request_id: error.request_id().map(|id| id.to_string()),
            title: error.title(),
            detail: error.detail(),
            transaction_id: error.transaction_id().map(|id| id.to_string()),
            idempotency_key: error.key(),
            first_sent: error.first_sent().map(rfc3339),
            attempts: error.attempts().len(),
            retry_after_s: error
                .retry_after()
                .map(|wait| wait.as_secs() + u64::from(wait.subsec_nanos() > 0)),
            payment: error.payment(),
            offset: error.offset(),
            ..Self::plain(error.kind().as_str(), error.fate(), message)
        }
    }
}

/// The contract's kind of a status, as far as the control surface has them.
fn control_kind(status: u16) -> &'static str {
    match status {
        404 => "not_found",
        400..500 => "invalid_request",
        500.. => "server",
        _ => "unexpected_response",
    }
}
