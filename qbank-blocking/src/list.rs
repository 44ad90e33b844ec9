//! A list while it arrives.

use std::fmt;
use std::io::Read;
use std::iter::FusedIterator;
use std::time::Instant;

use qbank_proto::{Error, ListDecoder, ListEndpoint, Reply};
use ureq::BodyReader;

use crate::in_flight::InFlight;

/// The items of a list, one after the other while the response arrives, in the memory
/// of one item. What is cut off or malformed comes as an error after everything before
/// it, with its [`offset`](Error::offset); nothing comes after it.
///
/// Dropped early, it closes its connection.
pub struct List<L: ListEndpoint> {
    reply: Reply<()>,
    body: Option<Body>,
    decoder: ListDecoder<L>,
    chunk: Box<[u8]>,
}

/// The body of a response of which the head was read.
pub(crate) struct Body {
    reader: BodyReader<'static>,
    done_by: Option<Instant>,
}

impl Body {
    pub(crate) fn new(body: ureq::Body, done_by: Option<Instant>) -> Self {
        Self { reader: body.into_reader(), done_by }
    }

    /// Other exchanges of this thread may come between two reads.
    fn read(&mut self, chunk: &mut [u8]) -> std::io::Result<usize> {
        if self.done_by.is_some_and(|by| by <= Instant::now()) {
            return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, "out of time"));
        }
        InFlight::resume(self.done_by);
        let read = self.reader.read(chunk);
        InFlight::end();
        read
    }
}

impl<L: ListEndpoint> List<L> {
    pub(crate) fn new(reply: Reply<()>, body: Option<Body>) -> Self {
        let mut decoder = ListDecoder::default();
        // A machine that had the body read has lost the list: not an empty list.
        if body.is_none() {
            decoder.end();
        }
        Self { reply, body, decoder, chunk: vec![0; CHUNK].into() }
    }

    /// The head of the response: status, headers, attempts.
    pub const fn reply(&self) -> &Reply<()> {
        &self.reply
    }
}

impl<L: ListEndpoint> Iterator for List<L> {
    type Item = Result<L::Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(next) = self.decoder.next() {
                return Some(next);
            }
            let body = self.body.as_mut()?;
            match body.read(&mut self.chunk) {
                Ok(0) => {
                    self.decoder.end();
                    self.body = None;
                }
                Ok(length) => self.decoder.push(self.chunk.get(..length).unwrap_or_default()),
                Err(error) => {
                    self.decoder.broken(error);
                    self.body = None;
                }
            }
        }
    }
}

impl<L: ListEndpoint> FusedIterator for List<L> {}

impl<L: ListEndpoint> fmt::Debug for List<L> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List")
            .field("reply", &self.reply)
            .field("decoder", &self.decoder)
            .finish_non_exhaustive()
    }
}

const CHUNK: usize = 64 << 10;
