//! What to do next, by what became of the money and what happened.

use http::StatusCode;

use super::{Error, ErrorKind};
use crate::types::{Fate, seconds_up};

/// After a 407.
pub(crate) const PROXY_CREDENTIALS: &str =
    "a proxy on the way wants credentials: put a user and a password into the proxy's URL";

impl Error {
    /// What to do next, in a sentence without a full stop.
    pub fn advice(&self) -> String {
        use ErrorKind as K;
        let advice = match (self.fate, self.kind) {
            (Fate::Unknown, K::InvalidInput) if self.is_input_error() => {
                "correct the request and resume; what was sent before is still unknown"
            }
            (Fate::Unknown, K::InvalidInput) => {
                "reconcile with the bank's records before paying again"
            }
            (Fate::Unknown, K::InvalidRequest | K::NotFound | K::Conflict) => {
                "the bank refused this send, but an earlier one may have counted: make sure that \
                 these are the bytes first sent, and resume with the same key, or reconcile; \
                 never with a new key"
            }
            (Fate::Unknown, _) => {
                let resend =
                    "resend only with the same key (resume), or reconcile; never with a new key";
                match self.details.advice {
                    Some(first) => return format!("{first}; then {resend}"),
                    None => resend,
                }
            }
            (Fate::InProgress, _) => match self.transaction_id() {
                Some(id) => return format!("do not resend; follow payment {id}"),
                None => "do not resend; look for the payment in the bank's records",
            },
            (Fate::Accepted, _) => "do not send it again",
            (_, K::PermissionDenied) => match self.needed_scope() {
                Some(scope) => return format!("request a token with the scope {scope}"),
                None => "check what the client may do",
            },
            (_, K::Unauthenticated) => self.details.advice.unwrap_or("check the credentials"),
            (_, K::RateLimited) => match self.retry_after() {
                Some(wait) => {
                    return format!("wait {} s and send it again", seconds_up(wait));
                }
                None => "wait and send it again",
            },
            (_, K::InvalidInput) => "correct it and try again",
            (_, K::InvalidRequest) if self.is_from_proxy() => PROXY_CREDENTIALS,
            (_, K::InvalidRequest) => "correct the request",
            (_, K::NotFound) => "check the ids, and the base URL with its version",
            (_, K::PaymentFailed) => "find out why before paying again",
            (_, K::Conflict) => "see what the bank says it conflicts with",
            _ if self.is_certificate_error() => {
                "nothing works until the certificate is trusted: check the host and the root \
                 certificates"
            }
            _ if self.is_client_certificate_error() => {
                "nothing works until the server gets a client certificate that it accepts"
            }
            _ => "it is safe to try again",
        };
        advice.to_owned()
    }

    fn is_from_proxy(&self) -> bool {
        self.status() == Some(StatusCode::PROXY_AUTHENTICATION_REQUIRED)
    }

    pub(super) fn money(&self) -> &'static str {
        match self.fate {
            Fate::NotApplicable => "",
            Fate::NeverSent => "nothing was sent; ",
            Fate::Refused => "no money moved; ",
            Fate::Unknown => "it is UNKNOWN whether money moved; ",
            Fate::InProgress => "the bank has this payment in process; ",
            Fate::Accepted => "the bank accepted it; ",
        }
    }
}
