//! The members of a JSON request, taken one at a time so that an error names its field.

use std::collections::BTreeMap;
use std::fmt;

use chrono::NaiveDate;
use qbank_proto::{Amount, Id, Money, RoutingNumber};
use serde::de::{DeserializeOwned, Deserializer, Error as _, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::message::error::ApiError;

/// In cents: as the description of the bank says, in a number that every client can hold.
const LARGEST_AMOUNT: i64 = 9_000_000_000_000_000_000;

/// The members of a JSON object that were not taken yet. One that is left at the end
/// is an error.
pub(crate) struct Fields {
    prefix: &'static str,
    members: BTreeMap<String, Box<RawValue>>,
}

impl Fields {
    pub(crate) fn parse(body: &[u8]) -> Result<Self, ApiError> {
        let members = serde_json::from_slice::<Members>(body)
            .map_err(|e| ApiError::malformed(format!("The body is not a JSON object: {e}.")))?;
        Ok(Self { prefix: "", members: members.0 })
    }

    pub(crate) fn id<K>(&mut self, name: &'static str) -> Result<Id<K>, ApiError> {
        self.required(name, Self::optional_id)
    }

    pub(crate) fn optional_id<K>(&mut self, name: &'static str) -> Result<Option<Id<K>>, ApiError> {
        self.parsed(name, "a uuid", |text| text.parse().ok())
    }

    /// Exact dollars, more than zero, as a JSON number.
    pub(crate) fn amount(&mut self, name: &'static str) -> Result<Amount, ApiError> {
        self.required(name, Self::optional_amount)
    }

    pub(crate) fn optional_amount(
        &mut self,
        name: &'static str,
    ) -> Result<Option<Amount>, ApiError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        if raw.get().starts_with('"') {
            return Err(self.wrong(name, "a JSON number"));
        }
        // Any JSON number of exact dollars: a program may write 1e3.
        let amount = raw.get().parse::<Money>().and_then(Amount::try_from);
        match amount {
            Ok(amount) if amount.cents() <= LARGEST_AMOUNT => Ok(Some(amount)),
            Ok(_) => Err(self.malformed(name, "must be at most 90000000000000000")),
            Err(error) => Err(self.malformed(name, error)),
        }
    }

    pub(crate) fn date(&mut self, name: &'static str) -> Result<NaiveDate, ApiError> {
        self.required(name, Self::optional_date)
    }

    pub(crate) fn optional_date(
        &mut self,
        name: &'static str,
    ) -> Result<Option<NaiveDate>, ApiError> {
        self.parsed(name, "a date such as 2026-01-31", parse_date)
    }

    /// A text that is neither blank nor longer than `longest` characters.
    pub(crate) fn text(&mut self, name: &'static str, longest: usize) -> Result<String, ApiError> {
        self.required(name, |fields, name| fields.optional_text(name, longest))
    }

    pub(crate) fn optional_text(
        &mut self,
        name: &'static str,
        longest: usize,
    ) -> Result<Option<String>, ApiError> {
        let Some(text) = self.value::<String>(name, "a string")? else {
            return Ok(None);
        };
        if text.trim().is_empty() || text.chars().count() > longest {
            return Err(self.malformed(name, format_args!("must have 1 to {longest} characters")));
        }
        Ok(Some(text))
    }

    pub(crate) fn routing_number(&mut self, name: &'static str) -> Result<RoutingNumber, ApiError> {
        let text: String = self.required(name, |f, name| f.value(name, "a string"))?;
        text.parse().map_err(|e| self.malformed(name, e))
    }

    /// A whole number of at least `least` and at most `most`.
    pub(crate) fn optional_number(
        &mut self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<Option<u64>, ApiError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        match raw.get().parse::<u64>() {
            Ok(n) if (least..=most).contains(&n) => Ok(Some(n)),
            _ => Err(self.wrong(name, format_args!("a whole number from {least} to {most}"))),
        }
    }

    pub(crate) fn number(
        &mut self,
        name: &'static str,
        least: u64,
        most: u64,
    ) -> Result<u64, ApiError> {
        self.required(name, |fields, name| fields.optional_number(name, least, most))
    }

    pub(crate) fn object(&mut self, name: &'static str) -> Result<Self, ApiError> {
        self.required(name, Self::optional_object)
    }

    pub(crate) fn optional_object(&mut self, name: &'static str) -> Result<Option<Self>, ApiError> {
        let members = self.value::<Members>(name, "an object")?;
        Ok(members.map(|members| Self { prefix: name, members: members.0 }))
    }

    /// Whether the member is a JSON string, without taking it.
    pub(crate) fn is_text(&self, name: &str) -> bool {
        self.members.get(name).is_some_and(|raw| raw.get().starts_with('"'))
    }

    /// Nothing may be left: a misspelt optional member is not ignored.
    pub(crate) fn end(self) -> Result<(), ApiError> {
        match self.members.keys().next() {
            None => Ok(()),
            Some(name) => {
                let name: String = name.chars().take(64).collect();
                Err(self.malformed(&name, "is not a member of this request"))
            }
        }
    }

    fn required<T>(
        &mut self,
        name: &'static str,
        take: impl FnOnce(&mut Self, &'static str) -> Result<Option<T>, ApiError>,
    ) -> Result<T, ApiError> {
        take(self, name)?.ok_or_else(|| self.missing(name))
    }

    fn parsed<T>(
        &mut self,
        name: &'static str,
        expected: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, ApiError> {
        let Some(text) = self.value::<String>(name, expected)? else {
            return Ok(None);
        };
        parse(&text).map(Some).ok_or_else(|| self.wrong(name, expected))
    }

    fn value<T: DeserializeOwned>(
        &mut self,
        name: &'static str,
        expected: &str,
    ) -> Result<Option<T>, ApiError> {
        let Some(raw) = self.take(name) else {
            return Ok(None);
        };
        serde_json::from_str(raw.get()).map(Some).map_err(|_| self.wrong(name, expected))
    }

    /// `null` is the same as an absent member.
    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.members.remove(name).filter(|raw| raw.get() != "null")
    }

    fn missing(&self, name: &str) -> ApiError {
        self.malformed(name, "is missing")
    }

    fn wrong(&self, name: &str, expected: impl fmt::Display) -> ApiError {
        self.malformed(name, format_args!("must be {expected}"))
    }

    /// Names the field, never its value: that may be an account number.
    fn malformed(&self, name: &str, why: impl fmt::Display) -> ApiError {
        let dot = if self.prefix.is_empty() { "" } else { "." };
        ApiError::malformed(format!("`{}{dot}{name}` {why}.", self.prefix))
    }
}

/// `2026-01-31` and nothing else; chrono alone would also read `2026-1-31`.
pub(crate) fn parse_date(text: &str) -> Option<NaiveDate> {
    (text.len() == 10).then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok())?
}

