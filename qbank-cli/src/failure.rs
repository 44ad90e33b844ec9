//! Failures of the program, and the exit codes that scripts rely on.

use std::fmt;

use qbank_files::RowError;
use qbank_outbox::StoreError;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::endpoint::{Payment, PaymentType};
use qbank_proto::webhook::VerifyError;
use qbank_proto::{Error, ErrorKind, Fate, IdempotencyKey, Reply};

/// Bad usage or input, nothing sent.
pub(crate) const USAGE: u8 = 2;
/// Failed, and no money moved.
pub(crate) const FAILED: u8 = 3;
/// The bank has it, not final.
pub(crate) const IN_PROGRESS: u8 = 4;
/// Unknown: resend only with the same key.
pub(crate) const UNKNOWN: u8 = 5;

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// An argument, a variable or a file that cannot be used.
    Usage(String),
    /// A call to the bank.
    Call(Box<Error>),
    /// The wait for a payment that this program submitted.
    AfterSubmit { error: Box<Error>, submitted: Submitted },
    /// A list that broke off after the head of its response.
    BrokenOff { error: Box<Error>, head: Head },
    /// A signal came while a list was printed.
    CutShort { items: u64, head: Head },
    /// A webhook that is not genuine.
    Signature(VerifyError),
    /// The sandbox's control surface refused.
    Control { status: u16, error_code: Option<String>, message: String },
    /// A signal came before this run sent anything; an earlier one, which it
    /// resumes, may have.
    Interrupted { resumed: Option<Submitted> },
    /// Something on this machine failed, and nothing was sent.
    Local(String),
    /// A file of payments that cannot be paid: what is wrong, row by row.
    Rows { what: String, rows: Vec<RowError> },
    /// A run of payments broke off in this program: what became of them is in its journal.
    Unfinished(String),
    /// What failed is in the result; this is the exit code that is left.
    Ended(u8),
}

/// What is known of a list before its items.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Head {
    pub(crate) status: u16,
    pub(crate) attempts: usize,
}

impl Head {
    pub(crate) fn of(reply: &Reply<()>) -> Self {
        Self { status: reply.status().as_u16(), attempts: reply.attempts.len() }
    }
}

/// What is known of an intent that was sent before.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Submitted {
    pub(crate) key: Option<IdempotencyKey>,
    pub(crate) first_sent: Option<DateTime<Utc>>,
    pub(crate) attempts: usize,
}

impl Failure {
    pub(crate) fn rows(what: &str, rows: impl IntoIterator<Item = RowError>) -> Self {
        Self::Rows { what: what.to_owned(), rows: rows.into_iter().collect() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::Usage(message.into())
    }

    pub(crate) fn code(&self) -> u8 {
        match self {
            Self::Usage(_) | Self::Rows { .. } => USAGE,
            Self::Ended(code) => *code,
            Self::Interrupted { resumed: Some(_) } | Self::Unfinished(_) => UNKNOWN,
            Self::Signature(_)
            | Self::Local(_)
            | Self::Control { .. }
            | Self::BrokenOff { .. }
            | Self::CutShort { .. }
            | Self::Interrupted { .. } => FAILED,
            Self::Call(error) | Self::AfterSubmit { error, .. } => of_error(error),
        }
    }
}

fn of_error(error: &Error) -> u8 {
    match (error.fate(), error.kind()) {
        _ if error.is_input_error() => USAGE,
        (Fate::Unknown, _) => UNKNOWN,
        (Fate::InProgress | Fate::Accepted, _) => IN_PROGRESS,
        (_, ErrorKind::InvalidInput) => USAGE,
        _ => FAILED,
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Call(Box::new(error))
    }
}

/// What could not be done is usage, unless the store itself failed.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) | StoreError::Other(_) => Self::Local(error.to_string()),
            _ => Self::Usage(error.to_string()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Usage(message) | Self::Local(message) => f.write_str(message),
            Self::Control { status, message, .. } => {
                write!(f, "the sandbox responded {status}: {message}")
            }
            Self::Call(error) | Self::AfterSubmit { error, .. } => match failed_payment(error) {
                Some(text) => f.write_str(&text),
                None => write!(f, "{error}{}", option_hint(error)),
            },
            Self::BrokenOff { error, .. } => write!(f, "{error}"),
            Self::CutShort { items, .. } => {
                write!(f, "interrupted after {items} items of the list")
            }
            Self::Interrupted { resumed: None } => {
                f.write_str("interrupted before anything was sent")
            }
            Self::Interrupted { resumed: Some(_) } => f.write_str(
                "interrupted before it was sent again; it is UNKNOWN whether money moved; \
                 resend only with the same key (--resume), or reconcile; never with a new key",
            ),
            Self::Rows { what, rows } => {
                f.write_str(what)?;
                rows.iter().try_for_each(|row| write!(f, "\n{row}"))
            }
            Self::Unfinished(why) => write!(
                f,
                "{why}; payments may have been sent: the same command finds out and goes on, or \
                 see `qbank outbox list` for the journal; do not pay them in another way"
            ),
            Self::Ended(_) => Ok(()),
            Self::Signature(error) => write!(f, "the webhook is not genuine: {error}"),
        }
    }
}

