//! What came of one call, as plain data.

use std::time::Duration;

use qbank_proto::{ErrorKind, Fate, PaymentId};

/// What came of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// What became of the money, by all that this call knows.
    pub fate: Fate,
    /// What the bank's response was.
    pub http_status: Option<u16>,
    /// What broke, by name, if there was no response.
    pub fault: Option<String>,
    /// The payment, if the bank named one.
    pub payment_id: Option<PaymentId>,
    /// Where the payment stands, in the bank's word.
    pub payment_status: Option<String>,
    /// The bank's own id of its response.
    pub request_id: Option<String>,
    /// The bank's payment is of another amount or type than was asked for.
    pub foreign: bool,
    /// Why it is no success.
    pub failure: Option<Failure>,
}

/// Why a call is no success.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub kind: ErrorKind,
    /// The bank's own code of it.
    pub code: Option<String>,
    /// What there is to say about it, without secrets.
    pub message: String,
    /// How long the bank asked to wait.
    pub retry_after: Option<Duration>,
}

impl Outcome {
    /// Nothing is known of it but that it may have been sent.
    pub fn abandoned(why: &str) -> Self {
        Self::failed(Fate::Unknown, ErrorKind::DeadlineExceeded, why)
    }

    /// It was not sent after all.
    pub fn not_sent(why: &str) -> Self {
        Self::failed(Fate::NeverSent, ErrorKind::DeadlineExceeded, why)
    }

    fn failed(fate: Fate, kind: ErrorKind, message: &str) -> Self {
        Self {
            fate,
            http_status: None,
            fault: Some("aborted".to_owned()),
            payment_id: None,
            payment_status: None,
            request_id: None,
            foreign: false,
            failure: Some(Failure {
                kind,
                code: None,
                message: message.to_owned(),
                retry_after: None,
            }),
        }
    }

    /// What kind of error it is, if it is no success.
    pub fn kind(&self) -> Option<ErrorKind> {
        self.failure.as_ref().map(|failure| failure.kind)
    }

    pub(crate) fn retry_after(&self) -> Option<Duration> {
        self.failure.as_ref()?.retry_after
    }

    /// Whether it says something of the credentials or their rights and nothing of the row: of
    /// all rows (true) or of those of its lane, and why.
    pub(crate) fn pauses(&self) -> Option<(bool, String)> {
        let failure = self.failure.as_ref()?;
        let of_credential = match failure.kind {
            ErrorKind::Unauthenticated => true,
            // 425 is about one request.
            ErrorKind::RateLimited if self.http_status != Some(425) => true,
            ErrorKind::PermissionDenied => false,
            _ => return None,
        };
        Some((of_credential, failure.message.clone()))
    }
}
