//! What went wrong, what became of the money, and what to do next.

mod advice;
mod details;
mod input;
mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode};

pub(crate) use advice::PROXY_CREDENTIALS;
pub(crate) use details::{Details, OperationName, What};
pub use kind::ErrorKind;

use crate::resource::Payment;
use crate::response::Problem;
use crate::types::{
    Attempt, AttemptList, Fate, FaultKind, IdempotencyKey, PaymentId, RequestId, Resume, Scope,
};

/// Why a call failed: the kind of its last attempt, the fate of the money over
/// all attempts, and the details.
///
/// `Display` says what happened, what became of the money and what to do next.
/// Neither it nor `Debug` shows a secret or a response's body.
///
/// An application's test builds the error that it wants to see handled:
///
/// ```
/// use qbank_proto::{Error, ErrorKind, Fate};
///
/// let error = Error::new(ErrorKind::Unavailable, Fate::Unknown, "the bank answered 503");
/// assert!(error.to_string().contains("UNKNOWN whether money moved"));
/// ```
pub struct Error {
    kind: ErrorKind,
    fate: Fate,
    details: Box<Details>,
}

impl Error {
    /// What happened (`message`, without a full stop) and what became of the money. For an
    /// application's tests, and for its own steps around a call.
    pub fn new(kind: ErrorKind, fate: Fate, message: impl Into<String>) -> Self {
        Self::with_details(kind, fate, Details::new(message))
    }

    pub(crate) fn with_details(
        kind: ErrorKind,
        fate: Fate,
        details: impl Into<Box<Details>>,
    ) -> Self {
        Self { kind, fate, details: details.into() }
    }

    /// Something about the input, found before anything was sent. `field` names
    /// what is wrong and `rule` what holds for it.
    ///
    /// ```
    /// use qbank_proto::{Error, ErrorKind, Fate};
    /// let error = Error::invalid_input("amount", "must be more than zero");
    /// assert_eq!(error.kind(), ErrorKind::InvalidInput);
    /// assert_eq!(error.fate(), Fate::NeverSent);
    /// assert!(error.to_string().starts_with("amount must be more than zero"));
    /// ```
    pub fn invalid_input(field: &str, rule: impl fmt::Display) -> Self {
        let what = What::Input { field: field.to_owned(), rule: rule.to_string() };
        let details = Details { what, ..Details::default() };
        Self::with_details(ErrorKind::InvalidInput, Fate::NeverSent, details)
    }

    /// The part of the input that is at fault, as [`Error::invalid_input`] named it.
    pub fn input_field(&self) -> Option<&str> {
        match &self.details.what {
            What::Input { field, .. } => Some(field),
            What::Message(_) => None,
        }
    }

    /// What holds for the part of the input that is at fault, as [`Error::invalid_input`] was
    /// given it: for a message that names the part in its own way.
    ///
    /// ```
    /// let error = qbank_proto::Error::invalid_input("amount", "must be more than zero");
    /// assert_eq!(error.input_rule(), Some("must be more than zero"));
    /// ```
    pub fn input_rule(&self) -> Option<&str> {
        match &self.details.what {
            What::Input { rule, .. } => Some(rule),
            What::Message(_) => None,
        }
    }

    /// Names the part of the input that is at fault as its user knows it: an
    /// option of a program, a member of an object in another language.
    #[must_use]
    pub fn with_input_field(mut self, name: &str) -> Self {
        if let What::Input { field, .. } = &mut self.details.what {
            name.clone_into(field);
        }
        self
    }

    /// The same error where more is known of the money: bad input found here, in
    /// an intent that was perhaps sent before, or in a call that only reads.
    #[must_use]
    pub fn with_fate(mut self, fate: Fate) -> Self {
        self.fate = fate;
        self
    }

    /// The same error of an intent with this key, first sent then.
    #[must_use]
    pub fn with_key(mut self, key: IdempotencyKey, first_sent: Option<DateTime<Utc>>) -> Self {
        self.details.key = Some(key);
        self.details.first_sent = first_sent;
        self
    }

    /// The same error after these attempts.
    #[must_use]
    pub fn with_attempts(mut self, attempts: impl IntoIterator<Item = Attempt>) -> Self {
        self.details.attempts = attempts.into_iter().collect();
        self
    }

    /// The same error after this last response, and what its body says.
    #[must_use]
    pub fn with_response(mut self, response: Response<Bytes>, problem: Problem) -> Self {
        self.details.status = Some(response.status());
        self.details.response = Some(response);
        self.details.problem = problem;
        self
    }

    /// The same error with the bank's record of the payment.
    #[must_use]
    pub fn with_payment(mut self, payment: Payment) -> Self {
        self.details.problem.transaction_id.get_or_insert(payment.payment_id);
        self.details.payment = Some(Box::new(payment));
        self
    }

