//! What happened, by name.

use std::fmt;

/// What happened, by the last attempt (contract: canonical mapping).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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
    /// A redirect, or an answer that cannot be read or cannot be.
    UnexpectedResponse,
    /// No answer.
    Transport,
    /// The call's own deadline passed.
    DeadlineExceeded,
    /// The bank's record of the payment says that it failed.
    PaymentFailed,
    /// Refused here, before anything was sent.
    InvalidInput,
}

impl ErrorKind {
    /// The name in the program's output and in JavaScript.
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
