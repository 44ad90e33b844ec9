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
    /// The server refused our client certificate, or that there is none. Never retried.
    ClientCertificate,
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
    /// What a TLS alert of the server's means, by its number (RFC 8446 §6.2), where the server
    /// asked for a client certificate in this handshake, and where it did not.
    ///
    /// A server sends the alerts about certificates instead of ending its handshake: over TLS
    /// 1.3 the client's own has ended by then, and its request may be written already. That the
    /// server did end it shows by a session ticket or a response. A driver that saw neither may
    /// say that a request was not sent ([`Sent::No`](crate::Sent::No)), but not after
    /// `handshake_failure`, `access_denied` or `decrypt_error`, which have other reasons too.
    ///
    /// ```
    /// use qbank_proto::FaultKind;
    /// let certificate_required = 116;
    /// assert_eq!(FaultKind::of_tls_alert(certificate_required, true), FaultKind::ClientCertificate);
    /// assert_eq!(FaultKind::of_tls_alert(certificate_required, false), FaultKind::Tls);
    /// ```
    #[must_use]
    pub const fn of_tls_alert(alert: u8, asked: bool) -> Self {
        match alert {
            // handshake_failure: what servers without certificate_required send, and over TLS 1.2;
            // bad_certificate to certificate_unknown, unknown_ca, access_denied; decrypt_error: the
            // proof that the key is ours; certificate_required.
            40 | 42..=46 | 48 | 49 | 51 | 116 if asked => Self::ClientCertificate,
            _ => Self::Tls,
        }
    }

    /// An alert that no server has another reason for: bad_certificate to certificate_unknown,
    /// unknown_ca, certificate_required.
    #[cfg(feature = "tls")]
    pub(crate) const fn is_alert_about_a_certificate(alert: u8) -> bool {
        matches!(alert, 42..=46 | 48 | 116)
    }

    pub(crate) fn explain(self) -> &'static str {
        match self {
            Self::Resolve => "the host name could not be resolved",
            Self::Connect => "no connection could be made",
            Self::Tls => "the TLS handshake failed",
            Self::Certificate => "the server's certificate was refused",
            Self::ClientCertificate => "the server refused the client certificate, or its absence",
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alert_is_about_the_client_certificate_only_where_one_was_asked_for() {
        let about = |asked: bool| -> Vec<u8> {
            let kind = |alert: &u8| FaultKind::of_tls_alert(*alert, asked);
            (0..=255).filter(|alert| kind(alert) == FaultKind::ClientCertificate).collect()
        };
        assert_eq!(about(true), [40, 42, 43, 44, 45, 46, 48, 49, 51, 116]);
        assert!(about(false).is_empty());
    }
}
