//! Replaces hyper's own responses to malformed heads by the bank's standard error.
//!
//! hyper responds to such a head before any service gets it, with a bare status and no
//! body. Every error of the bank is the standard error, so this stream replaces it.

use std::io::{self, IoSlice};
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf as _, Bytes};
use http::StatusCode;
use http::header::ACCESS_CONTROL_EXPOSE_HEADERS;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::{BankHandle, unix_now};

/// A stream that replaces hyper's own error responses.
pub(super) struct ErrorResponses<S> {
    inner: S,
    bank: BankHandle,
    /// What is left to be written of a replacement.
    replacement: Bytes,
}

impl<S> ErrorResponses<S> {
    pub(super) fn new(inner: S, bank: BankHandle) -> Self {
        Self { inner, bank, replacement: Bytes::new() }
    }

    pub(super) fn into_inner(self) -> S {
        self.inner
    }

    /// Whether these bytes were hyper's own, and are the bank's now.
    fn replaces(&mut self, bytes: &[u8]) -> bool {
        let Some(status) = bare_status(bytes) else {
            return false;
        };
        let response = self.bank.lock().unreadable(unix_now(), status);
        let (head, body) = response.into_parts();
        let reason = head.status.canonical_reason().unwrap_or_default();
        let mut text = format!("HTTP/1.1 {} {reason}\r\n", head.status.as_u16()).into_bytes();
        for (name, value) in &head.headers {
            text.extend_from_slice(name.as_str().as_bytes());
            text.extend_from_slice(b": ");
            text.extend_from_slice(value.as_bytes());
            text.extend_from_slice(b"\r\n");
        }
        let rest = format!("connection: close\r\ncontent-length: {}\r\n\r\n", body.len());
        text.extend_from_slice(rest.as_bytes());
        text.extend_from_slice(&body);
        self.replacement = text.into();
        true
    }
}

impl<S: AsyncWrite + Unpin> ErrorResponses<S> {
    fn poll_replacement(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.replacement.is_empty() {
            let written = ready!(Pin::new(&mut self.inner).poll_write(cx, &self.replacement))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.replacement.advance(written);
        }
        Poll::Ready(Ok(()))
    }
}

/// The status of a response that is hyper's own: every response of the bank exposes
/// headers to pages, and none of hyper's does.
fn bare_status(bytes: &[u8]) -> Option<StatusCode> {
    let status = bytes.strip_prefix(b"HTTP/1.1 ")?.get(..3)?;
    if !status.starts_with(b"4") || !bytes.ends_with(b"\r\n\r\n") {
        return None;
    }
    let head = std::str::from_utf8(bytes).ok()?;
    if head.contains(ACCESS_CONTROL_EXPOSE_HEADERS.as_str()) {
        return None;
    }
    StatusCode::from_bytes(status).ok()
}

impl<S: AsyncRead + Unpin> AsyncRead for ErrorResponses<S> {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().inner).poll_read(cx, buffer)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for ErrorResponses<S> {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(cx))?;
        if this.replaces(bytes) {
            return Poll::Ready(Ok(bytes.len()));
        }
        Pin::new(&mut this.inner).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(cx))?;
        if let Some(first) = slices.first()
            && this.replaces(first)
        {
            return Poll::Ready(Ok(first.len()));
        }
        Pin::new(&mut this.inner).poll_write_vectored(cx, slices)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(cx))?;
        Pin::new(&mut this.inner).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        ready!(this.poll_replacement(cx))?;
        Pin::new(&mut this.inner).poll_shutdown(cx)
    }
}
