//! Walks through JSON objects and lists of them, and leaves every value as text. A
//! general reader brings along what reads and writes floats, and reads the names of a
//! long list again and again.

mod cursor;
mod fields;
mod object;
mod scan;
mod shape;
mod string;
mod value;

use std::borrow::Cow;

pub use fields::{DecodeError, Fields};
pub use object::JsonObject;
pub(crate) use shape::Shape;

use cursor::{Cursor, EOF, USUAL_MEMBERS};
use string::{string, unescaped};

/// A name and its value, unparsed, checked to be JSON.
#[derive(Debug)]
pub(crate) struct Member<'a> {
    /// Between its quotation marks.
    name: &'a str,
    json: &'a str,
    /// Neither an escape in the name,
    plain_name: bool,
    /// nor in the value, which is a string.
    plain_text: bool,
}

impl<'a> Member<'a> {
    #[inline]
    fn is(&self, name: &str) -> bool {
        if self.plain_name {
            self.name == name
        } else {
            // Six letters of an escape are one of the name at least.
            self.name.len() / 6 <= name.len()
                && unescaped(self.name).is_some_and(|text| text == name)
        }
    }

    /// Whether it has this name, and is not null.
    #[inline]
    pub(crate) fn has_value(&self, name: &str) -> bool {
        self.is(name) && self.json != "null"
    }

    /// What it is called.
    pub(crate) fn name(&self) -> Cow<'a, str> {
        if self.plain_name {
            Cow::Borrowed(self.name)
        } else {
            Cow::Owned(unescaped(self.name).unwrap_or_default())
        }
    }

    /// The value.
    pub(crate) const fn json(&self) -> &'a str {
        self.json
    }

    /// The value, if it is a string without escapes.
    #[inline]
    pub(crate) fn plain(&self) -> Option<&'a str> {
        if self.plain_text { self.json.get(1..self.json.len() - 1) } else { None }
    }

    /// The value as the string that it is, if it is one.
    pub(crate) fn text(&self) -> Result<Option<Cow<'a, str>>, DecodeError> {
        match self.plain() {
            Some(text) => Ok(Some(Cow::Borrowed(text))),
            None => string(self.json),
        }
    }
}

/// Reads a body that must be one JSON object.
pub(crate) fn object(body: &[u8]) -> Result<Vec<Member<'_>>, DecodeError> {
    let mut cursor = Cursor::new(body);
    let mut members = Vec::with_capacity(USUAL_MEMBERS);
    cursor.object(&mut members, None)?;
    cursor.end()?;
    Ok(members)
}

/// Reads the members of the JSON object that begins here, and how long it is. `None`: it
/// does not end here.
pub(crate) fn first_object<'a>(
    text: &'a str,
    members: &mut Vec<Member<'a>>,
    shape: &mut Shape,
) -> Result<Option<usize>, DecodeError> {
    let mut cursor = Cursor::over(text);
    match cursor.object(members, Some(shape)) {
        Ok(()) => Ok(Some(cursor.at)),
        Err(error) if error.as_str().starts_with(EOF) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The room for members, to be used again for those of another text.
pub(crate) fn emptied<'b>(members: Vec<Member<'_>>) -> Vec<Member<'b>> {
    members.into_iter().map_while(|_| None).collect()
}

/// Reads a body that must be an array of JSON objects, one after the other: the
/// first that cannot be read, or that `read` refuses, ends it. `read` gives back what
/// held the members, for the next ones.
pub(crate) fn objects<'a>(
    body: &'a [u8],
    read: &mut dyn FnMut(Vec<Member<'a>>) -> Result<Vec<Member<'a>>, DecodeError>,
) -> Result<(), DecodeError> {
    let mut cursor = Cursor::new(body);
    cursor.open(b'[')?;
    if !cursor.closes(b']') {
        let mut members = Vec::with_capacity(USUAL_MEMBERS);
        let mut shape = Shape::default();
        loop {
            cursor.object(&mut members, Some(&mut shape))?;
            members = read(members)?;
            members.clear();
            if !cursor.goes_on(b']')? {
                break;
            }
        }
    }
    cursor.end()
}

/// A text that must be one JSON value, without the white space around it.
pub(crate) fn value(text: &str) -> Result<&str, DecodeError> {
    let mut cursor = Cursor::over(text);
    let (json, _) = cursor.value()?;
    cursor.end()?;
    Ok(json)
}

#[cfg(test)]
mod tests;
