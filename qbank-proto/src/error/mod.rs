//! What went wrong, and what became of the money.

mod input;
mod kind;

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use chrono::{DateTime, Utc};
use http::{Response, StatusCode};

pub use kind::ErrorKind;

use crate::resource::Payment;
use crate::response::Problem;
use crate::types::{
    Attempt, AttemptList, BoxError, Fate, IdempotencyKey, PaymentId, RequestId, Scope, seconds_up,
};

/// Why a call failed: the kind of its last attempt, the fate of the money over
/// all attempts, and the evidence.
///
/// `Display` says what happened, what became of the money and what to do next.
/// Neither it nor `Debug` shows a secret or an answer's body.
pub struct Error(Box<Evidence>);

/// Everything an error knows. Built by the machines, read through [`Error`].
#[derive(Default)]
pub(crate) struct Evidence {
    pub(crate) kind: Option<ErrorKind>,
    pub(crate) fate: Option<Fate>,
    /// What happened, without a full stop.
    pub(crate) what: String,
    pub(crate) status: Option<StatusCode>,
    pub(crate) problem: Problem,
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) first_sent: Option<DateTime<Utc>>,
    pub(crate) attempts: AttemptList,
    pub(crate) retry_after: Option<Duration>,
    pub(crate) response: Option<Response<Bytes>>,
    pub(crate) payment: Option<Box<Payment>>,
    pub(crate) scope: Option<Scope>,
    pub(crate) source: Option<BoxError>,
    /// Of the first byte of an answer that could not be read.
    pub(crate) offset: Option<u64>,
    /// The part of the input that is at fault, if the input is.
    pub(crate) input: Option<String>,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, fate: Fate, evidence: impl Into<Box<Evidence>>) -> Self {
        let mut evidence = evidence.into();
        evidence.kind = Some(kind);
        evidence.fate = Some(fate);
        Self(evidence)
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
        Self::of_input(field, &rule)
    }

    fn of_input(field: &str, rule: &dyn fmt::Display) -> Self {
        let what = format!("{field} {rule}");
        let input = Some(field.to_owned());
        let evidence = Evidence { what, input, ..Evidence::default() };
        Self::new(ErrorKind::InvalidInput, Fate::NeverSent, evidence)
    }

    /// The part of the input that is at fault, as [`Error::invalid_input`] named it.
    pub fn input_field(&self) -> Option<&str> {
        self.0.input.as_deref()
    }

    /// Names the part of the input that is at fault as its user knows it: an
    /// option of a program, a member of an object in another language.
    #[must_use]
    pub fn with_input_field(mut self, name: &str) -> Self {
        if let Some(field) = &self.0.input {
            // It may stand behind the name of the call.
            self.0.what = self.0.what.replacen(field.as_str(), name, 1);
            self.0.input = Some(name.to_owned());
        }
        self
    }

    /// The same error where more is known of the money: bad input found here, in
    /// an intent that was perhaps sent before, or in a call that only reads.
    #[must_use]
    pub fn with_fate(mut self, fate: Fate) -> Self {
        self.set_fate(fate);
        self
    }

    /// For an application's own steps after the bank accepted a payment: the
    /// bank has it, whatever went wrong since.
    pub fn in_progress(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self::new(kind, Fate::InProgress, Evidence { what: what.into(), ..Evidence::default() })
    }

    /// Whether this call was refused here for what it was given, before it sent
    /// anything. The fate of a resumed intent stays unknown even so.
    pub fn is_input_error(&self) -> bool {
        self.0.input.is_some()
    }

    pub(crate) fn evidence_mut(&mut self) -> &mut Evidence {
        &mut self.0
    }

    pub(crate) fn set_fate(&mut self, fate: Fate) {
        self.0.fate = Some(fate);
    }

    /// What happened, by the last attempt.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind.unwrap_or(ErrorKind::InvalidInput)
    }

    /// What became of the money, over all attempts.
    pub fn fate(&self) -> Fate {
        self.0.fate.unwrap_or(Fate::NeverSent)
    }

    /// The last answer's status.
    pub fn status(&self) -> Option<StatusCode> {
        self.0.status
    }

    /// What the error answer says.
    pub fn problem(&self) -> &Problem {
        &self.0.problem
    }

    /// The bank's error code, such as `ERR_ACC_001`; of a token endpoint the
    /// OAuth error code.
    pub fn error_code(&self) -> Option<&str> {
        self.0.problem.error_code.as_deref()
    }

    /// Names the request to the bank's support.
    pub fn request_id(&self) -> Option<RequestId> {
        self.0.problem.request_id
    }

    /// A problem's short summary.
    pub fn title(&self) -> Option<&str> {
        self.0.problem.title.as_deref()
    }

    /// A problem's explanation.
    pub fn detail(&self) -> Option<&str> {
        self.0.problem.detail.as_deref()
    }

    /// The payment that the bank has, where it is known: fetch this one.
    pub fn transaction_id(&self) -> Option<PaymentId> {
        self.0.problem.transaction_id
    }

    /// The key of the intent. The only key to resend it with.
    pub fn idempotency_key(&self) -> Option<IdempotencyKey> {
        self.0.key
    }

    /// When the intent was first sent: what `resume` needs.
    pub fn first_sent(&self) -> Option<DateTime<Utc>> {
        self.0.first_sent
    }

    /// Each send of the intent, in order. Token requests and polls do not count.
    pub fn attempts(&self) -> &[Attempt] {
        &self.0.attempts
    }

    /// How long the bank asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// The last answer, raw. Never of the token endpoint.
    pub fn response(&self) -> Option<&Response<Bytes>> {
        self.0.response.as_ref()
    }

    /// Where in the answer of a list the first byte is that could not be read; what
    /// was before it has been given out.
    pub fn offset(&self) -> Option<u64> {
        self.0.offset
    }

    /// The bank's record, where the error comes from one.
    pub fn payment(&self) -> Option<&Payment> {
        self.0.payment.as_deref()
    }

    /// The scope that the token lacks, after a 403.
    pub fn needed_scope(&self) -> Option<&Scope> {
        self.0.scope.as_ref()
    }

    /// What to do next, in a sentence without a full stop.
    pub fn advice(&self) -> String {
        use ErrorKind as K;
        match (self.fate(), self.kind()) {
            (Fate::Unknown, K::InvalidInput) if self.0.input.is_some() => {
                "correct the request and resume; what was sent before is still unknown".to_owned()
            }
            (Fate::Unknown, K::InvalidInput) => {
                "reconcile with the bank's records before paying again".to_owned()
            }
            (Fate::Unknown, K::InvalidRequest | K::NotFound | K::Conflict) => {
                "the bank refused this send, but an earlier one may have counted: make sure that \
                 these are the bytes first sent, and resume with the same key, or reconcile; \
                 never with a new key"
                    .to_owned()
            }
            (Fate::Unknown, _) => {
                "resend only with the same key (resume), or reconcile; never with a new key"
                    .to_owned()
            }
            (Fate::InProgress, _) => match self.transaction_id() {
                Some(id) => format!("do not resend; follow payment {id}"),
                None => "do not resend; look for the payment in the bank's records".to_owned(),
            },
            (Fate::Accepted, _) => "do not send it again".to_owned(),
            (_, K::PermissionDenied) => match &self.0.scope {
                Some(scope) => format!("request a token with the scope {scope}"),
                None => "check what the client may do".to_owned(),
            },
            (_, K::Unauthenticated) => "check the credentials".to_owned(),
            (_, K::RateLimited) => match self.0.retry_after {
                Some(wait) => format!("wait {} s and send it again", seconds_up(wait)),
                None => "wait and send it again".to_owned(),
            },
            (_, K::InvalidInput) => "correct it and try again".to_owned(),
            (_, K::InvalidRequest) => "correct the request".to_owned(),
            (_, K::NotFound) => "check the ids, and the base URL with its version".to_owned(),
            (_, K::PaymentFailed) => "find out why before paying again".to_owned(),
            (_, K::Conflict) => "see what the bank says it conflicts with".to_owned(),
            _ => "it is safe to try again".to_owned(),
        }
    }

    fn money(&self) -> &'static str {
        match self.fate() {
            Fate::NotApplicable => "",
            Fate::NeverSent => "nothing was sent; ",
            Fate::Refused => "no money moved; ",
            Fate::Unknown => "it is UNKNOWN whether money moved; ",
            Fate::InProgress => "the bank has this payment in process; ",
            Fate::Accepted => "the bank accepted it; ",
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}; {}{}", self.0.what, self.money(), self.advice())?;
        if let Some(request_id) = self.request_id() {
            write!(f, " (request {request_id})")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        /// What may be shown. Derived, so that what is built without `Debug` has
        /// nothing of it.
        #[derive(Debug)]
        #[expect(dead_code, reason = "shown")]
        struct Error<'e> {
            kind: ErrorKind,
            fate: Fate,
            what: &'e str,
            status: Option<StatusCode>,
            problem: &'e Problem,
            key: Option<IdempotencyKey>,
            first_sent: Option<DateTime<Utc>>,
            attempts: &'e [Attempt],
            retry_after: Option<Duration>,
            response_body_bytes: Option<usize>,
        }
        let shown = Error {
            kind: self.kind(),
            fate: self.fate(),
            what: &self.0.what,
            status: self.0.status,
            problem: &self.0.problem,
            key: self.0.key,
            first_sent: self.0.first_sent,
            attempts: &self.0.attempts,
            retry_after: self.0.retry_after,
            response_body_bytes: self.0.response.as_ref().map(|response| response.body().len()),
        };
        shown.fmt(f)
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &**source as _)
    }
}
