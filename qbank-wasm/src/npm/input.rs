//! The members of an input: one flat record in JSON that `js/input.js` wrote. Each is
//! named as the application knows it, so that an error can name it.

use std::borrow::Cow;
use std::fmt::Display;
use std::str::FromStr;
use std::time::Duration;

use qbank_proto::chrono::NaiveDate;
use qbank_proto::{Error, Fields, Id, PaymentId, parse_day};

pub(super) struct Input<'a>(Fields<'a>);

impl<'a> Input<'a> {
    pub(super) fn of(json: &'a str) -> Result<Self, Error> {
        let fields = Fields::parse(json.as_bytes());
        fields.map(Self).map_err(|_| Error::invalid_input("request", "must be JSON"))
    }

    /// A text that `js/input.js` has let through, or an empty one.
    pub(super) fn text(&self, name: &str) -> Cow<'a, str> {
        self.opt_text(name).unwrap_or_default()
    }

    pub(super) fn opt_text(&self, name: &str) -> Option<Cow<'a, str>> {
        self.0.text(&[name]).ok().flatten()
    }

    #[inline(never)]
    pub(super) fn needed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<T, Error> {
        self.text(name).parse().map_err(|rule| Error::invalid_input(name, rule))
    }

    /// One piece of code for the ids of all kinds.
    pub(super) fn id<K>(&self, name: &str) -> Result<Id<K>, Error> {
        self.needed::<PaymentId>(name).map(|id| Id::from_uuid(id.as_uuid()))
    }

    pub(super) fn parsed<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Error> {
        self.opt_text(name).map(|_| self.needed(name)).transpose()
    }

    pub(super) fn day(&self, name: &str) -> Result<Option<NaiveDate>, Error> {
        let Some(text) = self.opt_text(name) else { return Ok(None) };
        let rule = "must be a day as a string such as 2026-01-31";
        parse_day(&text).map(Some).ok_or_else(|| Error::invalid_input(name, rule))
    }

    pub(super) fn json(&self, name: &str) -> Option<&'a str> {
        self.0.json(&[name])
    }

    pub(super) fn number(&self, name: &str) -> Option<u64> {
        self.json(name)?.parse().ok()
    }

    /// Given in microseconds, which are whole numbers.
    pub(super) fn time(&self, name: &str) -> Option<Duration> {
        self.number(name).map(Duration::from_micros)
    }

    pub(super) fn count(&self, name: &str) -> Option<u32> {
        self.number(name).and_then(|number| u32::try_from(number).ok())
    }

    pub(super) fn flag(&self, name: &str) -> bool {
        self.0.json(&[name]) == Some("true")
    }

    /// The texts that a member holds.
    pub(super) fn texts(&self, name: &str) -> Vec<String> {
        let inner = self.inner(name).unwrap_or_default();
        let texts = inner.iter().map(|(name, _)| inner.string(&[&name]).ok().flatten());
        texts.map(Option::unwrap_or_default).collect()
    }

    /// The members of a member; none of them may be lost.
    pub(super) fn inner(&self, name: &str) -> Result<Fields<'a>, Error> {
        let inner = self
            .0
            .json(&[name])
            .map_or(Ok(Fields::default()), |json| Fields::parse(json.as_bytes()));
        inner.map_err(|_| Error::invalid_input(name, "must have plain names, 256 at the most"))
    }
}
