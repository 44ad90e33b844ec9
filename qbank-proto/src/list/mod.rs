//! Reads a list while it arrives: a response of hundreds of megabytes, since the
//! bank does not paginate, in the memory of one item.
//!
//! ```
//! use qbank_proto::endpoint::ListTransactions;
//! use qbank_proto::ListDecoder;
//!
//! let mut list = ListDecoder::new(&ListTransactions::new());
//! list.push(br#"[{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","amo"#);
//! assert!(list.next().is_none()); // not all of it is here
//! list.push(br#"unt":12.50},"#);
//! let first = list.next().expect("it is complete")?;
//! assert_eq!(first.amount, "12.50".parse().ok());
//!
//! list.end(); // the connection broke
//! let torn = list.next().expect("something is wrong").unwrap_err();
//! assert_eq!(torn.offset(), Some(73));
//! assert!(list.next().is_none());
//! # Ok::<(), qbank_proto::Error>(())
//! ```

mod extent;

use std::marker::PhantomData;

use http::Method;
use serde::de::IgnoredAny;
use serde_json::Deserializer;

use crate::endpoint::{ApiResponse, Endpoint, ListEndpoint, Read};
use crate::error::{Details, Error, ErrorKind};
use crate::json::{DecodeError, DecodeErrorKind, Document, Object};
use crate::response::{Redactor, content_coding};
use crate::types::{Fate, Scope};
use extent::Extent;

/// Opens a list: a call that is done with the head of a good response. Its body is read
/// by a [`ListDecoder`].
#[derive(Debug)]
pub struct OpenList<L>(pub L);

impl<L: ListEndpoint> Endpoint for OpenList<L> {
    type Effect = Read;
    type Output = ();

    const METHOD: Method = L::METHOD;
    const PATH: &'static str = L::PATH;
    const SCOPE: Option<Scope> = L::SCOPE;
    const STREAMS: bool = true;

    fn target(&self, url: &mut String) {
        self.0.target(url);
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<(), DecodeError> {
        match content_coding(response.headers) {
            Some(coding) => Err(DecodeErrorKind::Encoded(coding).into()),
            None => Ok(()),
        }
    }
}

/// Takes the bytes of a list as they come, and gives its items as soon as they are
/// complete.
///
/// An item that cannot be read is an error in its place, and the next item follows. What is
/// no JSON, or torn, comes after everything before it, once, as an error with the offset of
/// the first byte that is not part of an item; after that, [`is_over`](Self::is_over).
pub struct ListDecoder<L: ListEndpoint> {
    buffer: String,
    /// The beginning of a character, the rest of which is to come.
    partial: Vec<u8>,
    /// What comes next is not UTF-8.
    invalid: bool,
    /// How much of the buffer was read.
    read: usize,
    /// The offset of the buffer's first byte in the body.
    offset: u64,
    /// An item of which so much was here was not complete.
    tried: usize,
    /// Of that item.
    extent: Extent,
    state: State,
    ended: Option<String>,
    items: u64,
    /// The place of the next item in the list.
    index: u64,
    list: PhantomData<fn() -> L>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// Before the bracket.
    Opening,
    /// After it: an item, or the end of an empty list.
    First,
    /// After a comma.
    Item,
    /// After an item.
    Separator,
    /// After the closing bracket: only white space.
    Closed,
    /// An error that ends the list was given out.
    Failed,
}

impl<L: ListEndpoint> ListDecoder<L> {
    /// Before the first byte of a response to this operation.
    pub fn new(_: &L) -> Self {
        Self::default()
    }

