//! What broke in an exchange.

use std::fmt;

/// What broke in an exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// The host's name did not resolve.
    Resolve,
    /// No connection.
    Connect,
    /// The TLS handshake failed, but not over the certificate.
    Tls,
    /// The server's certificate was refused. Never retried.
    Certificate,
    /// Out of time.
    Timeout,
    /// The connection was reset, or ended inside the response.
    Disconnected,
    /// What came was not HTTP.
    Protocol,
    /// The response's body is larger than the exchange's limit.
    BodyTooLarge,
    /// A redirect that the platform hides (an opaque redirect in a browser).
    Redirected,
    /// The application called it off.
    Aborted,
    /// Something else.
    Other,
}

impl FaultKind {
    pub(crate) fn explain(self) -> &'static str {
        match self {
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::Tls => "the TLS handshake failed",
            Self::Certificate => "the server's certificate was refused",
            Self::Timeout => "no complete response came in time",
            Self::Disconnected => "the connection broke before a complete response",
            Self::Protocol => "what came back was not valid HTTP",
            Self::BodyTooLarge => "the response was larger than the limit",
            Self::Redirected => "the server redirected, which is never followed",
            Self::Aborted => "the call was cancelled before a response",
            Self::Other => "the transport failed",
        }
    }
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.explain())
    }
}
