//! One scenario: a call, the bank it meets, and what has to come of it.

use serde::Deserialize;

use crate::{Call, Expect, Overrides, Script, Wire};

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The behaviour, in snake case.
    pub name: String,
    /// What it proves: a row of the exactly-once table or a paragraph, word for word one of
    /// `scenarios/rows.json`.
    pub row: String,
    /// The call.
    pub call: Call,
    /// What the server does.
    #[serde(default)]
    pub server: Script,
    /// What the client has to say.
    pub expect: Expect,
    /// What has to arrive.
    #[serde(default)]
    pub wire: Wire,
    /// What differs on `fetch`.
    #[serde(default)]
    pub fetch: Option<Overrides>,
    /// The drivers that can meet it; absent: all.
    #[serde(default)]
    pub transports: Option<Vec<String>>,
}

impl Scenario {
    /// Can a driver of this name meet it? HTTP/2 has to be asked for by name.
    pub fn is_for(&self, driver: &str) -> bool {
        self.transports.as_ref().is_none_or(|names| names.iter().any(|name| name == driver))
    }

    /// What is expected of a driver of this name.
    pub fn expectations(&self, driver: &str) -> (Expect, Wire) {
        let (expect, mut wire) = (self.expect.clone(), self.wire.clone());
        if driver != "fetch" {
            return (expect, wire);
        }
        // `fetch` chooses its connections itself.
        wire.fresh_connection_after.clear();
        match &self.fetch {
            Some(over) => {
                (expect.overridden(over.expect.clone()), wire.overridden(over.wire.clone()))
            }
            None => (expect, wire),
        }
    }
}
