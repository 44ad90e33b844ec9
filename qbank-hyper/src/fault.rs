//! What a hyper error means for the money.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;
use qbank_proto::{Fault, FaultKind, Sent};

/// The client gave no head. `connected`: it had a connection for the request.
pub(crate) fn of_client(error: legacy::Error, connected: bool) -> Fault {
    let kind = kind(&error).unwrap_or(if error.is_connect() {
        FaultKind::Connect
    } else {
        FaultKind::Disconnected
    });
    let sent = if error.is_connect() || !connected || never_started(&error) {
        Sent::No
    } else {
        Sent::Maybe
    };
    Fault { sent, ..Fault::maybe(kind, error) }
}

/// The body broke off.
pub(crate) fn inside_answer(error: hyper::Error) -> Fault {
    Fault::maybe(kind(&error).unwrap_or(FaultKind::Disconnected), error)
}

/// Hyper gave the request back untouched; or the server went away below the stream,
/// which it then had not taken up (RFC 9113 §6.8).
///
/// `REFUSED_STREAM` promises the same (§8.7), but proxies send it for requests that they
/// have already passed on: haproxy does whenever its own server gave no response.
fn never_started(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        if let Some(hyper) = cause.downcast_ref::<hyper::Error>() {
            return hyper.is_canceled();
        }
        cause.downcast_ref::<h2::Error>().is_some_and(|h2| {
            h2.is_remote() && h2.is_go_away() && h2.reason() == Some(h2::Reason::NO_ERROR)
        })
    })
}

fn kind(error: &(dyn Error + 'static)) -> Option<FaultKind> {
    chain(error).find_map(|cause| {
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(of_tls(tls));
        }
        if let Some(io) = cause.downcast_ref::<io::Error>() {
            return of_io(io);
        }
        let hyper = cause.downcast_ref::<hyper::Error>()?;
        if hyper.is_parse() {
            return Some(FaultKind::Protocol);
        }
        None
    })
}

/// An I/O error's `source` skips what it wraps, so that is looked at first.
fn of_io(error: &io::Error) -> Option<FaultKind> {
    let inner = error.get_ref();
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Some(of_tls(tls));
    }
    if let Some(io) = inner.and_then(|inner| inner.downcast_ref::<io::Error>()) {
        return of_io(io);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(FaultKind::Connect),
        io::ErrorKind::TimedOut => Some(FaultKind::Timeout),
        _ => None,
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

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