    /// The next bytes. Take all items before pushing more: what is pushed is kept.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.state == State::Failed || self.invalid {
            return;
        }
        self.buffer.drain(..self.read);
        self.offset += self.read as u64;
        self.read = 0;
        let joined;
        let bytes = if self.partial.is_empty() {
            chunk
        } else {
            joined = [&*std::mem::take(&mut self.partial), chunk].concat();
            &joined
        };
        let (text, partial) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) => {
                self.invalid = error.error_len().is_some();
                let (text, partial) = bytes.split_at(error.valid_up_to());
                (std::str::from_utf8(text).unwrap_or_default(), partial)
            }
        };
        self.buffer.push_str(text);
        self.partial.extend_from_slice(partial);
    }

    /// No more bytes will come.
    pub fn end(&mut self) {
        self.invalid |= !self.partial.is_empty();
        self.ended.get_or_insert_with(|| "the response ended before the list did".to_owned());
    }

    /// No more bytes will come, because of this.
    pub fn broken(&mut self, why: impl std::fmt::Display) {
        self.ended = Some(format!(
            "the response broke off: {}",
            Redactor::default().bounded(why.to_string())
        ));
    }

    /// Items given out so far; those that could not be read do not count.
    pub const fn items(&self) -> u64 {
        self.items
    }

    /// Whether no more items can come out: the list is complete, or an error ended it.
    /// What follows a complete list may still be an error.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Failed)
    }

    /// Whether the list came to its own end.
    pub fn is_complete(&self) -> bool {
        self.state == State::Closed && !self.invalid
    }

    /// The next item, or what is wrong. `None`: push more, or, after the end, that
    /// was all.
    #[expect(clippy::should_implement_trait, reason = "`None` is not the end")]
    pub fn next(&mut self) -> Option<Result<L::Item, Error>> {
        loop {
            let byte = self.peek();
            self.state = match (self.state, byte) {
                (State::Failed, _) => return None,
                (State::Closed, None) if !self.invalid => return None,
                (_, None) => return self.starved(),
                (State::Opening, Some(b'[')) => self.take(State::First),
                (State::First | State::Separator, Some(b']')) => self.take(State::Closed),
                (State::Separator, Some(b',')) => self.take(State::Item),
                (State::First | State::Item, Some(b'{')) => return self.item(),
                (
                    State::First | State::Item,
                    Some(b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n'),
                ) => return Some(self.fail("one of its items is not an object")),
                (State::Opening, Some(_)) => return Some(self.fail("it is not a JSON array")),
                (_, Some(_)) => return Some(self.fail("it is not valid JSON")),
            };
        }
    }

    /// The next byte that is no white space, nor the byte order mark before everything.
    fn peek(&mut self) -> Option<u8> {
        if self.offset == 0 && self.read == 0 && self.buffer.starts_with(BYTE_ORDER_MARK) {
            self.read = BYTE_ORDER_MARK.len_utf8();
        }
        let bytes = self.buffer.as_bytes();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.read += bytes.get(self.read..)?.iter().take_while(|byte| blank(byte)).count();
        bytes.get(self.read).copied()
    }

    fn take(&mut self, next: State) -> State {
        self.read += 1;
        next
    }

    fn item(&mut self) -> Option<Result<L::Item, Error>> {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let fresh = rest.as_bytes().get(self.tried..).unwrap_or_default();
        if self.tried > 0 && !self.extent.ends_in(fresh) && self.ended.is_none() {
            return self.incomplete();
        }
        match first_item::<L>(rest) {
            Ok((length, _)) if length > LONGEST_ITEM => Some(self.too_long()),
            Ok((length, item)) => Some(self.given(length, item)),
            Err(error) if is_cut(rest, &error) => self.incomplete(),
            Err(error) => self.unreadable(&error),
        }
    }

    /// An item that serde_json refuses. The list goes on if it is a JSON object all the same.
    #[cold]
    fn unreadable(&mut self, error: &serde_json::Error) -> Option<Result<L::Item, Error>> {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let mut stream = Deserializer::from_str(rest).into_iter::<IgnoredAny>();
        match stream.next() {
            Some(Ok(_)) => {
                let length = stream.byte_offset();
                if length > LONGEST_ITEM {
                    return Some(self.too_long());
                }
                let document = Document::of(rest.get(..length).unwrap_or_default());
                let item = document.object::<L::Members<'_>>().and_then(L::item);
                let item = item.map_err(DecodeError::without_place);
                Some(self.given(length, item))
            }
            Some(Err(error)) if is_cut(rest, &error) => self.incomplete(),
            _ => {
                let what = DecodeError::of(error).without_place().to_string();
                Some(self.fail(&what))
            }
        }
    }

    /// The list goes on behind an item of this length.
    fn given(
        &mut self,
        length: usize,
        item: Result<L::Item, DecodeError>,
    ) -> Result<L::Item, Error> {
        let (index, offset) = (self.index, self.offset + self.read as u64);
        self.read += length;
        self.tried = 0;
        self.index += 1;
        self.state = State::Separator;
        match item {
            Ok(item) => {
                self.items += 1;
                Ok(item)
            }
            Err(error) => {
                let error = error.at_index(index);
                Err(Self::error(
                    &format!("an item at byte {offset} cannot be read: {error}"),
                    offset,
                ))
            }
        }
    }

    /// Not all of an item is here.
    fn incomplete(&mut self) -> Option<Result<L::Item, Error>> {
        let rest = self.buffer.get(self.read..).unwrap_or_default();
        let length = rest.len();
        if self.tried == 0 {
            self.extent = Extent::default();
            self.extent.ends_in(rest.as_bytes());
        }
        if length > LONGEST_ITEM {
            return Some(self.too_long());
        }
        self.tried = length;
        self.starved()
    }

    /// However it came, in one piece or in many.
    fn too_long(&mut self) -> Result<L::Item, Error> {
        self.fail("one of its items is larger than 1 MiB")
    }

    /// Nothing to read: more will come, or the list is torn.
    fn starved(&mut self) -> Option<Result<L::Item, Error>> {
        if self.invalid {
            return Some(self.fail("it is not valid UTF-8"));
        }
        let why = self.ended.take()?;
        Some(self.fail(&why))
    }

    /// The list ends here.
    fn fail(&mut self, why: &str) -> Result<L::Item, Error> {
        let offset = self.offset + self.read as u64;
        self.state = State::Failed;
        self.buffer = String::new();
        self.read = 0;
        let after = self.index;
        Err(Self::error(
            &format!("the list cannot be read on after {after} items, at byte {offset}: {why}"),
            offset,
        ))
    }

    fn error(what: &str, offset: u64) -> Error {
        let what = format!("{} {}: {what}", L::METHOD.as_str(), L::PATH);
        Error::with_details(
            ErrorKind::UnexpectedResponse,
            Fate::NotApplicable,
            Details { offset: Some(offset), ..Details::new(what) },
        )
    }
}

