//! The elements of a message as a stream, each with its path. No DTD, no entity, no depth
//! beyond what a payment needs.

use std::io::BufRead;

use quick_xml::XmlVersion;
use quick_xml::errors::{Error, IllFormedError, SyntaxError};
use quick_xml::events::{BytesRef, BytesStart, Event};
use quick_xml::reader::Reader;

use crate::error::RowError;

use super::lines::Lines;

/// Deeper than any element of pain.001.
const DEEPEST: usize = 32;
/// Longer than any text of one element.
const LONGEST_TEXT: usize = 1 << 16;
const NAMESPACE: &str = "urn:iso:std:iso:20022:tech:xsd:";

/// Reads elements.
pub(super) struct Elements<R> {
    reader: Reader<Lines<R>>,
    buffer: Vec<u8>,
    /// Below `Document/CstmrCdtTrfInitn`, such as `PmtInf/CdtTrfTxInf`.
    path: String,
    open: Vec<Open>,
    namespace: String,
    prefix: String,
    text: String,
    ended: bool,
    /// An empty element is an open and a close.
    pending_close: bool,
}

/// An element that is not closed yet.
#[derive(Clone, Copy)]
struct Open {
    /// How long the path is without it.
    path: usize,
    has_elements: bool,
}

/// A step through the message. The path is that of the element, also where it closes.
pub(super) enum Step {
    Open { currency: Option<String> },
    Close { text: String },
    End,
}

impl<R: BufRead> Elements<R> {
    pub(super) fn new(input: R) -> Self {
        let mut reader = Reader::from_reader(Lines::new(input));
        reader.config_mut().check_comments = true;
        Self {
            reader,
            buffer: Vec::new(),
            path: String::new(),
            open: Vec::new(),
            namespace: String::new(),
            prefix: String::new(),
            text: String::new(),
            ended: false,
            pending_close: false,
        }
    }

    pub(super) fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// The path of the element that was opened or closed last.
    pub(super) fn path(&self) -> &str {
        &self.path
    }

    /// Leaves the element that was closed.
    pub(super) fn leave(&mut self) {
        if let Some(open) = self.open.pop() {
            self.path.truncate(open.path);
        }
    }

    /// The next element that opens or closes. After a close, [`Elements::leave`] is due.
    pub(super) fn next(&mut self) -> Result<Step, RowError> {
        if std::mem::take(&mut self.pending_close) {
            self.ended = self.open.len() == 1;
            return Ok(Step::Close { text: String::new() });
        }
        loop {
            self.buffer.clear();
            self.reader.get_mut().renew();
            let mut buffer = std::mem::take(&mut self.buffer);
            let step = match self.reader.read_event_into(&mut buffer) {
                Ok(event) => self.event(&event),
                Err(error) => Err(self.ill_formed(&error)),
            };
            self.buffer = buffer;
            if let Some(step) = step? {
                return Ok(step);
            }
        }
    }

    fn wrong(&self, message: impl Into<String>) -> RowError {
        let path = if self.path.is_empty() { "Document" } else { &self.path };
        RowError::new(self.line(), path, message)
    }

