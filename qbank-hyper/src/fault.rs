//! What a hyper error means for the money.

use std::error::Error;
use std::io;

use hyper_util::client::legacy;
use hyper_util::client::legacy::connect::CaptureConnection;
use qbank_proto::{BoxError, Fault, FaultKind, LARGEST_HEAD, MOST_HEAD_FIELDS, Sent, of_tls_error};

use crate::connect::{Refused, refusal};

/// There is no head. Not sent is claimed from what this side did: the connector failed
/// (`is_connect`), no connection was captured, or the request was not started; or because the
/// server refused the client certificate instead of reading a request.
pub(crate) fn of_client(error: legacy::Error, connection: &CaptureConnection) -> Fault {
    if let Some(refused) = refusal(connection) {
        return Fault::unsent(FaultKind::ClientCertificate, refused);
    }
    let connected = connection.connection_metadata().is_some();
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
    let source = if is_head_too_large(&error) { head_too_large() } else { error.into() };
    Fault { sent, ..Fault::maybe(kind, source) }
}

/// The body broke off.
pub(crate) fn inside_response(error: hyper::Error) -> Fault {
    Fault::maybe(kind(&error).unwrap_or(FaultKind::Disconnected), error)
}

/// hyper took the request back before it wrote any of it, or the server did not process it.
fn never_started(error: &(dyn Error + 'static)) -> bool {
    let taken_back = |cause: &(dyn Error + 'static)| {
        cause.downcast_ref::<hyper::Error>().is_some_and(hyper::Error::is_canceled)
    };
    chain(error).any(taken_back) || is_not_processed(error)
}

/// A GOAWAY named our stream as not processed (RFC 9113 §6.8): the one claim of a server that
/// counts, since a proxy that has not read a stream cannot have passed it on.
///
/// `REFUSED_STREAM` claims the same (§8.7), but proxies send it for requests that they have
/// passed on: haproxy does whenever its own server gave no response.
pub(crate) fn is_not_processed(error: &(dyn Error + 'static)) -> bool {
    chain(error).any(|cause| {
        cause.downcast_ref::<h2::Error>().is_some_and(|h2| {
            h2.is_remote() && h2.is_go_away() && h2.reason() == Some(h2::Reason::NO_ERROR)
        })
    })
}

fn is_head_too_large(error: &(dyn Error + 'static)) -> bool {
    chain(error).filter_map(|cause| cause.downcast_ref::<hyper::Error>()).any(|cause| {
        // hyper has no method for it.
        cause.is_parse() && cause.to_string() == "message head is too large"
    })
}

/// hyper's own message does not say what the limits are.
fn head_too_large() -> BoxError {
    let limit = LARGEST_HEAD / 1024;
    format!("the response's head has more than {MOST_HEAD_FIELDS} fields, or than {limit} KiB")
        .into()
}

fn kind(error: &(dyn Error + 'static)) -> Option<FaultKind> {
    chain(error).find_map(|cause| {
        if cause.is::<Refused>() {
            return Some(FaultKind::ClientCertificate);
        }
        if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
            return Some(of_tls_error(tls, false));
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

/// An I/O error's `source` skips what it wraps, so that comes first.
fn of_io(error: &io::Error) -> Option<FaultKind> {
    let inner = error.get_ref();
    if let Some(tls) = inner.and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return Some(of_tls_error(tls, false));
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

fn chain<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    std::iter::successors(Some(error), |error: &&'a (dyn Error + 'static)| (*error).source())
}
