//! Reads what stands between the values of objects and lists.

use super::string::{not_unicode, unescaped};
use super::{Member, Shape, scan, value};
use crate::json::DecodeError;

/// No resource of the contract has more than a dozen.
pub(super) const MOST_MEMBERS: usize = 256;
/// More white space than this is not worth to be remembered.
const LONGEST_GAP: usize = 128;
/// Room for those of a transaction at once.
pub(super) const USUAL_MEMBERS: usize = 12;

pub(super) struct Cursor<'a> {
    text: &'a str,
    pub(super) at: usize,
    /// What follows the text is not UTF-8.
    foul: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        match std::str::from_utf8(body) {
            Ok(text) => Self::over(text),
            Err(error) => {
                let valid = body.get(..error.valid_up_to()).unwrap_or_default();
                let text = std::str::from_utf8(valid).unwrap_or_default();
                Self { foul: true, ..Self::over(text) }
            }
        }
    }

    pub(super) const fn over(text: &'a str) -> Self {
        Self { text, at: 0, foul: false }
    }

    /// `shape` is what objects before had in common.
    pub(super) fn object(
        &mut self,
        members: &mut Vec<Member<'a>>,
        shape: Option<&mut Shape>,
    ) -> Result<(), DecodeError> {
        let mut shape = shape;
        self.peek();
        let mut seen = None;
        loop {
            let index = members.len();
            let before = self.at;
            let known = shape.as_ref().and_then(|shape| shape.name(self.text, before, index));
            let (name, plain_name) = if let Some((name, value)) = known {
                self.at = value;
                (name, true)
            } else {
                if index == 0 {
                    self.open(b'{')?;
                    if self.closes(b'}') {
                        return Ok(());
                    }
                } else if !self.goes_on(b'}')? {
                    return Ok(());
                }
                let (name, plain) = self.name()?;
                // A hostile body of a million members must not take a million squared
                // comparisons.
                let full = index == MOST_MEMBERS;
                let seen = seen.get_or_insert_with(|| Seen::all(members));
                if full || seen.again(members, name, plain) {
                    return Err(self.odd(SHAPE));
                }
                if self.peek() != Some(b':') {
                    return Err(self.odd(SYNTAX));
                }
                self.at += 1;
                self.peek();
                shape = shape.filter(|shape| plain && shape.len() == index);
                if let Some(shape) = &mut shape
                    && let Some(gap) = self.text.get(before..self.at)
                    && gap.len() < LONGEST_GAP
                    && let Some(start) = gap.find(name)
                {
                    shape.learn(gap, start..start + name.len());
                }
                (name, plain)
            };
            let (json, plain_text) = self.value()?;
            members.push(Member { name, json, plain_name, plain_text });
        }
    }

    /// What is between the quotation marks, and whether it is the name as it stands.
    #[inline]
    fn name(&mut self) -> Result<(&'a str, bool), DecodeError> {
        if self.peek() != Some(b'"') {
            return Err(self.odd(SYNTAX));
        }
        let (json, plain) = self.value()?;
        let inside = json.get(1..json.len() - 1).unwrap_or_default();
        if !plain && unescaped(inside).is_none() {
            return Err(not_unicode());
        }
        Ok((inside, plain))
    }

    /// Any value, checked to be JSON, and whether it is a string without escapes.
    #[inline]
    pub(super) fn value(&mut self) -> Result<(&'a str, bool), DecodeError> {
        let quoted = self.peek() == Some(b'"');
        let start = self.at;
        let bytes = self.text.as_bytes();
        let short = if quoted {
            scan::plain_string(bytes, start)
        } else {
            scan::number_or_word(bytes, start)
        };
        match short {
            Some(end) => self.at = end,
            None => self.any()?,
        }
        let json = self.text.get(start..self.at).unwrap_or_default();
        Ok((json, quoted && (short.is_some() || !json.contains('\\'))))
    }

    #[cold]
    fn any(&mut self) -> Result<(), DecodeError> {
        let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
        match value::length(rest) {
            Ok(length) => {
                self.at += length;
                Ok(())
            }
            Err(at) => {
                self.at += at;
                Err(self.odd(SYNTAX))
            }
        }
    }

    /// The next byte that is no white space, which is left where it is.
    fn peek(&mut self) -> Option<u8> {
        while let Some(byte) = self.text.as_bytes().get(self.at) {
            if !matches!(byte, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(*byte);
            }
            self.at += 1;
        }
        None
    }

    pub(super) fn open(&mut self, bracket: u8) -> Result<(), DecodeError> {
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

    pub(super) fn closes(&mut self, bracket: u8) -> bool {
        let closes = self.peek() == Some(bracket);
        self.at += usize::from(closes);
        closes
    }

    /// Whether a comma follows, or else the bracket.
    pub(super) fn goes_on(&mut self, bracket: u8) -> Result<bool, DecodeError> {
        match self.peek() {
            Some(byte) if byte == b',' || byte == bracket => {
                self.at += 1;
                Ok(byte == b',')
            }
            _ => Err(self.odd(SYNTAX)),
        }
    }

    pub(super) fn end(&mut self) -> Result<(), DecodeError> {
        if self.peek().is_none() && !self.foul { Ok(()) } else { Err(self.odd(SYNTAX)) }
    }

    /// Something is wrong right here; a body that is over ended too early.
    #[cold]
    fn odd(&self, what: &str) -> DecodeError {
        let over = self.at >= self.text.len();
        let what = if !over {
            what
        } else if self.foul {
            SYNTAX
        } else {
            EOF
        };
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let mut lines = before.split('\n');
        // The letter at fault counts, if it is one.
        let column = lines.next_back().map_or(0, str::len) + usize::from(what == SYNTAX);
        DecodeError::new(format!("{what} (line {}, column {column})", lines.count() + 1))
    }
}

/// Names that were seen, each as a bit that others may share: most are told apart
/// without a comparison.
#[derive(Default)]
struct Seen {
    bits: u64,
    /// Those with an escape as the texts that they are: to unescape each again for every
    /// other one would take a hostile body minutes.
    escaped: Vec<String>,
}

impl Seen {
    /// These have no escape.
    fn all(members: &[Member<'_>]) -> Self {
        let mut seen = Self::default();
        for member in members {
            seen.maybe(member.name);
        }
        seen
    }

    /// Whether a name was seen before, here or among these; from now on it has.
    fn again(&mut self, members: &[Member<'_>], name: &str, plain: bool) -> bool {
        if plain {
            return self.maybe(name) && self.has(members, name);
        }
        let name = unescaped(name).unwrap_or_default();
        let again = self.has(members, &name);
        self.maybe(&name);
        self.escaped.push(name);
        again
    }

    /// Whether a name may have been seen before.
    fn maybe(&mut self, name: &str) -> bool {
        let bit = match name.as_bytes() {
            [first, .., last] => {
                1 << ((name.len() + 5 * usize::from(*first) + usize::from(*last)) % 64)
            }
            _ => 1,
        };
        let maybe = self.bits & bit != 0;
        self.bits |= bit;
        maybe
    }

    fn has(&self, members: &[Member<'_>], name: &str) -> bool {
        let plain = |member: &Member<'_>| member.plain_name && member.name == name;
        members.iter().any(plain) || self.escaped.iter().any(|escaped| escaped == name)
    }
}

pub(super) const EOF: &str = "the JSON ends too early";
const SHAPE: &str = "the JSON is not of the expected shape";
const SYNTAX: &str = "the body is not valid JSON";
