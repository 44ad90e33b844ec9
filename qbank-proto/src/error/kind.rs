//! What happened, by name.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::types::NameError;

/// What happened, by the last attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ErrorKind {
    /// 400, 422 or another 4xx without a name of its own.
    InvalidRequest,
    /// 401, or the token endpoint refused.
    Unauthenticated,
    /// 403: the token lacks the scope.
    PermissionDenied,
    /// 404.
    NotFound,
    /// 408.
    RequestTimeout,
    /// 409: a request with this key is in process.
    IdempotencyConflict,
    /// 409 with a standard error: something else conflicts.
    Conflict,
    /// 425 or 429.
    RateLimited,
    /// 500, 501, 505 and the like.
    Server,
    /// 502, 503 or 504.
    Unavailable,
    /// A redirect, or a response that is undecodable or impossible.
    UnexpectedResponse,
    /// No response.
    Transport,
    /// The call's own deadline passed.
    DeadlineExceeded,
    /// The bank's record of the payment says that it failed.
    PaymentFailed,
    /// Refused here, before anything was sent.
    InvalidInput,
}

impl ErrorKind {
    /// All of them.
    pub const ALL: [Self; 15] = [
        Self::InvalidRequest,
        Self::Unauthenticated,
        Self::PermissionDenied,
        Self::NotFound,
        Self::RequestTimeout,
        Self::IdempotencyConflict,
        Self::Conflict,
        Self::RateLimited,
        Self::Server,
        Self::Unavailable,
        Self::UnexpectedResponse,
        Self::Transport,
        Self::DeadlineExceeded,
        Self::PaymentFailed,
        Self::InvalidInput,
    ];

    /// The name in every language, in the program's output and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InvalidRequest => "invalid_request",
            Self::Unauthenticated => "unauthenticated",
            Self::PermissionDenied => "permission_denied",
            Self::NotFound => "not_found",
            Self::RequestTimeout => "request_timeout",
            Self::IdempotencyConflict => "idempotency_conflict",
            Self::Conflict => "conflict",
            Self::RateLimited => "rate_limited",
            Self::Server => "server",
            Self::Unavailable => "unavailable",
            Self::UnexpectedResponse => "unexpected_response",
            Self::Transport => "transport",
            Self::DeadlineExceeded => "deadline_exceeded",
            Self::PaymentFailed => "payment_failed",
            Self::InvalidInput => "invalid_input",
        }
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ErrorKind {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text).ok_or(NameError("kind of error"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Fate;

    #[test]
    fn names_are_parsed_and_serialised_as_they_are_shown() {
        for kind in ErrorKind::ALL {
            assert_eq!(kind.to_string().parse(), Ok(kind));
            let json = serde_json::to_string(&kind).unwrap();
            assert_eq!(json, format!("\"{kind}\""));
            assert_eq!(serde_json::from_str::<ErrorKind>(&json).unwrap(), kind);
        }
        for fate in Fate::ALL {
            assert_eq!(fate.to_string().parse(), Ok(fate));
            let json = serde_json::to_string(&fate).unwrap();
            assert_eq!(json, format!("\"{fate}\""));
            assert_eq!(serde_json::from_str::<Fate>(&json).unwrap(), fate);
        }
        assert_eq!("perhaps".parse::<Fate>().unwrap_err().to_string(), "is not the name of a fate");
    }
}
