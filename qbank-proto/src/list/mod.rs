//! Reads a list while it arrives: an answer of hundreds of megabytes, since the
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

use crate::endpoint::{ApiResponse, Endpoint, ListEndpoint, Read};
use crate::error::{Details, Error, ErrorKind};
use crate::json;
use crate::json::{DecodeError, Fields};
use crate::response::redact_bounded;
use crate::types::{Fate, Scope};
use extent::Extent;

/// Opens a list: a call that is over with the head of a good answer. Its body is read
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

    fn decode(&self, _: &ApiResponse<'_>) -> Result<(), DecodeError> {
        Ok(())
    }
}

/// Takes the bytes of a list as they come, and gives its items as soon as they are
/// complete. What is wrong, or torn, comes after everything before it, once, as an
/// error with the offset of the first byte that is not part of an item.
pub struct ListDecoder<L: ListEndpoint> {
    buffer: String,
    /// The beginning of a letter, the rest of which is to come.
    letter: Vec<u8>,
    /// What comes next is not UTF-8.
    foul: bool,
    /// What of the buffer is done with.
    done: usize,
    /// The offset of the buffer's first byte in the answer.
    offset: u64,
    /// An item of which so much was here was not complete.
    tried: usize,
    /// Of that item.
    extent: Extent,
    /// For the members of the next item.
    room: Vec<json::Member<'static>>,
    /// What its items have in common.
    shape: json::Shape,
    state: State,
    ended: Option<String>,
    items: u64,
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
    /// An error was given out, or the end was reached.
    Over,
}

impl<L: ListEndpoint> ListDecoder<L> {
    /// Before the first byte of an answer to this operation.
    pub fn new(_: &L) -> Self {
        Self::default()
    }

    /// The next bytes. Take all items before pushing more: what is pushed is kept.
    pub fn push(&mut self, chunk: &[u8]) {
        if self.state == State::Over || self.foul {
            return;
        }
        self.buffer.drain(..self.done);
        self.offset += self.done as u64;
        self.done = 0;
        let joined;
        let bytes = if self.letter.is_empty() {
            chunk
        } else {
            joined = [&*std::mem::take(&mut self.letter), chunk].concat();
            &joined
        };
        let (text, letter) = match std::str::from_utf8(bytes) {
            Ok(text) => (text, &[][..]),
            Err(error) => {
                self.foul = error.error_len().is_some();
                let (text, letter) = bytes.split_at(error.valid_up_to());
                (std::str::from_utf8(text).unwrap_or_default(), letter)
            }
        };
        self.buffer.push_str(text);
        self.letter.extend_from_slice(letter);
    }

    /// No more bytes will come.
    pub fn end(&mut self) {
        self.foul |= !self.letter.is_empty();
        self.ended.get_or_insert_with(|| "the answer ended before the list did".to_owned());
    }

    /// No more bytes will come, because of this.
    pub fn broken(&mut self, why: impl std::fmt::Display) {
        self.ended =
            Some(format!("the answer broke off: {}", redact_bounded(why.to_string(), &[])));
    }

    /// Items so far.
    pub const fn items(&self) -> u64 {
        self.items
    }

    /// Whether no more items can come out: the list is complete, or an error was given.
    /// What follows a complete list may still be an error.
    pub fn is_over(&self) -> bool {
        matches!(self.state, State::Closed | State::Over)
    }

    /// Whether the list came to its own end.
    pub fn is_complete(&self) -> bool {
        self.state == State::Closed && !self.foul
    }

    /// The next item, or what is wrong. `None`: push more, or, after the end, that
    /// was all.
    #[expect(clippy::should_implement_trait, reason = "`None` is not the end")]
    pub fn next(&mut self) -> Option<Result<L::Item, Error>> {
        loop {
            let byte = self.peek();
            self.state = match (self.state, byte) {
                (State::Over, _) => return None,
                (State::Closed, None) if !self.foul => return None,
                (_, None) => return self.starved(),
                (State::Opening, Some(b'[')) => self.take(State::First),
                (State::First | State::Separator, Some(b']')) => self.take(State::Closed),
                (State::Separator, Some(b',')) => self.take(State::Item),
                (State::First | State::Item, Some(_)) => return self.item(),
                (State::Opening, Some(_)) => return Some(self.fail("it is not a JSON array")),
                (State::Separator | State::Closed, Some(_)) => {
                    return Some(self.fail("it is not valid JSON"));
                }
            };
        }
    }

