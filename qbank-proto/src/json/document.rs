//! One JSON value, before it is read.

use std::cell::OnceCell;
use std::fmt;
use std::marker::PhantomData;

use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};

use super::surrogates;
use crate::json::{DecodeError, DecodeErrorKind};

/// The text of a body: UTF-8, without its byte order mark.
fn text(body: &[u8]) -> Result<&str, DecodeError> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    std::str::from_utf8(body).map_err(|_| DecodeErrorKind::NotUtf8.into())
}

/// The JSON of one value. What is read from it borrows from it.
#[derive(Debug)]
pub(crate) struct Document<'a> {
    json: &'a str,
    /// Without lone surrogates; only made once they are in the way.
    repaired: OnceCell<Option<String>>,
}

impl<'a> Document<'a> {
    pub(crate) const fn of(json: &'a str) -> Self {
        Self { json, repaired: OnceCell::new() }
    }

    /// Of a body.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        text(body).map(Self::of)
    }

    /// Whether it is an object without members.
    pub(crate) fn is_empty_object(&self) -> bool {
        self.json.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")
    }

    /// Whether one of these words may stand in it; an escape can spell any.
    pub(crate) fn may_hold(&self, words: &[&str]) -> bool {
        self.json.contains('\\') || words.iter().any(|word| self.json.contains(word))
    }

    /// Its members: it must be an object.
    pub(crate) fn object<'s, M: Deserialize<'s>>(&'s self) -> Result<M, DecodeError> {
        self.value().map(|Object(members)| members)
    }

    /// Any value.
    pub(crate) fn value<'s, T: Deserialize<'s>>(&'s self) -> Result<T, DecodeError> {
        self.read(|json| serde_json::from_str(json))
    }

    /// By a function that calls serde_json. Where that refuses a lone surrogate, such as one
    /// in the name of a member, it is called again without them.
    pub(crate) fn read<'s, T>(
        &'s self,
        parse: impl Fn(&'s str) -> Result<T, serde_json::Error>,
    ) -> Result<T, DecodeError> {
        parse(self.json).or_else(|error| {
            let repaired = self.repaired.get_or_init(|| surrogates::replaced(self.json));
            match repaired {
                Some(json) if error.is_syntax() => {
                    parse(json).map_err(|error| DecodeError::of(&error))
                }
                _ => Err(DecodeError::of(&error)),
            }
        })
    }
}

/// An object and nothing else: serde reads a struct from an array as well, and then by the
/// place of its members.
#[derive(Debug)]
pub(crate) struct Object<M>(pub(crate) M);

impl<'de, M: Deserialize<'de>> Deserialize<'de> for Object<M> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<M>(PhantomData<M>);

        impl<'de, M: Deserialize<'de>> Visitor<'de> for Members<M> {
            type Value = Object<M>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<M>, A::Error> {
                M::deserialize(MapAccessDeserializer::new(map)).map(Object)
            }
        }

        deserializer.deserialize_map(Members(PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use serde_json::Value;

    fn error(body: &str) -> String {
        Document::of(body).object::<BTreeMap<String, Value>>().unwrap_err().to_string()
    }

    #[test]
    fn an_error_names_its_place_and_no_value() {
        assert_eq!(error(""), "the JSON ends too early (line 1, column 0)");
        assert_eq!(error("{\"a\":1"), "the JSON ends too early (line 1, column 6)");
        assert_eq!(error("\n [1]"), "the JSON is not of the expected shape (line 2, column 1)");
        assert_eq!(error("\"s3cr3t\""), "the JSON is not of the expected shape (line 1, column 8)");
        assert_eq!(error("<html>"), "the body is not valid JSON (line 1, column 1)");
        assert_eq!(error("{\"a\":1,\n\"b\":tru}"), "the body is not valid JSON (line 2, column 8)");
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_json() {
        let document = Document::parse(b"\xef\xbb\xbf{}").unwrap();
        assert!(document.is_empty_object());
        assert!(Document::parse(b"{\"a\":\"\xff\"}").is_err());
    }

    #[test]
    fn a_lone_surrogate_in_a_name_is_no_obstacle() {
        let document = Document::of(r#"{"\ud800":1,"b":2}"#);
        let members: BTreeMap<String, u8> = document.object().unwrap();
        assert_eq!(members.get("\u{fffd}"), Some(&1));
    }
}
