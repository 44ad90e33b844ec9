//! One member of an object, unparsed until it is asked for.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::surrogates;
use crate::json::DecodeError;
use crate::types::{Id, Money, hyphenated, parse_day_as_written, parse_moment};

/// One member of an object as unparsed JSON; what is missing or null is absent.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Member<'a>(#[serde(borrow)] Option<&'a RawValue>);

/// What to make of a value that is there and cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reading {
    /// It is an error: a balance without its amount would be a lie.
    Strict,
    /// It is absent: what became of a payment does not depend on it.
    Lenient,
}

/// A member's value.
#[derive(Debug)]
pub(crate) enum Value<T> {
    Absent,
    Read(T),
    /// It breaks this rule.
    Unreadable(&'static str),
}

impl<T> Value<T> {
    /// The value, if there is one; an error that names the member, if it cannot be read.
    #[inline]
    pub(crate) fn strict(self, name: &'static str) -> Result<Option<T>, DecodeError> {
        match self {
            Self::Absent => Ok(None),
            Self::Read(value) => Ok(Some(value)),
            Self::Unreadable(rule) => Err(DecodeError::member(name, rule)),
        }
    }

    /// The value, if there is one that can be read.
    pub(crate) fn lenient(self) -> Option<T> {
        if let Self::Read(value) = self { Some(value) } else { None }
    }

    /// Either of these.
    pub(crate) fn by(self, how: Reading, name: &'static str) -> Result<Option<T>, DecodeError> {
        match how {
            Reading::Strict => self.strict(name),
            Reading::Lenient => Ok(self.lenient()),
        }
    }

    /// The value, which must be there.
    #[inline]
    pub(crate) fn essential(self, name: &'static str) -> Result<T, DecodeError> {
        self.strict(name)?.ok_or_else(|| DecodeError::member(name, "is missing"))
    }
}

impl<'a> Member<'a> {
    /// This one, or the other spelling of the same where this one is absent.
    #[inline]
    pub(crate) fn or(self, other: Self) -> Self {
        Self(self.0.or(other.0))
    }

    /// The unparsed JSON.
    #[inline]
    pub(crate) fn json(self) -> Option<&'a str> {
        self.0.map(RawValue::get)
    }

    #[inline]
    fn read<T>(self, rule: &'static str, read: impl FnOnce(&'a str) -> Option<T>) -> Value<T> {
        match self.json().map(read) {
            None => Value::Absent,
            Some(Some(value)) => Value::Read(value),
            Some(None) => Value::Unreadable(rule),
        }
    }

    /// What a JSON string holds.
    #[inline]
    fn quoted<T>(self, rule: &'static str, read: impl FnOnce(&str) -> Option<T>) -> Value<T> {
        self.read(rule, |json| read(&string(json)?))
    }

    /// An exact amount: a JSON number, or a string of one.
    #[inline]
    pub(crate) fn money(self) -> Value<Money> {
        match self.json().map(Money::from_json) {
            None => Value::Absent,
            Some(Ok(money)) => Value::Read(money),
            Some(Err(error)) => Value::Unreadable(error.rule()),
        }
    }

    /// A uuid.
    #[inline]
    pub(crate) fn id<K>(self) -> Value<Id<K>> {
        self.quoted("must be a uuid", |text| hyphenated(text).map(Id::from_uuid))
    }

    /// A value of an open enumeration.
    #[inline]
    pub(crate) fn open<T: for<'t> From<&'t str>>(self) -> Value<T> {
        self.quoted("must be a string", |text| Some(T::from(text)))
    }

    /// A string, and no number.
    pub(crate) fn string(self) -> Value<String> {
        self.quoted("must be a string", |text| Some(text.to_owned()))
    }

    /// Whether it is a string of this kind.
    pub(crate) fn is_string(self, of_kind: impl FnOnce(&str) -> bool) -> bool {
        self.json().and_then(string).is_some_and(|text| of_kind(&text))
    }

    /// A text; a number is its own digits.
    #[inline]
    pub(crate) fn text(self) -> Value<String> {
        self.read("must be a string", |json| match json.as_bytes() {
            [b'-' | b'0'..=b'9', ..] => Some(json.to_owned()),
            _ => string(json).map(Cow::into_owned),
        })
    }

    /// A date, or the date of a date-time as it is written.
    #[inline]
    pub(crate) fn day(self) -> Value<NaiveDate> {
        self.quoted("must be a date such as 2026-01-31", parse_day_as_written)
    }

    /// A date-time; without an offset in UTC, and a date at its midnight in UTC.
    #[inline]
    pub(crate) fn moment(self) -> Value<DateTime<Utc>> {
        self.quoted("must be a date-time such as 2026-01-31T09:00:00Z", parse_moment)
    }
}