    /// The next byte that is no white space.
    fn peek(&mut self) -> Option<u8> {
        let bytes = self.buffer.as_bytes();
        let blank = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\n' | b'\r');
        self.done += bytes.get(self.done..)?.iter().take_while(|byte| blank(byte)).count();
        bytes.get(self.done).copied()
    }

    fn take(&mut self, next: State) -> State {
        self.done += 1;
        next
    }

    fn item(&mut self) -> Option<Result<L::Item, Error>> {
        let rest = self.buffer.get(self.done..).unwrap_or_default();
        let fresh = rest.as_bytes().get(self.tried..).unwrap_or_default();
        if self.tried > 0 && !self.extent.ends_in(fresh) && self.ended.is_none() {
            return self.incomplete(rest.len());
        }
        let mut members = std::mem::take(&mut self.room);
        match json::first_object(rest, &mut members, &mut self.shape) {
            Ok(Some(length)) => {
                let fields = Fields::of(members);
                let read = L::item(&fields);
                self.room = json::emptied(fields.into_members());
                match read {
                    Ok(item) => {
                        self.done += length;
                        self.tried = 0;
                        self.items += 1;
                        self.state = State::Separator;
                        Some(Ok(item))
                    }
                    Err(error) => {
                        let what = error.to_string();
                        Some(self.fail(&what))
                    }
                }
            }
            Ok(None) => {
                self.room = json::emptied(members);
                if self.tried == 0 {
                    self.extent = Extent::default();
                    self.extent.ends_in(rest.as_bytes());
                }
                self.incomplete(rest.len())
            }
            Err(error) => {
                let what = error.to_string();
                Some(self.fail(&what))
            }
        }
    }

    /// So much of an item is here, and not all of it.
    fn incomplete(&mut self, length: usize) -> Option<Result<L::Item, Error>> {
        if length > LONGEST_ITEM {
            return Some(self.fail("one of its items is larger than 1 MiB"));
        }
        self.tried = length;
        self.starved()
    }

    /// Nothing to read: more will come, or the list is torn.
    fn starved(&mut self) -> Option<Result<L::Item, Error>> {
        if self.foul {
            return Some(self.fail("it is not valid UTF-8"));
        }
        let why = self.ended.take()?;
        Some(self.fail(&why))
    }

    fn fail(&mut self, why: &str) -> Result<L::Item, Error> {
        let offset = self.offset + self.done as u64;
        self.state = State::Over;
        self.buffer = String::new();
        self.done = 0;
        let (path, items) = (L::PATH, self.items);
        let what = format!(
            "{} {path}: the list cannot be read on after {items} items, at byte {offset}: {why}",
            L::METHOD.as_str()
        );
        Err(Error::with_details(
            ErrorKind::UnexpectedResponse,
            Fate::NotApplicable,
            Details { offset: Some(offset), ..Details::new(what) },
        ))
    }
}

impl<L: ListEndpoint> Default for ListDecoder<L> {
    fn default() -> Self {
        Self {
            buffer: String::new(),
            letter: Vec::new(),
            foul: false,
            done: 0,
            offset: 0,
            tried: 0,
            extent: Extent::default(),
            room: Vec::new(),
            shape: json::Shape::default(),
            state: State::Opening,
            ended: None,
            items: 0,
            list: PhantomData,
        }
    }
}

impl<L: ListEndpoint> std::fmt::Debug for ListDecoder<L> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("ListDecoder")
            .field("items", &self.items)
            .field("offset", &self.offset)
            .field("buffered", &(self.buffer.len() - self.done))
            .finish_non_exhaustive()
    }
}

/// What one item may take, whatever a hostile answer sends.
const LONGEST_ITEM: usize = 1 << 20;

#[cfg(test)]
mod tests;
