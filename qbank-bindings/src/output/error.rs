//! Why a call failed.

use qbank_proto::bytes::Bytes;
use qbank_proto::{Attempt, Fate, Scope};
use serde::{Serialize, Serializer};

use super::View;
use super::resource::Record;
use super::step::milliseconds;
use crate::headers::Headers;

/// Why a call failed: what happened, what became of the money, and the evidence. It serialises
/// as a record, without the response's body.
#[derive(Debug)]
pub struct Error(pub(crate) qbank_proto::Error);

impl Error {
    /// The error of a member that breaks a rule, where a binding found it. The fate is what is
    /// known of the money before anything is sent.
    pub fn invalid_input(field: &str, rule: &str, fate: Fate) -> Self {
        Self(qbank_proto::Error::invalid_input(field, rule).with_fate(fate))
    }

    /// The core's error, whose input is named by the member of a record.
    pub(crate) fn named(error: qbank_proto::Error, member: impl FnOnce(&str) -> String) -> Self {
        Self(match error.input_field().map(member) {
            Some(member) => error.with_input_field(&member),
            None => error,
        })
    }

    /// The core's error.
    pub const fn core(&self) -> &qbank_proto::Error {
        &self.0
    }

    pub(crate) fn body(&self) -> Bytes {
        self.0.response().map(|response| response.body().clone()).unwrap_or_default()
    }
}

/// `field` is the member of a record that is wrong, `offset` where in a list the first byte is
/// that could not be read. Members that are not known are null.
impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let error = &self.0;
        let mut record = Record::new(serializer)?;
        record.member("kind", error.kind().as_str())?;
        record.member("fate", error.fate().as_str())?;
        record.member("message", &error.to_string())?;
        record.member("status", &error.status().map(|status| status.as_u16()))?;
        record.member("errorCode", &error.error_code())?;
        record.member("requestId", &error.request_id())?;
        record.member("title", &error.title())?;
        record.member("detail", &error.detail())?;
        record.member("transactionId", &error.transaction_id())?;
        record.member("idempotencyKey", &error.key())?;
        record.member("firstSent", &error.first_sent().map(|at| at.timestamp_millis()))?;
        record.member("attemptLog", &log(error.attempts()))?;
        record.member("retryAfterMs", &error.retry_after().map(milliseconds))?;
        record.member("field", &error.input_field())?;
        record.member("neededScope", &error.needed_scope().map(Scope::as_str))?;
        record.member("offset", &error.offset())?;
        record.member("payment", &error.payment().map(View))?;
        let headers = error.response().map(|response| Headers::all(response.extensions()));
        record.member("headers", &headers)?;
        record.end()
    }
}

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

/// Each send of an intent; moments are milliseconds since 1970.
pub(super) fn log(attempts: &[Attempt]) -> Vec<Sent> {
    let sent = |attempt: &Attempt| Sent {
        at: attempt.at.timestamp_millis(),
        status: attempt.status.map(|status| status.as_u16()),
        fault: attempt.fault.map(|fault| fault.to_string()),
        fate: attempt.fate.as_str(),
    };
    attempts.iter().map(sent).collect()
}

#[derive(Serialize)]
pub(super) struct Sent {
    at: i64,
    status: Option<u16>,
    fault: Option<String>,
    fate: &'static str,
}