/// The text of a JSON string, mostly where it stands. `None`: it is not a string.
#[inline]
fn string(json: &str) -> Option<Cow<'_, str>> {
    let inside = json.strip_prefix('"')?.strip_suffix('"')?;
    if inside.contains('\\') {
        unescaped(json).map(Cow::Owned)
    } else {
        Some(Cow::Borrowed(inside))
    }
}

fn unescaped(json: &str) -> Option<String> {
    let text = serde_json::from_str(json);
    text.or_else(|error| {
        surrogates::replaced(json).map_or(Err(error), |json| serde_json::from_str(&json))
    })
    .ok()
}

#[cfg(test)]
#[expect(clippy::redundant_closure_for_method_calls, reason = "a method has one lifetime")]
mod tests {
    use super::*;
    use crate::json::Document;

    #[derive(Default, Deserialize)]
    #[serde(default)]
    struct Members<'a> {
        #[serde(borrow)]
        x: Member<'a>,
        y: Member<'a>,
    }

    /// What becomes of this JSON as the member `x`.
    fn read<T>(json: &str, read: impl FnOnce(Member<'_>) -> Value<T>) -> Result<Option<T>, String> {
        let body = format!(r#"{{"z":[{{}}],"x":{json}}}"#);
        let document = Document::of(&body);
        let members: Members<'_> = document.object().unwrap();
        read(members.x).strict("x").map_err(|error| error.to_string())
    }

    #[test]
    fn a_value_is_read_exactly_or_not_at_all() {
        let cents = |json| read(json, |x| x.money()).map(|money| money.map(Money::cents));
        assert_eq!(cents("-10.1"), Ok(Some(-1010)));
        assert_eq!(cents("\"1e3\""), Ok(Some(100_000)));
        assert_eq!(cents("null"), Ok(None));
        assert_eq!(cents("0.001"), Err("`x` must have at most two decimals".into()));
        assert_eq!(cents("{}"), Err("`x` must be a decimal number such as 1000.50".into()));
        let text = |json| read(json, |x| x.text()).ok().flatten();
        assert_eq!(text("\"a\\u00e9\\n\"").as_deref(), Some("aé\n"));
        assert_eq!(text("\"a\\ud800b\"").as_deref(), Some("a\u{fffd}b"));
        for exact in ["1001", "-1", "1e400", "12345678901234567890123456789012345"] {
            assert_eq!(text(exact).as_deref(), Some(exact));
        }
        for other in ["true", "[\"a\"]", "{\"a\":1}"] {
            assert_eq!(text(other), None, "{other}");
        }
        let day = |json| read(json, |x| x.day()).map(|day| day.map(|day| day.to_string()));
        assert_eq!(day("\"2026-01-05T23:30:00-05:00\""), Ok(Some("2026-01-05".into())));
        assert!(day("7").is_err());
    }

    #[test]
    fn nesting_takes_no_stack() {
        let deep = format!("{}1{}", "[".repeat(100_000), "]".repeat(100_000));
        assert!(read(&deep, |x| x.money()).is_err());
    }

    #[test]
    fn the_second_spelling_counts_where_the_first_is_absent() {
        for (body, expected) in [
            (r#"{"y":2}"#, Some(200)),
            (r#"{"x":null,"y":2}"#, Some(200)),
            (r#"{"y":2,"x":1}"#, Some(100)),
        ] {
            let document = Document::of(body);
            let members: Members<'_> = document.object().unwrap();
            assert_eq!(members.x.or(members.y).money().lenient().map(Money::cents), expected);
        }
        let document = Document::of(r#"{"x":[],"y":2}"#);
        let members: Members<'_> = document.object().unwrap();
        assert!(members.x.or(members.y).money().strict("x").is_err());
        assert!(Document::of(r#"{"x":1,"\u0078":2}"#).object::<Members<'_>>().is_err());
        assert!(Document::of("[1,2]").object::<Members<'_>>().is_err());
    }
}