/// The option that changes what the error says to change.
fn option_hint(error: &Error) -> &'static str {
    let status = error.status().map(|status| status.as_u16());
    match (error.kind(), status) {
        _ if error.error_code() == Some("invalid_scope") => SCOPES,
        (ErrorKind::PermissionDenied, _) | (ErrorKind::Unauthenticated, Some(413)) => SCOPES,
        // From a token endpoint: of the bank itself it is `not_found`.
        (ErrorKind::Unauthenticated, Some(404)) => "; --token-url or QBANK_TOKEN_URL sets it",
        (_, Some(407)) => "; --proxy, HTTPS_PROXY or ALL_PROXY sets it",
        _ if error.is_certificate_error() => "; --ca-file or QBANK_CA_FILE adds a root certificate",
        _ if error.is_client_certificate_error() => {
            "; --client-certificate-file and --client-key-file give it one"
        }
        _ => "",
    }
}

/// What is known of a payment that failed, what most often makes one fail, and what to do:
/// the API has its state alone, and no reason.
fn failed_payment(error: &Error) -> Option<String> {
    if error.kind() != ErrorKind::PaymentFailed || error.fate() != Fate::Refused {
        return None;
    }
    // A wire's own response has it in its body.
    let body = error.response().and_then(|it| serde_json::from_slice::<Payment>(it.body()).ok());
    let payment = error.payment().or(body.as_ref());
    let (what, causes) = match payment.and_then(|payment| payment.payment_type.as_ref()) {
        Some(PaymentType::Ach) => ("an ACH payment", BY_ACH),
        Some(PaymentType::Wire) => ("a wire", BY_WIRE),
        _ => ("one", OTHERWISE),
    };
    let request = payment.and_then(|payment| payment.audit.request_id).or(error.request_id());
    let request = request.map(|id| format!(" about request {id}")).unwrap_or_default();
    Some(format!(
        "{}; no money moved; the API gives no reason: most often {what} fails because {causes}; \
         check these, ask the bank{request}, then correct the details and pay again with a new key",
        error.summary()
    ))
}

const BY_ACH: &str = "the recipient's account is closed or does not exist, its routing number is \
                      wrong, or the source account does not cover the amount";
const BY_WIRE: &str = "the beneficiary's bank does not accept the account, the name or the \
                       routing number, or the source account does not cover the amount";

const OTHERWISE: &str = "an account is closed or does not exist, or the source account does not \
                         cover the amount";

const SCOPES: &str = "; choose scopes with --scope or QBANK_SCOPES";

#[cfg(test)]
mod tests {
    use super::*;
    use qbank_proto::{Attempt, FaultKind};

    #[test]
    fn a_certificate_that_is_refused_names_the_option_for_a_root() {
        let mut attempt = Attempt::new(DateTime::<Utc>::MIN_UTC, Fate::NeverSent);
        attempt.fault = Some(FaultKind::Certificate);
        let error = Error::new(ErrorKind::Transport, Fate::NeverSent, "no connection");
        let failure = Failure::from(error.with_attempts([attempt]));
        let message = failure.to_string();
        assert!(message.contains("until the certificate is trusted"), "{message}");
        assert!(message.ends_with("; --ca-file or QBANK_CA_FILE adds a root certificate"));
    }
}
