//! Lists that are read while they arrive, in virtual time.

use std::fmt;
use std::iter::FusedIterator;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use futures_core::Stream;
use futures_core::stream::FusedStream;
use qbank_proto::{Error, ListDecoder, ListEndpoint, Reply};

use super::Shared;
use super::driver::{Running, block_on};
use super::exchange::{Body, Read};

/// The items of a list, one after the other while the response arrives.
pub struct BlockingList<L: ListEndpoint> {
    shared: Arc<Shared>,
    arriving: Arriving<L>,
}

/// The items of a list, one after the other while the response arrives.
pub struct AsyncList<L: ListEndpoint> {
    shared: Arc<Shared>,
    arriving: Arriving<L>,
    /// A read whose moment has not come.
    waiting: Option<Waiting>,
}

struct Waiting {
    call: Running,
    until: Duration,
    begun: bool,
    read: Read,
}

struct Arriving<L: ListEndpoint> {
    reply: Reply<()>,
    body: Option<Body>,
    decoder: ListDecoder<L>,
}

impl<L: ListEndpoint> Arriving<L> {
    fn new(reply: Reply<()>, body: Option<Body>) -> Self {
        let mut decoder = ListDecoder::default();
        // A machine that had the body read has lost the list: that is no empty one.
        if body.is_none() {
            decoder.end();
        }
        Self { reply, body, decoder }
    }

    fn take(&mut self, read: Read) {
        match read {
            Read::Part(_, part) => self.decoder.push(&part),
            Read::End => {
                self.decoder.end();
                self.body = None;
            }
            Read::Broken(_, kind) => {
                self.decoder.broken(kind);
                self.body = None;
            }
        }
    }
}

impl<L: ListEndpoint> BlockingList<L> {
    pub(super) fn new(shared: Arc<Shared>, reply: Reply<()>, body: Option<Body>) -> Self {
        Self { shared, arriving: Arriving::new(reply, body) }
    }

    /// The head of the response: status, headers, attempts.
    pub const fn reply(&self) -> &Reply<()> {
        &self.arriving.reply
    }
}

impl<L: ListEndpoint> Iterator for BlockingList<L> {
    type Item = Result<L::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.arriving.decoder.next() {
                return Some(next);
            }
            let read = self.arriving.body.as_mut()?.next();
            if let Some(at) = read.at() {
                let call = Running::on_thread(&self.shared);
                block_on(call.sleep_until(at));
            }
            self.arriving.take(read);
        }
    }
}

impl<L: ListEndpoint> FusedIterator for BlockingList<L> {}

impl<L: ListEndpoint> AsyncList<L> {
    pub(super) fn new(shared: Arc<Shared>, reply: Reply<()>, body: Option<Body>) -> Self {
        Self { shared, arriving: Arriving::new(reply, body), waiting: None }
    }

    /// The head of the response: status, headers, attempts.
    pub const fn reply(&self) -> &Reply<()> {
        &self.arriving.reply
    }

    /// The next item, without a combinator of streams.
    pub async fn next(&mut self) -> Option<Result<L::Item, Error>> {
        std::future::poll_fn(|cx| self.poll_item(cx)).await
    }

    fn poll_item(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<L::Item, Error>>> {
        loop {
            if let Some(waiting) = &mut self.waiting {
                let Waiting { call, until, begun, .. } = waiting;
                if call.poll_sleep_until(*until, begun, cx).is_pending() {
                    return Poll::Pending;
                }
            }
            if let Some(waiting) = self.waiting.take() {
                self.arriving.take(waiting.read);
            }
            if let Some(next) = self.arriving.decoder.next() {
                return Poll::Ready(Some(next));
            }
            let Some(body) = &mut self.arriving.body else { return Poll::Ready(None) };
            let read = body.next();
            match read.at() {
                Some(until) => {
                    let call = Running::as_task(&self.shared);
                    self.waiting = Some(Waiting { call, until, begun: false, read });
                }
                None => self.arriving.take(read),
            }
        }
    }
}

impl<L: ListEndpoint> Stream for AsyncList<L> {
    type Item = Result<L::Item, Error>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.get_mut().poll_item(cx)
    }
}

impl<L: ListEndpoint> FusedStream for AsyncList<L> {
    fn is_terminated(&self) -> bool {
        self.arriving.body.is_none() && self.arriving.decoder.is_over()
    }
}

impl<L: ListEndpoint> fmt::Debug for BlockingList<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlockingList").field("reply", &self.arriving.reply).finish_non_exhaustive()
    }
}

impl<L: ListEndpoint> fmt::Debug for AsyncList<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AsyncList").field("reply", &self.arriving.reply).finish_non_exhaustive()
    }
}
