//! Walks through JSON objects and lists of them, and reads every value as text. A
//! general reader brings along what reads and writes floats.

mod object;
mod scan;

use std::borrow::Cow;

pub use object::JsonObject;
use scan::scan;

use crate::fields::DecodeError;

/// A name and its value, unparsed.
pub(crate) type Member<'a> = (Cow<'a, str>, &'a str);

/// Reads a body that must be one JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Vec<Member<'_>>, DecodeError> {
    let mut cursor = Cursor::new(body);
    let members = cursor.object()?;
    cursor.end()?;
    Ok(members)
}

/// Reads the JSON object that begins here, and how long it is. `None`: it does not
/// end here.
pub(crate) fn first_object(body: &[u8]) -> Result<Option<(Vec<Member<'_>>, usize)>, DecodeError> {
    let mut cursor = Cursor::new(body);
    match cursor.object() {
        Ok(members) => Ok(Some((members, cursor.at))),
        Err(error) if error.as_str().starts_with(EOF) => Ok(None),
        Err(error) => Err(error),
    }
}

/// Reads a body that must be an array of JSON objects, one after the other: the
/// first that cannot be read, or that `read` refuses, ends it.
pub(crate) fn objects<'a>(
    body: &'a [u8],
    read: &mut dyn FnMut(Vec<Member<'a>>) -> Result<(), DecodeError>,
) -> Result<(), DecodeError> {
    let mut cursor = Cursor::new(body);
    cursor.open(b'[')?;
    if !cursor.closes(b']') {
        loop {
            read(cursor.object()?)?;
            if !cursor.goes_on(b']')? {
                break;
            }
        }
    }
    cursor.end()
}

/// A text that must be one JSON value, without the white space around it.
pub(crate) fn value(text: &str) -> Result<&str, DecodeError> {
    let mut cursor = Cursor::new(text.as_bytes());
    let value = cursor.value()?;
    cursor.end()?;
    Ok(value)
}

/// A JSON text as the string that it is, if it is one.
pub(crate) fn string(json: &str) -> Result<Option<Cow<'_, str>>, DecodeError> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(None);
    };
    if !inner.contains('\\') {
        return Ok(Some(Cow::Borrowed(inner)));
    }
    match unescaped(inner) {
        Some(text) => Ok(Some(Cow::Owned(text))),
        None => Err(DecodeError::new("a text in the JSON is not valid Unicode")),
    }
}

/// No resource of the contract has more than a dozen.
const MOST_MEMBERS: usize = 256;

