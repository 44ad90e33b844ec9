//! The members of a JSON object, each taken by its name, and none left over. No error repeats a
//! value: it may be an account number.

use std::fmt::Display;
use std::str::FromStr;

use qbank_proto::Error;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

pub(super) struct Members<'a> {
    /// The object that this one lies in, and a dot.
    path: String,
    members: Vec<(String, &'a RawValue)>,
}

impl<'a> Members<'a> {
    pub(super) fn parse(path: &str, json: &'a str) -> Result<Self, Error> {
        let named = if path.is_empty() { "intent" } else { path };
        let members = serde_json::from_str::<Object<'_>>(json)
            .map_err(|_| Error::invalid_input(named, "must be a JSON object"))?
            .0;
        for (at, (name, _)) in members.iter().enumerate() {
            if members[..at].iter().any(|(other, _)| other == name) {
                return Err(Error::invalid_input(named, "must not have a member twice"));
            }
        }
        let path = if path.is_empty() { String::new() } else { format!("{path}.") };
        Ok(Self { path, members })
    }

    pub(super) fn wrong(&self, name: &str, rule: impl Display) -> Error {
        Error::invalid_input(&format!("{}{name}", self.path), rule)
    }

    /// A member's JSON. A null counts as left out.
    pub(super) fn json(&mut self, name: &str) -> Option<&'a str> {
        let at = self.members.iter().position(|(other, _)| other == name)?;
        Some(self.members.remove(at).1.get()).filter(|json| *json != "null")
    }

    pub(super) fn maybe_text(&mut self, name: &str) -> Result<Option<String>, Error> {
        let Some(json) = self.json(name) else { return Ok(None) };
        serde_json::from_str(json).map(Some).map_err(|_| self.wrong(name, "must be a string"))
    }

    pub(super) fn text(&mut self, name: &str) -> Result<String, Error> {
        self.maybe_text(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// What a text stands for.
    pub(super) fn maybe<T: FromStr<Err: Display>>(
        &mut self,
        name: &str,
    ) -> Result<Option<T>, Error> {
        let Some(text) = self.maybe_text(name)? else { return Ok(None) };
        text.parse().map(Some).map_err(|rule| self.wrong(name, rule))
    }

    pub(super) fn needed<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<T, Error> {
        self.maybe(name)?.ok_or_else(|| self.wrong(name, "is missing"))
    }

    /// What the digits of a number stand for; they may be in a string.
    pub(super) fn decimal<T: FromStr<Err: Display>>(&mut self, name: &str) -> Result<T, Error> {
        let Some(json) = self.json(name) else { return Err(self.wrong(name, "is missing")) };
        let digits = serde_json::from_str::<String>(json).unwrap_or_else(|_| json.to_owned());
        digits.parse().map_err(|rule| self.wrong(name, rule))
    }

    pub(super) fn flag(&mut self, name: &str) -> Result<bool, Error> {
        match self.json(name) {
            None | Some("false") => Ok(false),
            Some("true") => Ok(true),
            Some(_) => Err(self.wrong(name, "must be true or false")),
        }
    }

    /// An object in this one.
    pub(super) fn inner(&mut self, name: &str) -> Result<Option<Members<'a>>, Error> {
        let Some(json) = self.json(name) else { return Ok(None) };
        Members::parse(&format!("{}{name}", self.path), json).map(Some)
    }

    /// What was not taken.
    pub(super) fn rest(self) -> impl Iterator<Item = (String, &'a str)> {
        self.members.into_iter().map(|(name, value)| (name, value.get()))
    }

    /// Refuses what was not taken: a member must not be lost by a wrong name.
    pub(super) fn end(self) -> Result<(), Error> {
        match self.members.first() {
            // The name is the caller's own; a long one may be anything.
            Some((name, _)) if name.len() <= 40 => Err(self.wrong(name, "is not known here")),
            Some(_) => Err(self.wrong("…", "is not known here")),
            None => Ok(()),
        }
    }
}

/// An object, whose values stay JSON.
struct Object<'a>(Vec<(String, &'a RawValue)>);

impl<'de> Deserialize<'de> for Object<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct AnObject;

        impl<'de> Visitor<'de> for AnObject {
            type Value = Object<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut members = Vec::new();
                while let Some(member) = map.next_entry()? {
                    members.push(member);
                }
                Ok(Object(members))
            }
        }

        deserializer.deserialize_map(AnObject)
    }
}