impl<L: ListEndpoint> Default for ListDecoder<L> {
    fn default() -> Self {
        Self {
            buffer: String::new(),
            partial: Vec::new(),
            invalid: false,
            read: 0,
            offset: 0,
            tried: 0,
            extent: Extent::default(),
            state: State::Opening,
            ended: None,
            items: 0,
            index: 0,
            list: PhantomData,
        }
    }
}

impl<L: ListEndpoint> std::fmt::Debug for ListDecoder<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListDecoder")
            .field("items", &self.items)
            .field("offset", &self.offset)
            .field("buffered", &(self.buffer.len() - self.read))
            .finish_non_exhaustive()
    }
}

/// The item that a text begins with, and how long it is.
fn first_item<L: ListEndpoint>(
    text: &str,
) -> Result<(usize, Result<L::Item, DecodeError>), serde_json::Error> {
    let mut stream = Deserializer::from_str(text).into_iter::<Object<L::Members<'_>>>();
    match stream.next() {
        Some(Ok(Object(members))) => Ok((stream.byte_offset(), L::item(members))),
        Some(Err(error)) => Err(error),
        None => Err(serde::de::Error::custom("nothing")),
    }
}

/// Whether more of the text could make it right: to serde_json a number that ends in its
/// point or its sign is wrong there, and not cut off.
fn is_cut(text: &str, error: &serde_json::Error) -> bool {
    // Whether nothing is left after the line and column of the error: found from the front,
    // so that what comes after a wrong item is not searched again for each.
    let at_end = || {
        let before = text.split_inclusive('\n').take(error.line().saturating_sub(1));
        let start: usize = before.map(str::len).sum();
        start + error.column() >= text.len()
    };
    error.is_eof() || error.is_syntax() && at_end()
}

const BYTE_ORDER_MARK: char = '\u{feff}';

/// What one item may take, whatever a hostile response sends.
const LONGEST_ITEM: usize = 1 << 20;

#[cfg(test)]
mod tests;
