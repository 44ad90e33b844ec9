//! What a JSON string says.

use std::borrow::Cow;

use crate::json::DecodeError;

/// A JSON text as the string that it is, if it is one.
pub(super) fn string(json: &str) -> Result<Option<Cow<'_, str>>, DecodeError> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(None);
    };
    match unescaped(inner) {
        Some(text) => Ok(Some(Cow::Owned(text))),
        None => Err(not_unicode()),
    }
}

pub(super) const fn not_unicode() -> DecodeError {
    DecodeError::fixed("a text in the JSON is not valid Unicode")
}

/// The inside of a JSON string with its escapes resolved. `None` where they are no
/// Unicode: half of a surrogate pair.
pub(super) fn unescaped(inner: &str) -> Option<String> {
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
