//! Reading JSON objects member by member, exactly and without echoing them.
//!
//! Members stay borrowed, unparsed text until asked for, so numbers keep their
//! digits, unknown members cost nothing, and either spelling of a name serves.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;

use chrono::{DateTime, NaiveDate, Utc};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::id::Id;
use crate::money::Money;
use crate::plain::parse_day;

/// Why an answer's body could not be read. Holds positions and names of
/// members, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Cow<'static, str>);

impl DecodeError {
    /// With a reason, which must not contain any of the answer's values.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

impl From<serde_json::Error> for DecodeError {
    /// serde_json's own message may quote the input.
    fn from(error: serde_json::Error) -> Self {
        use serde_json::error::Category;
        let what = match error.classify() {
            Category::Eof => "the JSON ends too early",
            Category::Data => "the JSON is not of the expected shape",
            Category::Syntax | Category::Io => "the body is not valid JSON",
        };
        Self(format!("{what} (line {}, column {})", error.line(), error.column()).into())
    }
}

/// The members of one JSON object, in order, unparsed.
///
/// A duplicate member is an error: two amounts are no amount. The accessors take
/// the names of a member in order of preference. A member that is missing, null
/// or of another type reads as `None`; a text that is not valid Unicode is an
/// error.
#[derive(Debug, Default)]
pub struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'a> Fields<'a> {
    /// Reads a body that must be one JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        Ok(serde_json::from_slice(body)?)
    }

    /// Reads a body that must be an array of JSON objects, one after the other:
    /// the first that cannot be read ends it.
    pub fn read_list<T>(
        body: &'a [u8],
        read: impl Fn(&Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut failed = None;
        let mut json = serde_json::Deserializer::from_slice(body);
        let items = List { read, failed: &mut failed, item: PhantomData }.deserialize(&mut json);
        match (items, failed) {
            (_, Some(error)) => Err(error),
            (items, None) => {
                let items = items?;
                json.end()?;
                Ok(items)
            }
        }
    }

    fn find(&self, names: &[&str]) -> Option<&'a str> {
        names.iter().find_map(|name| {
            let (_, raw) = self.0.iter().find(|(member, _)| member == name)?;
            (raw.get() != "null").then_some(raw.get())
        })
    }

    /// Whether there is no member at all.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The unparsed JSON of a member.
    pub fn json(&self, names: &[&str]) -> Option<&'a str> {
        self.find(names)
    }

    /// A member that is a JSON string.
    pub fn text(&self, names: &[&str]) -> Result<Option<Cow<'a, str>>, DecodeError> {
        self.find(names).map_or(Ok(None), string)
    }

    /// A member that must be there and be a uuid: the only essential kind.
    pub fn id<K>(&self, names: &[&'static str]) -> Result<Id<K>, DecodeError> {
        self.opt_id(names).ok_or_else(|| {
            let name = names.first().copied().unwrap_or_default();
            DecodeError(format!("the member `{name}` is missing or not a uuid").into())
        })
    }

    /// A member that is a uuid.
    pub fn opt_id<K>(&self, names: &[&str]) -> Option<Id<K>> {
        self.text(names).ok().flatten()?.parse().ok()
    }

    /// A member that is an owned text.
    pub fn string(&self, names: &[&str]) -> Result<Option<String>, DecodeError> {
        Ok(self.text(names)?.map(Cow::into_owned))
    }

    /// A member whose values are an open enumeration.
    pub fn open<T: for<'t> From<&'t str>>(&self, names: &[&str]) -> Result<Option<T>, DecodeError> {
        Ok(self.text(names)?.map(|text| T::from(&text)))
    }

    /// A member that is an exact amount, as a JSON number or a string of one.
    pub fn money(&self, names: &[&str]) -> Option<Money> {
        Money::from_json(self.find(names)?).ok()
    }

    /// A member that is a calendar date.
    pub fn date(&self, names: &[&str]) -> Result<Option<NaiveDate>, DecodeError> {
        Ok(self.text(names)?.and_then(|text| parse_day(&text)))
    }

    /// A member that is a date-time with an offset, or a date, which reads as
    /// its midnight in UTC.
    pub fn timestamp(&self, names: &[&str]) -> Result<Option<DateTime<Utc>>, DecodeError> {
        Ok(self.text(names)?.and_then(|text| timestamp(&text)))
    }
}

fn timestamp(text: &str) -> Option<DateTime<Utc>> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.to_utc());
    }
    Some(parse_day(text)?.and_time(chrono::NaiveTime::MIN).and_utc())
}

/// `None` where the JSON is something else than a string.
fn string(json: &str) -> Result<Option<Cow<'_, str>>, DecodeError> {
    let Some(inner) = json.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Ok(None);
    };
    if inner.contains('\\') {
        let text: String = serde_json::from_slice(json.as_bytes())
            .map_err(|_| DecodeError::new("a text in the JSON is not valid Unicode"))?;
        return Ok(Some(Cow::Owned(text)));
    }
    Ok(Some(Cow::Borrowed(inner)))
}

impl<'de> Deserialize<'de> for Fields<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;

        impl<'de> Visitor<'de> for Members {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut members: Vec<(Cow<'de, str>, &'de RawValue)> = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    // A hostile body of a million members must not take a
                    // million squared comparisons.
                    if members.len() == MOST_MEMBERS {
                        return Err(serde::de::Error::custom("too many members"));
                    }
                    if members.iter().any(|(seen, _)| *seen == name) {
                        return Err(serde::de::Error::custom("duplicate member"));
                    }
                    members.push((name, map.next_value()?));
                }
                Ok(Fields(members))
            }
        }

        deserializer.deserialize_map(Members)
    }
}

/// An array whose elements are read as they come, so that a body of many small
/// ones does not grow on its way.
struct List<'f, F, T> {
    read: F,
    failed: &'f mut Option<DecodeError>,
    item: PhantomData<T>,
}

impl<'de, F, T> DeserializeSeed<'de> for List<'_, F, T>
where
    F: Fn(&Fields<'de>) -> Result<T, DecodeError>,
{
    type Value = Vec<T>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Vec<T>, D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de, F, T> Visitor<'de> for List<'_, F, T>
where
    F: Fn(&Fields<'de>) -> Result<T, DecodeError>,
{
    type Value = Vec<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of JSON objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Vec<T>, A::Error> {
        let mut items = Vec::new();
        while let Some(fields) = seq.next_element()? {
            match (self.read)(&fields) {
                Ok(item) => items.push(item),
                Err(error) => {
                    *self.failed = Some(error);
                    return Err(serde::de::Error::custom("an element cannot be read"));
                }
            }
        }
        Ok(items)
    }
}

/// No resource of the contract has more than a dozen.
const MOST_MEMBERS: usize = 256;

/// A member's name, borrowed where it has no escapes.
struct Name<'a>(Cow<'a, str>);

impl<'de> Deserialize<'de> for Name<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;

        impl<'de> Visitor<'de> for Text {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(text)))
            }

            fn visit_str<E>(self, text: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(text.to_owned())))
            }
        }

        deserializer.deserialize_str(Text)
    }
}
