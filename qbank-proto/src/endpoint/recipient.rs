//! Whom an ACH payment goes to, at another bank.

use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::pasted::{account_number, needed_text};
use crate::error::Error;
use crate::json::leaves;
use crate::types::{RoutingNumber, Secret};

/// An account at another bank.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recipient {
    /// Whose account it is.
    pub name: String,
    /// The bank's ABA routing number.
    pub bank_id: RoutingNumber,
    /// The account's number there.
    pub account_number: Secret,
    more: More,
}

/// Further members as they were written, in the order of their names.
#[derive(Debug, Clone, Default)]
struct More(Vec<(String, Further)>);

impl More {
    fn insert(&mut self, name: String, further: Further) {
        match self.0.binary_search_by(|(other, _)| other.cmp(&name)) {
            Ok(at) => self.0[at].1 = further,
            Err(at) => self.0.insert(at, (name, further)),
        }
    }
}

/// A further member as it was written, and what of it no error may repeat.
#[derive(Clone)]
struct Further {
    json: Box<RawValue>,
    texts: Vec<String>,
}

impl std::fmt::Debug for Further {
    /// It may be as secret as the account number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Recipient {
    /// An account at another bank, without further members.
    pub fn new(
        name: impl Into<String>,
        bank_id: RoutingNumber,
        account_number: impl Into<Secret>,
    ) -> Self {
        Self {
            name: name.into(),
            bank_id,
            account_number: account_number.into(),
            more: More::default(),
        }
    }

    /// Adds a member that the bank agreed on with its client, or replaces it. The
    /// value is JSON, and is sent as it is written: no digit of a number is lost.
    /// `name`, `bank_id` and `account_number` cannot be set here.
    ///
    /// ```
    /// use qbank_proto::endpoint::Recipient;
    /// let recipient = Recipient::new("ACME", "021000021".parse()?, "0012345678")
    ///     .with_member("account_type", r#""checking""#)?
    ///     .with_member("limit", "10.10")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_member(
        mut self,
        name: impl Into<String>,
        json: impl AsRef<str>,
    ) -> Result<Self, Error> {
        let json: Box<RawValue> = serde_json::from_str(json.as_ref())
            .map_err(|_| Error::invalid_input("recipient member", "must be JSON"))?;
        let texts = leaves(json.get());
        let name = name.into();
        if ["name", "bank_id", "account_number"].contains(&name.as_str()) {
            return Err(Error::invalid_input(
                "recipient member",
                "must not be name, bank_id or account_number",
            ));
        }
        self.more.insert(name, Further { json, texts });
        Ok(self)
    }

    /// What no error may repeat.
    pub(super) fn secrets(&self) -> impl Iterator<Item = &str> {
        let more = self.more.0.iter().flat_map(|(_, further)| &further.texts);
        std::iter::once(self.account_number.expose()).chain(more.map(String::as_str))
    }

    /// What is sent, checked.
    pub(super) fn details(&self) -> Result<Details<'_>, Error> {
        needed_text("recipient name", &self.name)?;
        account_number(&self.account_number)?;
        Ok(Details(self))
    }
}

/// As it is sent.
pub(super) struct Details<'a>(&'a Recipient);

impl Serialize for Details<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("name", &self.0.name)?;
        members.serialize_entry("bank_id", &self.0.bank_id)?;
        members.serialize_entry("account_number", self.0.account_number.expose())?;
        for (name, further) in &self.0.more.0 {
            members.serialize_entry(name, &further.json)?;
        }
        members.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_member_goes_out_twice() {
        for name in ["name", "bank_id", "account_number"] {
            let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "0012345678");
            let error = recipient.with_member(name, "\"x\"").unwrap_err();
            assert!(error.to_string().contains("must not be name"), "{error}");
        }
    }

    #[test]
    fn a_further_member_is_any_json_as_it_is_written() {
        let member = |json: &str| {
            let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "1");
            let recipient = recipient.with_member("x", json).ok()?;
            Some(serde_json::to_string(&recipient.details().unwrap()).unwrap())
        };
        for json in
            ["1", "-0.10", "1e400", "123456789012345678901234567890", "null", r#"{"a":[true,"é"]}"#]
        {
            let sent = format!(
                r#"{{"name":"ACME","bank_id":"021000021","account_number":"1","x":{json}}}"#
            );
            assert_eq!(member(json), Some(sent));
        }
        for json in ["", "checking", "01", "1,\"y\":2", "\"", "{", "undefined", "1 2"] {
            assert_eq!(member(json), None, "{json}");
        }
    }
}
