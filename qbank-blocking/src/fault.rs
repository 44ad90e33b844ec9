//! What a ureq error means for the money.

use std::io;

use qbank_proto::{Fault, FaultKind};
use ureq::Error;

/// Nothing of the request was written: the connector noted no byte of it, or its body is unread.
pub(crate) fn before_request(error: Error) -> Fault {
    let kind = match kind(&error) {
        // Before the request the peer cannot have broken off a response.
        FaultKind::Disconnected | FaultKind::Protocol | FaultKind::Other => FaultKind::Connect,
        kind => kind,
    };
    Fault::unsent(kind, error)
}

/// Some of the request may have been written.
pub(crate) fn after_request(error: Error) -> Fault {
    Fault::maybe(kind(&error), error)
}

fn kind(error: &Error) -> FaultKind {
    match error {
        Error::HostNotFound => FaultKind::Resolve,
        Error::Timeout(_) => FaultKind::Timeout,
        Error::BodyExceedsLimit(_) => FaultKind::BodyTooLarge,
        Error::ConnectionFailed | Error::ConnectProxyFailed(_) | Error::InvalidProxyUrl => {
            FaultKind::Connect
        }
        Error::Tls(_) | Error::TlsRequired | Error::Pem(_) => FaultKind::Tls,
        Error::Rustls(error) => of_tls(error),
        Error::Protocol(_) | Error::LargeResponseHeader(..) => FaultKind::Protocol,
        Error::TooManyRedirects | Error::RedirectFailed => FaultKind::Redirected,
        Error::Io(error) => of_io(error),
        _ => FaultKind::Other,
    }
}

fn of_tls(error: &rustls::Error) -> FaultKind {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            FaultKind::Certificate
        }
        _ => FaultKind::Tls,
    }
}

fn of_io(error: &io::Error) -> FaultKind {
    let inner = error.get_ref();
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(tls);
    }
    if let Some(nested) = inner.and_then(|inner| inner.downcast_ref::<Error>()) {
        return kind(nested);
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
