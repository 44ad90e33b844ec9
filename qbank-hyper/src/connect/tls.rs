//! A server's refusal of the client certificate, noted for each connection.
//!
//! Over TLS 1.3 a client's handshake ends before the server has read its certificate, so the
//! refusal arrives when a request is written already. hyper reports what broke a connection
//! only to a request that it has started, and over HTTP/2 as text.

use std::cell::Cell;
use std::fmt;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};

use hyper::rt::{Read, ReadBuf, ReadBufCursor, Write};
use hyper_rustls::{HttpsConnector, MaybeHttpsStream};
use hyper_util::client::legacy::connect::{CaptureConnection, Connected, Connection};
use qbank_proto::http::{Extensions, Uri};
use qbank_proto::{BoxError, FaultKind, of_tls_error, refused_in_handshake};
use tower_service::Service;

use super::Proxied;
use super::tcp::Tcp;

/// A server's refusal of the client certificate, or of its absence.
#[derive(Debug, Clone)]
pub(crate) struct Refused(rustls::Error);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Refused {}

/// What refused the client certificate on the connection that a request was given to, before
/// the server read any of it.
pub(crate) fn refusal(connection: &CaptureConnection) -> Option<Refused> {
    let mut extras = Extensions::new();
    connection.connection_metadata().as_ref()?.get_extras(&mut extras);
    extras.get::<Note>()?.0.get().cloned()
}

/// Shared by a connection and its metadata.
#[derive(Debug, Clone, Default)]
struct Note(Arc<OnceLock<Refused>>);

/// Connects, and notes whether the server asks for a client certificate.
#[derive(Debug, Clone)]
pub(super) struct Noting(pub(super) HttpsConnector<Proxied>);

thread_local! {
    static ASKED: Cell<bool> = const { Cell::new(false) };
}

/// A server asks for a client certificate, in the handshake that this thread polls.
pub(super) fn set_asked() {
    ASKED.set(true);
}

impl Service<Uri> for Noting {
    type Response = NotedStream;
    type Error = BoxError;
    type Future = Connecting;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.0.poll_ready(cx)
    }

    fn call(&mut self, target: Uri) -> Connecting {
        Connecting { inner: self.0.call(target), asked: false }
    }
}

pub(super) struct Connecting {
    inner: <HttpsConnector<Proxied> as Service<Uri>>::Future,
    asked: bool,
}

impl Future for Connecting {
    type Output = Result<NotedStream, BoxError>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        ASKED.set(false);
        let polled = self.inner.as_mut().poll(cx);
        self.asked |= ASKED.take();
        let asked = self.asked;
        polled.map(|connected| match connected {
            Ok(io) => Ok(NotedStream { io, note: asked.then(Note::default), answered: false }),
            Err(error) => Err(match tls_error(&*error) {
                Some(tls) if of_tls_error(tls, asked) == FaultKind::ClientCertificate => {
                    Box::new(Refused(tls.clone()))
                }
                _ => error,
            }),
        })
    }
}

/// As hyper-rustls and tokio-rustls wrap it: an I/O error in an I/O error.
fn tls_error<'a>(error: &'a (dyn std::error::Error + 'static)) -> Option<&'a rustls::Error> {
    match error.downcast_ref::<io::Error>() {
        Some(io) => tls_error(io.get_ref()?),
        None => error.downcast_ref(),
    }
}

/// A connection that notes a refusal, if the server asked for a client certificate.
pub(super) struct NotedStream {
    io: MaybeHttpsStream<Tcp>,
    note: Option<Note>,
    /// Something came over the connection.
    answered: bool,
}

impl NotedStream {
    fn io(self: Pin<&mut Self>) -> Pin<&mut MaybeHttpsStream<Tcp>> {
        Pin::new(&mut self.get_mut().io)
    }

    fn check_read(&mut self, error: &io::Error) {
        let (Some(Note(note)), MaybeHttpsStream::Https(tls)) = (&self.note, &mut self.io) else {
            return;
        };
        let (_, connection) = tls.inner_mut().get_mut();
        if let Some(error) = error.get_ref().and_then(|it| it.downcast_ref::<rustls::Error>())
            && refused_in_handshake(error, connection, self.answered)
        {
            // There is one refusal of a connection.
            let _ = note.set(Refused(error.clone()));
        }
    }

    /// A write can fail before the alert that says why is read. hyper reads no more then.
    fn check_write(&mut self, cx: &mut Context<'_>) {
        if self.note.is_none() || self.answered {
            return;
        }
        let mut byte = [MaybeUninit::uninit()];
        let mut buffer = ReadBuf::uninit(&mut byte);
        match Pin::new(&mut self.io).poll_read(cx, buffer.unfilled()) {
            Poll::Ready(Err(error)) => self.check_read(&error),
            Poll::Ready(Ok(())) => self.answered |= !buffer.filled().is_empty(),
            Poll::Pending => {}
        }
    }

    fn checked<T>(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if let Poll::Ready(Err(_)) = &written {
            self.check_write(cx);
        }
        written
    }
}

impl Connection for NotedStream {
    fn connected(&self) -> Connected {
        let connected = self.io.connected();
        match &self.note {
            Some(note) => connected.extra(note.clone()),
            // Nothing is copied into the responses of a connection without one.
            None => connected,
        }
    }
}

impl Read for NotedStream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        mut buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        if self.note.is_none() || self.answered {
            return self.io().poll_read(cx, buffer);
        }
        // Through a buffer of our own, since a cursor does not say how much was put into it.
        let mut bytes = [MaybeUninit::uninit(); FIRST_READ];
        let room = buffer.remaining().min(FIRST_READ);
        let mut first = ReadBuf::uninit(bytes.get_mut(..room).unwrap_or_default());
        let polled = self.as_mut().io().poll_read(cx, first.unfilled());
        match &polled {
            Poll::Ready(Ok(())) => {
                self.answered = !first.filled().is_empty();
                buffer.put_slice(first.filled());
            }
            Poll::Ready(Err(error)) => self.check_read(error),
            Poll::Pending => {}
        }
        polled
    }
}

const FIRST_READ: usize = 1024;

impl Write for NotedStream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().io().poll_write(cx, bytes);
        self.checked(cx, written)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let flushed = self.as_mut().io().poll_flush(cx);
        self.checked(cx, flushed)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.io().poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = self.as_mut().io().poll_write_vectored(cx, parts);
        self.checked(cx, written)
    }
}
