//! One scenario: a call, the bank's responses to it, and the expected result.

use serde::Deserialize;

use crate::{Call, Expect, Overrides, Script, Wire};

/// A scenario.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// The behaviour, in snake case.
    pub name: String,
    /// What it proves: a row of the exactly-once table or a paragraph, literally one of
    /// `scenarios/rows.json`.
    pub row: String,
    /// The call.
    pub call: Call,
    /// What the server does.
    #[serde(default)]
    pub server: Script,
    /// What the client has to report.
    pub expect: Expect,
    /// What has to arrive.
    #[serde(default)]
    pub wire: Wire,
    /// What differs on `fetch`.
    #[serde(default)]
    pub fetch: Option<Overrides>,
    /// The transports that can meet it; absent: all. Frames of HTTP/2 are for those that offer it,
    /// a 101 and an unrequested compression for those that do not hide them as `fetch` does.
    #[serde(default)]
    pub transports: Option<Vec<String>>,
}

impl Scenario {
    /// Can a transport of this name meet it? HTTP/2 has to be asked for by name.
    pub fn is_for(&self, transport: &str) -> bool {
        self.transports.as_ref().is_none_or(|names| names.iter().any(|name| name == transport))
    }

    /// What is expected of a transport of this name.
    pub fn expectations(&self, transport: &str) -> (Expect, Wire) {
        let (expect, mut wire) = (self.expect.clone(), self.wire.clone());
        if transport != "fetch" {
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
