//! The scenarios, embedded. The same files are there for a runner in any other language.

use std::collections::BTreeMap;

use crate::{Arguments, Operation, Scenario};

/// One file per group.
const GROUPS: [(&str, &str); 0] = [];

const BODIES: [(&str, &str); 0] = [];

const SAMPLES: &str = include_str!("../scenarios/samples.json");
const ROWS: &str = include_str!("../scenarios/rows.json");

/// What is wrong with the scenario files.
#[derive(Debug)]
pub struct CatalogueError {
    /// The file.
    pub file: &'static str,
    /// Why it does not parse.
    pub source: serde_json::Error,
}

impl std::fmt::Display for CatalogueError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "scenarios/{}: {}", self.file, self.source)
    }
}

impl std::error::Error for CatalogueError {}

/// Every scenario, in the order of the files, arguments complete.
///
/// # Panics
/// If a scenario file does not parse, which the tests of this crate rule out.
#[allow(clippy::panic)]
pub fn scenarios() -> Vec<Scenario> {
    match load() {
        Ok(scenarios) => scenarios,
        Err(error) => panic!("{error}"),
    }
}

/// Every scenario, or why there is none.
pub fn load() -> Result<Vec<Scenario>, CatalogueError> {
    let samples: BTreeMap<String, Arguments> = parse("samples.json", SAMPLES)?;
    let mut all = Vec::new();
    for (file, text) in GROUPS {
        let group: Vec<Scenario> = parse(file, text)?;
        all.extend(group);
    }
    for scenario in &mut all {
        let call = &mut scenario.call;
        if call.arguments.is_none() {
            call.arguments = samples.get(operation_name(call.operation)).cloned();
        }
    }
    Ok(all)
}

/// The rows of the exactly-once table and the paragraphs beside it: each has a scenario.
pub fn rows() -> Result<Vec<String>, CatalogueError> {
    parse("rows.json", ROWS)
}

/// The text of a file in `scenarios/bodies/`.
pub(crate) fn body(name: &str) -> Option<&'static str> {
    BODIES
        .iter()
        .find(|(file, _)| *file == name)
        .map(|(_, text)| *text)
}

fn parse<T: serde::de::DeserializeOwned>(
    file: &'static str,
    text: &str,
) -> Result<T, CatalogueError> {
    serde_json::from_str(text).map_err(|source| CatalogueError { file, source })
}

fn operation_name(operation: Operation) -> &'static str {
    match operation {
        Operation::Ach => "ach",
        Operation::Wire => "wire",
        Operation::Transfer => "transfer",
        Operation::CheckIssue => "check_issue",
        Operation::Balance => "balance",
        Operation::Accounts => "accounts",
        Operation::Transactions => "transactions",
        Operation::Payment => "payment",
        Operation::Exceptions => "exceptions",
        Operation::Wait => "wait",
        Operation::Authenticate => "authenticate",
    }
}
