//! What a ureq error means for the money.

use std::error::Error as _;
use std::io;

use qbank_proto::{BoxError, Fault, FaultKind, ProxyError, of_tls_error};
use ureq::Error;
use ureq_proto::client::MAX_RESPONSE_HEADERS;

/// Nothing of the request was sent: the connector noted no byte of it, or its body is unread.
/// `asked`: the server asked for a client certificate.
pub(crate) fn before_request(error: Error, asked: bool) -> Fault {
    let kind = match kind(&error, asked) {
        // Before the request the peer cannot have broken off a response.
        FaultKind::Disconnected | FaultKind::Protocol | FaultKind::Other => FaultKind::Connect,
        kind => kind,
    };
    Fault::unsent(kind, source(error))
}

/// Some of the request may have been written.
pub(crate) fn after_request(error: Error) -> Fault {
    Fault::maybe(kind(&error, false), source(error))
}

/// What a person reads of it.
fn source(error: Error) -> BoxError {
    match error {
        // Of the connector: ureq hides its causes.
        Error::Other(error) => error,
        Error::Protocol(ureq_proto::Error::HttpParseTooManyHeaders) => format!(
            "the response's head has more than {MAX_RESPONSE_HEADERS} fields, which is all \
                 that ureq reads"
        )
        .into(),
        error => error.into(),
    }
}

fn kind(error: &Error, asked: bool) -> FaultKind {
    match error {
        Error::HostNotFound => FaultKind::Resolve,
        Error::Timeout(_) => FaultKind::Timeout,
        Error::BodyExceedsLimit(_) => FaultKind::BodyTooLarge,
        Error::ConnectionFailed | Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            FaultKind::Connect
        }
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => FaultKind::Tls,
        Error::Rustls(error) => of_tls_error(error, asked),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => FaultKind::Protocol,
        Error::TooManyRedirects | Error::RedirectFailed => FaultKind::Redirected,
        Error::Io(error) => of_io(error, asked),
        // Why a proxy could not be reached.
        Error::Other(error) => {
            let proxy = error.downcast_ref::<ProxyError>().and_then(|proxy| proxy.source());
            let nested = proxy.and_then(|source| source.downcast_ref::<Error>());
            nested.map_or(FaultKind::Other, |nested| kind(nested, asked))
        }
        _ => FaultKind::Other,
    }
}

fn of_io(error: &io::Error, asked: bool) -> FaultKind {
    let inner = error.get_ref();
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls_error(tls, asked);
    }
    if let Some(nested) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return kind(nested, asked);
    }
    match error.kind() {
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => FaultKind::Timeout,
        io::ErrorKind::ConnectionRefused
        | io::ErrorKind::AddrNotAvailable
        | io::ErrorKind::HostUnreachable
        | io::ErrorKind::NetworkUnreachable => FaultKind::Connect,
        io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput => FaultKind::Protocol,
        _ => FaultKind::Disconnected,
    }
}
