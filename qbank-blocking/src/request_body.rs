//! A request's body that knows whether it was read.

use std::io::{Read, Result};

/// The evidence of "not sent" with an application's own agent, whose connector we do not know:
/// without its body a request is incomplete, whatever the agent's middleware does. One that
/// sends it elsewhere, or again, has to read it.
pub(crate) struct RequestBody<'a> {
    rest: &'a [u8],
    read: bool,
}

impl<'a> RequestBody<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        // An empty body is complete before it is read.
        Self { rest: bytes, read: bytes.is_empty() }
    }

    /// Whether all of the request may have left.
    pub(crate) fn is_read(&self) -> bool {
        self.read
    }
}

impl Read for RequestBody<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.read = true;
        self.rest.read(buffer)
    }
}
