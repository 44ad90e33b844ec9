//! A list while it arrives.

use std::fmt;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_core::Stream;
use futures_core::stream::FusedStream;
use hyper::body::Incoming;
use qbank_proto::{Error, ListDecoder, ListEndpoint, Reply};
use tokio::time::{Instant, Sleep, sleep_until};

use crate::exchange::{LONGEST, chunk};

/// The items of a list, one after the other while the response arrives, in the memory
/// of one item. What is cut off or malformed comes as an error after everything before
/// it, with its [`offset`](Error::offset); nothing comes after it.
///
/// Dropped early, it closes its connection, or its HTTP/2 stream.
pub struct List<L: ListEndpoint> {
    reply: Reply<()>,
    body: Option<Body>,
    decoder: ListDecoder<L>,
}

/// The body of a response of which the head was read.
pub(crate) struct Body {
    incoming: Incoming,
    done_by: Instant,
    timer: Pin<Box<Sleep>>,
}

impl Body {
    pub(crate) fn new(incoming: Incoming, done_by: Instant) -> Self {
        let done_by = done_by.min(Instant::now() + LONGEST);
        Self { incoming, done_by, timer: Box::pin(sleep_until(done_by)) }
    }
}

impl<L: ListEndpoint> List<L> {
    pub(crate) fn new(reply: Reply<()>, body: Option<Body>) -> Self {
        let mut decoder = ListDecoder::default();
        // A machine that had the body read has lost the list: not an empty list.
        if body.is_none() {
            decoder.end();
        }
        Self { reply, body, decoder }
    }

    /// The head of the response: status, headers, attempts.
    pub const fn reply(&self) -> &Reply<()> {
        &self.reply
    }

    /// The next item, without a combinator of streams.
    pub async fn next(&mut self) -> Option<Result<L::Item, Error>> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<L::Item, Error>>> {
        loop {
            if let Some(next) = self.decoder.next() {
                return Poll::Ready(Some(next));
            }
            let Some(body) = &mut self.body else { return Poll::Ready(None) };
            let incoming = Pin::new(&mut body.incoming);
            match chunk(incoming, body.timer.as_mut(), body.done_by, cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(Some(data))) => self.decoder.push(&data),
                Poll::Ready(Ok(None)) => {
                    self.decoder.end();
                    self.body = None;
                }
                Poll::Ready(Err(fault)) => {
                    self.decoder.broken(fault.source);
                    self.body = None;
                }
            }
        }
    }
}

impl<L: ListEndpoint> Stream for List<L> {
    type Item = Result<L::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<L: ListEndpoint> FusedStream for List<L> {
    fn is_terminated(&self) -> bool {
        self.body.is_none() && self.decoder.is_over()
    }
}

impl<L: ListEndpoint> fmt::Debug for List<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("reply", &self.reply)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}
