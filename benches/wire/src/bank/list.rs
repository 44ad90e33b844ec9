//! The body of a list of transactions: made as it is sent, so that the bank does not
//! need the memory that the client must not need.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use bench_core::transactions;
use bytes::Bytes;
use hyper::body::{Body, Frame};

/// So many transactions, the same hundred again and again.
#[derive(Clone)]
pub(super) struct List {
    /// A hundred, each with a comma after it.
    hundred: Bytes,
    left: usize,
    begun: bool,
}

impl List {
    pub(super) fn new(count: usize) -> Self {
        let hundred = transactions::list(100);
        let mut with_comma = hundred.slice(1..hundred.len() - 1).to_vec();
        with_comma.push(b',');
        Self { hundred: with_comma.into(), left: count, begun: false }
    }
}

impl Body for List {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if !std::mem::replace(&mut self.begun, true) {
            return Poll::Ready(Some(Ok(Frame::data(Bytes::from_static(b"[")))));
        }
        // The last one closes the list.
        let data = match self.left {
            0 => return Poll::Ready(None),
            left if left > 100 => self.hundred.clone(),
            left => transactions::list(left).slice(1..),
        };
        self.left = self.left.saturating_sub(100);
        Poll::Ready(Some(Ok(Frame::data(data))))
    }
}