    /// The same error, after which the bank asked to wait so long.
    #[must_use]
    pub fn with_retry_after(mut self, wait: Duration) -> Self {
        self.details.retry_after = Some(wait);
        self
    }

    /// Whether this call was refused here for what it was given, before it sent
    /// anything. The fate of a resumed intent stays unknown even so.
    pub fn is_input_error(&self) -> bool {
        self.input_field().is_some()
    }

    /// Whether the server's certificate was refused, the bank's or the token endpoint's:
    /// nothing works until it is trusted.
    pub fn is_certificate_error(&self) -> bool {
        self.fault() == Some(FaultKind::Certificate)
    }

    /// Whether the server refused the client certificate, or wants one and got none; the bank
    /// or the token endpoint: nothing works until it gets one that it accepts.
    pub fn is_client_certificate_error(&self) -> bool {
        self.fault() == Some(FaultKind::ClientCertificate)
    }

    /// Of the token request, or else of the last attempt.
    fn fault(&self) -> Option<FaultKind> {
        let of_call = self.attempts().last().and_then(|attempt| attempt.fault);
        self.details.token_fault.or(of_call)
    }

    pub(crate) fn details_mut(&mut self) -> &mut Details {
        &mut self.details
    }

    /// What happened, by the last attempt.
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// What became of the money, over all attempts.
    pub const fn fate(&self) -> Fate {
        self.fate
    }

    /// The last response's status.
    pub fn status(&self) -> Option<StatusCode> {
        self.details.status
    }

    /// What the error response says.
    pub fn problem(&self) -> &Problem {
        &self.details.problem
    }

    /// The bank's error code, such as `ERR_ACC_001`; of a token endpoint the
    /// OAuth error code.
    pub fn error_code(&self) -> Option<&str> {
        self.details.problem.error_code.as_deref()
    }

    /// Names the request to the bank's support.
    pub fn request_id(&self) -> Option<RequestId> {
        self.details.problem.request_id
    }

    /// A problem's short summary.
    pub fn title(&self) -> Option<&str> {
        self.details.problem.title.as_deref()
    }

    /// A problem's explanation.
    pub fn detail(&self) -> Option<&str> {
        self.details.problem.detail.as_deref()
    }

    /// The payment that the bank has, where it is known: fetch this one.
    pub fn transaction_id(&self) -> Option<PaymentId> {
        self.details.problem.transaction_id
    }

    /// The key of the intent. The only key to resend it with.
    pub fn key(&self) -> Option<IdempotencyKey> {
        self.details.key
    }

    /// When the intent was first sent.
    pub fn first_sent(&self) -> Option<DateTime<Utc>> {
        self.details.first_sent
    }

    /// What continues the intent after an outcome that is unknown: the same key, the same
    /// bytes, and when they were first sent. `None` where there is nothing to resume.
    pub fn resume(&self) -> Option<Resume> {
        let known = (self.fate == Fate::Unknown).then_some(&self.details)?;
        let mut resume = Resume::new(known.key?, known.first_sent?);
        resume.body.clone_from(&known.body);
        Some(resume)
    }

    /// Each send of the intent, in order. Token requests and polls do not count.
    pub fn attempts(&self) -> &AttemptList {
        &self.details.attempts
    }

    /// How long the bank asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.details.retry_after
    }

    /// The last response, raw. Never of the token endpoint.
    pub fn response(&self) -> Option<&Response<Bytes>> {
        self.details.response.as_ref()
    }

    /// Where in the response of a list the first byte is that could not be read; what
    /// was before it has been given out.
    pub fn offset(&self) -> Option<u64> {
        self.details.offset
    }

    /// The bank's record, where the error comes from one.
    pub fn payment(&self) -> Option<&Payment> {
        self.details.payment.as_deref()
    }

    /// The scope that the token lacks, after a 403.
    pub fn needed_scope(&self) -> Option<&Scope> {
        self.details.scope.as_ref()
    }

    /// What happened, without what became of the money and what to do next: of a line in a file,
    /// say, of which nothing else is to be told.
    pub fn summary(&self) -> String {
        self.details.what.to_string()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = &self.details.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}; {}{}", self.details.what, self.money(), self.advice())?;
        if let Some(request_id) = self.request_id() {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}

/// The message with what is needed to tell where the money is. Not every member, since their
/// derived `Debug` was 3 KB of the npm package, gzipped.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Error {{ kind: {}, fate: {}, message: {self}", self.kind, self.fate)?;
        if let Some(code) = self.error_code() {
            write!(f, ", error code: {code}")?;
        }
        if let Some(key) = self.key() {
            write!(f, ", key: {key}")?;
        }
        if let Some(at) = self.first_sent() {
            write!(f, ", first sent: {at:?}")?;
        }
        for attempt in self.attempts() {
            write!(f, ", attempt: {attempt}")?;
        }
        f.write_str(" }")
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.details.source.as_ref().map(|source| &**source as &(dyn StdError + 'static))
    }
}