struct Cursor<'a> {
    body: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    const fn new(body: &'a [u8]) -> Self {
        Self { body, at: 0 }
    }

    fn object(&mut self) -> Result<Vec<Member<'a>>, DecodeError> {
        self.open(b'{')?;
        let mut members: Vec<Member<'a>> = Vec::new();
        if self.closes(b'}') {
            return Ok(members);
        }
        loop {
            let name = self.name()?;
            // A hostile body of a million members must not take a million squared
            // comparisons.
            let full = members.len() == MOST_MEMBERS;
            if full || members.iter().any(|(seen, _)| *seen == name) {
                return Err(self.odd(SHAPE));
            }
            if self.peek() != Some(b':') {
                return Err(self.odd(SYNTAX));
            }
            self.at += 1;
            members.push((name, self.value()?));
            if !self.goes_on(b'}')? {
                return Ok(members);
            }
        }
    }

    fn name(&mut self) -> Result<Cow<'a, str>, DecodeError> {
        if self.peek() != Some(b'"') {
            return Err(self.odd(SYNTAX));
        }
        string(self.value()?)?.ok_or_else(|| self.odd(SYNTAX))
    }

    /// Any value, checked to be JSON.
    fn value(&mut self) -> Result<&'a str, DecodeError> {
        let start = self.peek();
        let rest = self.body.get(self.at..).unwrap_or_default();
        if start == Some(b'"')
            && let Some(text) = plain_string(rest)
        {
            self.at += text.len();
            return Ok(text);
        }
        match scan(rest) {
            Ok(length) => {
                let json = rest.get(..length).unwrap_or_default();
                self.at += length;
                std::str::from_utf8(json).map_err(|_| self.odd(SYNTAX))
            }
            Err(at) => {
                self.at += at;
                Err(self.odd(SYNTAX))
            }
        }
    }

    /// The next byte that is no white space, which is left where it is.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.body.get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    fn open(&mut self, bracket: u8) -> Result<(), DecodeError> {
        match self.peek() {
            Some(byte) if byte == bracket => {
                self.at += 1;
                Ok(())
            }
            Some(b'{' | b'[' | b'"' | b'-' | b'0'..=b'9' | b't' | b'f' | b'n') => {
                Err(self.odd(SHAPE))
            }
            _ => Err(self.odd(SYNTAX)),
        }
    }

    fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Whether a comma follows, or else the bracket.
    fn goes_on(&mut self, bracket: u8) -> Result<bool, DecodeError> {
        match self.peek() {
            Some(byte) if byte == b',' || byte == bracket => {
                self.at += 1;
                Ok(byte == b',')
            }
            _ => Err(self.odd(SYNTAX)),
        }
    }

    fn end(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() { Ok(()) } else { Err(self.odd(SYNTAX)) }
    }

    /// Something is wrong right here; a body that is over ended too early.
    fn odd(&self, what: &str) -> DecodeError {
        let what = if self.at < self.body.len() { what } else { EOF };
        let before = &self.body[..self.at.min(self.body.len())];
        let mut lines = before.split(|byte| *byte == b'\n');
        // The letter at fault counts, if it is one.
        let column = lines.next_back().map_or(0, <[u8]>::len) + usize::from(what == SYNTAX);
        DecodeError::new(format!("{what} (line {}, column {column})", lines.count() + 1))
    }
}

/// Most strings: ASCII without an escape, with its quotation marks.
fn plain_string(json: &[u8]) -> Option<&str> {
    let inner = json.get(1..)?;
    let end =
        inner.iter().position(|byte| !matches!(byte, b' '..=b'!' | b'#'..=b'[' | b']'..=b'~'))?;
    let text = json.get(..end + 2)?;
    text.ends_with(b"\"").then(|| std::str::from_utf8(text).ok())?
}

const EOF: &str = "the JSON ends too early";
const SHAPE: &str = "the JSON is not of the expected shape";
const SYNTAX: &str = "the body is not valid JSON";

/// The inside of a JSON string with its escapes resolved. `None` where they are no
/// Unicode: half of a surrogate pair.
fn unescaped(inner: &str) -> Option<String> {
    let mut text = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escape)) = rest.split_once('\\') {
        text.push_str(plain);
        let mut letters = escape.chars();
        let letter = match letters.next()? {
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'u' => {
                let (first, after) = unit(letters.as_str())?;
                let second = after.strip_prefix("\\u").and_then(unit);
                let is_pair = (0xd800..0xdc00).contains(&first);
                let (letter, after) = match second.filter(|_| is_pair) {
                    Some((second, after)) => (decoded(&[first, second])?, after),
                    None => (decoded(&[first])?, after),
                };
                letters = after.chars();
                letter
            }
            same => same,
        };
        text.push(letter);
        rest = letters.as_str();
    }
    text.push_str(rest);
    Some(text)
}

/// Four hexadecimal digits, and what comes after them.
fn unit(text: &str) -> Option<(u16, &str)> {
    let (digits, after) = text.split_at_checked(4)?;
    Some((u16::from_str_radix(digits, 16).ok()?, after))
}

fn decoded(units: &[u16]) -> Option<char> {
    char::decode_utf16(units.iter().copied()).next()?.ok()
}

#[cfg(test)]
mod tests;