/// An object in which no member occurs twice: of two amounts neither is to be trusted.
struct Members(BTreeMap<String, Box<RawValue>>);

impl<'de> serde::Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Once;
        impl<'de> Visitor<'de> for Once {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a JSON object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = BTreeMap::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if members.insert(name, value).is_some() {
                        return Err(A::Error::custom("a member occurs twice"));
                    }
                }
                Ok(Members(members))
            }
        }
        deserializer.deserialize_map(Once)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(refusal: ApiError) -> String {
        match refusal {
            ApiError::Standard { message, .. } => message,
            other => format!("{other:?}"),
        }
    }

    #[test]
    fn an_error_names_the_field_and_not_its_value() {
        let mut fields = Fields::parse(br#"{"who":{"bank_id":"021000022"}}"#).ok().unwrap();
        let mut who = fields.object("who").ok().unwrap();
        let error = message(who.routing_number("bank_id").unwrap_err());
        assert!(error.starts_with("`who.bank_id` "), "{error}");
        assert!(!error.contains("021000022"), "{error}");
    }

    #[test]
    fn an_amount_must_be_an_exact_positive_number() {
        for bad in [
            "\"1.00\"",
            "0",
            "-1",
            "0.001",
            "true",
            "[]",
            "{}",
            "1e99",
            "null",
            "90000000000000000.01",
        ] {
            let body = format!("{{\"amount\":{bad}}}");
            let mut fields = Fields::parse(body.as_bytes()).ok().unwrap();
            let error = message(fields.amount("amount").unwrap_err());
            assert!(error.starts_with("`amount` "), "{bad}: {error}");
        }
        let mut fields = Fields::parse(br#"{"amount":90000000000000000}"#).ok().unwrap();
        assert_eq!(fields.amount("amount").ok().map(Amount::cents), Some(LARGEST_AMOUNT));
    }

    #[test]
    fn a_member_that_occurs_twice_or_is_unknown_is_refused() {
        assert!(Fields::parse(br#"{"amount":1,"amount":2}"#).is_err());
        let fields = Fields::parse(br#"{"amuont":1}"#).ok().unwrap();
        assert!(message(fields.end().unwrap_err()).contains("`amuont`"));
    }
}
