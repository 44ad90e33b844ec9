//! Reading JSON objects member by member, exactly and without echoing them.
//!
//! Members stay borrowed, unparsed text until asked for, so numbers keep their
//! digits, unknown members cost nothing, and either spelling of a name serves.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;

use chrono::{DateTime, NaiveDate, Utc};
use uuid::Uuid;

use crate::json;
use crate::json::Member;
use crate::types::{Id, Money, hyphenated, parse_day, parse_time};

/// Why an answer's body could not be read. Holds positions and names of
/// members, never a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Cow<'static, str>);

impl DecodeError {
    /// With a reason, which must not contain any of the answer's values.
    pub fn new(reason: impl Into<Cow<'static, str>>) -> Self {
        Self(reason.into())
    }

    pub(crate) const fn fixed(reason: &'static str) -> Self {
        Self(Cow::Borrowed(reason))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for DecodeError {}

/// The members of one JSON object, in order, unparsed.
///
/// A duplicate member is an error: two amounts are no amount. The accessors take
/// the names of a member in order of preference. A member that is missing, null
/// or of another type reads as `None`; a text that is not valid Unicode is an
/// error.
#[derive(Debug, Default)]
pub struct Fields<'a> {
    members: Vec<Member<'a>>,
    /// After the one that was asked for last: they are mostly asked for in order.
    next: Cell<usize>,
}

impl<'a> Fields<'a> {
    pub(crate) const fn of(members: Vec<Member<'a>>) -> Self {
        Self { members, next: Cell::new(0) }
    }

    pub(crate) fn into_members(self) -> Vec<Member<'a>> {
        self.members
    }

    /// Reads a body that must be one JSON object.
    pub fn parse(body: &'a [u8]) -> Result<Self, DecodeError> {
        json::object(body).map(Self::of)
    }

    /// Reads a body that must be an array of JSON objects, one after the other:
    /// the first that cannot be read ends it.
    pub fn read_list<T>(
        body: &'a [u8],
        read: impl Fn(&Self) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        let mut items = Vec::new();
        json::objects(body, &mut |members| {
            let fields = Self::of(members);
            items.push(read(&fields)?);
            Ok(fields.into_members())
        })?;
        Ok(items)
    }

    #[inline]
    fn find(&self, names: &[&str]) -> Option<&Member<'a>> {
        let next = self.next.get();
        let found = match (self.members.get(next), names.first()) {
            (Some(member), Some(name)) if member.has_value(name) => (next, member),
            _ => names.iter().find_map(|name| self.search(name))?,
        };
        self.next.set(found.0 + 1);
        Some(found.1)
    }

    fn search(&self, name: &str) -> Option<(usize, &Member<'a>)> {
        self.members.iter().enumerate().find(|(_, member)| member.has_value(name))
    }

    /// All members, each with its unparsed JSON, in order.
    pub fn iter(&self) -> impl Iterator<Item = (Cow<'a, str>, &'a str)> {
        self.members.iter().map(|member| (member.name(), member.json()))
    }

    /// Whether there is no member at all.
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The unparsed JSON of a member.
    pub fn json(&self, names: &[&str]) -> Option<&'a str> {
        self.find(names).map(Member::json)
    }

    /// A member that is a JSON string.
    pub fn text(&self, names: &[&str]) -> Result<Option<Cow<'a, str>>, DecodeError> {
        self.find(names).map_or(Ok(None), Member::text)
    }

    /// Reads a text, mostly where it stands.
    #[inline]
    fn with<T>(
        &self,
        names: &[&str],
        read: impl FnOnce(&str) -> T,
    ) -> Result<Option<T>, DecodeError> {
        let Some(member) = self.find(names) else { return Ok(None) };
        match member.plain() {
            Some(text) => Ok(Some(read(text))),
            _ => Ok(member.text()?.map(|text| read(&text))),
        }
    }

    /// A member that must be there and be a uuid: the only essential kind.
    pub fn id<K>(&self, names: &[&'static str]) -> Result<Id<K>, DecodeError> {
        self.uuid(names).map(Id::from_uuid).ok_or_else(|| no_id(names))
    }

    /// A member that is a uuid.
    pub fn opt_id<K>(&self, names: &[&str]) -> Option<Id<K>> {
        self.uuid(names).map(Id::from_uuid)
    }

    fn uuid(&self, names: &[&str]) -> Option<Uuid> {
        self.with(names, hyphenated).ok().flatten()?
    }

    /// A member that is an owned text.
    pub fn string(&self, names: &[&str]) -> Result<Option<String>, DecodeError> {
        self.with(names, str::to_owned)
    }

    /// A member whose values are an open enumeration.
    pub fn open<T: for<'t> From<&'t str>>(&self, names: &[&str]) -> Result<Option<T>, DecodeError> {
        self.with(names, |text| T::from(text))
    }

    /// A member that is an exact amount, as a JSON number or a string of one.
    pub fn money(&self, names: &[&str]) -> Option<Money> {
        Money::from_json(self.json(names)?).ok()
    }

    /// A member that is a calendar date.
    pub fn date(&self, names: &[&str]) -> Result<Option<NaiveDate>, DecodeError> {
        Ok(self.with(names, parse_day)?.flatten())
    }

    /// A member that is a date-time with an offset, or a date, which reads as
    /// its midnight in UTC.
    pub fn timestamp(&self, names: &[&str]) -> Result<Option<DateTime<Utc>>, DecodeError> {
        Ok(self.with(names, parse_time)?.flatten())
    }
}

fn no_id(names: &[&str]) -> DecodeError {
    let name = names.first().copied().unwrap_or_default();
    DecodeError::new(format!("the member `{name}` is missing or not a uuid"))
}