    fn event(&mut self, event: &Event<'_>) -> Result<Option<Step>, RowError> {
        match event {
            Event::Start(tag) => self.start(tag).map(Some),
            Event::Empty(tag) => {
                self.pending_close = true;
                self.start(tag).map(Some)
            }
            Event::End(_) => {
                self.ended = self.open.len() == 1;
                let text = std::mem::take(&mut self.text);
                let has_elements = self.open.last().is_some_and(|open| open.has_elements);
                let text = if has_elements { String::new() } else { text };
                Ok(Some(Step::Close { text: text.trim_matches(is_xml_blank).to_owned() }))
            }
            Event::Text(text) => self.push(&text.xml10_content()),
            Event::CData(text) => self.push(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(reference),
            Event::DocType(_) => {
                Err(self.wrong("has a DTD, which payment files do not need: it is refused"))
            }
            Event::Decl(declaration) => {
                let encoding = declaration.encoding().and_then(Result::ok);
                let is_utf8 = |name: &str| {
                    ["utf-8", "utf8", "us-ascii"].iter().any(|it| name.eq_ignore_ascii_case(it))
                };
                if encoding.is_some_and(|name| !is_utf8(&name)) {
                    return Err(self.wrong("declares an encoding: only UTF-8 is read"));
                }
                Ok(None)
            }
            Event::Comment(_) | Event::PI(_) => Ok(None),
            Event::Eof if self.ended => Ok(Some(Step::End)),
            Event::Eof => {
                let message = if self.open.is_empty() {
                    "the file has no element: expected a Document of pain.001"
                } else {
                    "the file ends inside this element: it was probably cut off"
                };
                Err(self.wrong(message))
            }
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>) -> Result<Step, RowError> {
        if self.ended {
            return Err(self.wrong("has another element after the Document"));
        }
        if self.open.len() >= DEEPEST {
            return Err(self.wrong(format!("has more than {DEEPEST} elements in each other")));
        }
        let (prefix, local) = split(tag.name().0);
        if local.is_empty() || local.bytes().any(|byte| !is_name_byte(byte)) {
            return Err(self.wrong("has an element whose name is no XML"));
        }
        let attributes = self.attributes(tag, prefix)?;
        let is_root = self.open.is_empty();
        if is_root {
            self.root(prefix, local, attributes.namespace.as_deref())?;
        }
        let foreign = prefix != self.prefix
            || attributes.namespace.is_some_and(|namespace| namespace != self.namespace);
        if self.open.len() == 1 && (foreign || local != "CstmrCdtTrfInitn") {
            let message = "must have CstmrCdtTrfInitn, a customer's credit transfers, and has \
                           another message";
            return Err(self.wrong(message));
        }
        if !self.text.chars().all(is_xml_blank) {
            return Err(self.wrong("has text beside its elements"));
        }
        if let Some(parent) = self.open.last_mut() {
            parent.has_elements = true;
        }
        self.text.clear();
        self.open.push(Open { path: self.path.len(), has_elements: false });
        if self.open.len() > 2 {
            if !self.path.is_empty() {
                self.path.push('/');
            }
            // No path that is read has it, nor has one below it.
            if foreign {
                self.path.push('?');
            }
            self.path.push_str(local);
        }
        Ok(Step::Open { currency: attributes.currency })
    }

    fn root(&mut self, prefix: &str, local: &str, namespace: Option<&str>) -> Result<(), RowError> {
        let message = namespace.and_then(|it| it.strip_prefix(NAMESPACE)).unwrap_or_default();
        if local != "Document" || message.is_empty() {
            return Err(self.wrong(format!(
                "is no message of ISO 20022: expected a Document of {NAMESPACE}pain.001.001.03 or \
                 newer"
            )));
        }
        let version = message.strip_prefix("pain.001.001.").and_then(|it| it.parse::<u8>().ok());
        if !version.is_some_and(|version| (3..=99).contains(&version)) {
            let found = if is_message_name(message) { message } else { "another message" };
            return Err(
                self.wrong(format!("is {found}: pain.001.001.03 and newer versions are read"))
            );
        }
        prefix.clone_into(&mut self.prefix);
        namespace.unwrap_or_default().clone_into(&mut self.namespace);
        Ok(())
    }

    fn attributes(&self, tag: &BytesStart<'_>, prefix: &str) -> Result<Attributes, RowError> {
        let mut found = Attributes::default();
        for attribute in tag.attributes() {
            let attribute = attribute.map_err(|_| self.wrong("has an attribute that is no XML"))?;
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|_| self.wrong("has an entity in an attribute: it is refused"))?;
            match split(attribute.key.0) {
                ("", "Ccy") => found.currency = Some(value.into_owned()),
                ("", "xmlns") if prefix.is_empty() => found.namespace = Some(value.into_owned()),
                ("xmlns", name) if name == prefix => found.namespace = Some(value.into_owned()),
                _ => {}
            }
        }
        Ok(found)
    }

    fn push(&mut self, text: &str) -> Result<Option<Step>, RowError> {
        let is_blank = text.chars().all(is_xml_blank);
        let holds_elements =
            self.open.is_empty() || self.open.last().is_some_and(|open| open.has_elements);
        if holds_elements && !is_blank {
            return Err(self.wrong("has text beside its elements"));
        }
        if holds_elements {
            return Ok(None);
        }
        if self.text.len() + text.len() > LONGEST_TEXT {
            return Err(self.wrong("has a text that is too long"));
        }
        self.text.push_str(text);
        Ok(None)
    }

    /// The five entities of XML, and characters by their numbers; no other.
    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<Option<Step>, RowError> {
        if let Ok(Some(character)) = reference.resolve_char_ref() {
            return self.push(character.encode_utf8(&mut [0; 4]));
        }
        let name: &str = reference;
        self.push(match name {
            "amp" => "&",
            "lt" => "<",
            "gt" => ">",
            "quot" => "\"",
            "apos" => "'",
            _ => return Err(self.wrong("has an entity that is not one of XML itself: it is refused")),
        })
    }

    /// What the parser says may repeat a name; a name may be anything.
    fn ill_formed(&self, error: &Error) -> RowError {
        match error {
            Error::Io(_) if self.reader.get_ref().is_exhausted() => {
                self.wrong("has a tag or a text that is too long")
            }
            Error::Io(error) => RowError::of_input(self.line(), error),
            Error::Encoding(_) => self.wrong("is not UTF-8"),
            Error::IllFormed(
                IllFormedError::MismatchedEndTag { .. } | IllFormedError::UnmatchedEndTag(_),
            ) => self.wrong("is not well-formed: an end tag does not match its start tag"),
            Error::Syntax(SyntaxError::InvalidBangMarkup) => self.wrong("is not well-formed XML"),
            // Each of the others is of a tag or a comment whose end was not found.
            Error::Syntax(_) => {
                self.wrong("the file ends inside a tag here: it was probably cut off")
            }
            _ => self.wrong("is not well-formed XML"),
        }
    }
}

#[derive(Default)]
struct Attributes {
    currency: Option<String>,
    /// Of the element itself, where it declares one.
    namespace: Option<String>,
}

/// Such as `pain.008.001.02`. Anything else is not repeated.
fn is_message_name(name: &str) -> bool {
    let form = "aaaa.000.000.00";
    name.len() == form.len()
        && name.bytes().zip(form.bytes()).all(|(byte, of)| match of {
            b'a' => byte.is_ascii_lowercase(),
            b'0' => byte.is_ascii_digit(),
            _ => byte == of,
        })
}

fn split(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or(("", name))
}

/// Also of characters beyond ASCII, which no element that is read has.
const fn is_name_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | 0x80..)
}

const fn is_xml_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\r' | '\n')
}
