//! The scenarios, embedded. The same files are there for a runner in any other language.

use std::collections::BTreeMap;

use crate::{Arguments, Operation, Scenario};

/// One file per group.
const GROUPS: [(&str, &str); 31] = [
    ("connect.json", include_str!("../scenarios/connect.json")),
    ("client_certificate.json", include_str!("../scenarios/client_certificate.json")),
    ("broken.json", include_str!("../scenarios/broken.json")),
    ("interim.json", include_str!("../scenarios/interim.json")),
    ("auth.json", include_str!("../scenarios/auth.json")),
    ("refused.json", include_str!("../scenarios/refused.json")),
    ("doubt.json", include_str!("../scenarios/doubt.json")),
    ("pace.json", include_str!("../scenarios/pace.json")),
    ("redirect.json", include_str!("../scenarios/redirect.json")),
    ("conflict.json", include_str!("../scenarios/conflict.json")),
    ("follow.json", include_str!("../scenarios/follow.json")),
    ("join.json", include_str!("../scenarios/join.json")),
    ("resume.json", include_str!("../scenarios/resume.json")),
    ("about.json", include_str!("../scenarios/about.json")),
    ("accepted.json", include_str!("../scenarios/accepted.json")),
    ("location.json", include_str!("../scenarios/location.json")),
    ("malformed.json", include_str!("../scenarios/malformed.json")),
    ("token.json", include_str!("../scenarios/token.json")),
    ("reads.json", include_str!("../scenarios/reads.json")),
    ("wait.json", include_str!("../scenarios/wait.json")),
    ("input.json", include_str!("../scenarios/input.json")),
    ("http2.json", include_str!("../scenarios/http2.json")),
    ("broken_responses.json", include_str!("../scenarios/broken_responses.json")),
    ("scopes.json", include_str!("../scenarios/scopes.json")),
    ("doubt_408_503.json", include_str!("../scenarios/doubt_408_503.json")),
    ("followed.json", include_str!("../scenarios/followed.json")),
    ("malformed_reads.json", include_str!("../scenarios/malformed_reads.json")),
    ("cap.json", include_str!("../scenarios/cap.json")),
    ("token_responses.json", include_str!("../scenarios/token_responses.json")),
    ("pages.json", include_str!("../scenarios/pages.json")),
    ("gateway.json", include_str!("../scenarios/gateway.json")),
];

const BODIES: [(&str, &str); 25] = [
    ("accounts.json", include_str!("../scenarios/bodies/accounts.json")),
    (
        "accounts_other_spelling.json",
        include_str!("../scenarios/bodies/accounts_other_spelling.json"),
    ),
    ("ach_completed.json", include_str!("../scenarios/bodies/ach_completed.json")),
    ("ach_created.json", include_str!("../scenarios/bodies/ach_created.json")),
    ("ach_failed.json", include_str!("../scenarios/bodies/ach_failed.json")),
    ("ach_other_amount.json", include_str!("../scenarios/bodies/ach_other_amount.json")),
    ("ach_processing.json", include_str!("../scenarios/bodies/ach_processing.json")),
    ("ach_unknown_status.json", include_str!("../scenarios/bodies/ach_unknown_status.json")),
    ("ach_validated.json", include_str!("../scenarios/bodies/ach_validated.json")),
    ("balance.json", include_str!("../scenarios/bodies/balance.json")),
    (
        "balance_other_spelling.json",
        include_str!("../scenarios/bodies/balance_other_spelling.json"),
    ),
    ("conflict.json", include_str!("../scenarios/bodies/conflict.json")),
    ("conflict_instance.json", include_str!("../scenarios/bodies/conflict_instance.json")),
    ("conflict_malformed_id.json", include_str!("../scenarios/bodies/conflict_malformed_id.json")),
    ("conflict_other_type.json", include_str!("../scenarios/bodies/conflict_other_type.json")),
    ("conflict_traversal.json", include_str!("../scenarios/bodies/conflict_traversal.json")),
    ("conflict_without_id.json", include_str!("../scenarios/bodies/conflict_without_id.json")),
    ("error.json", include_str!("../scenarios/bodies/error.json")),
    ("exceptions.json", include_str!("../scenarios/bodies/exceptions.json")),
    (
        "exceptions_unknown_reason.json",
        include_str!("../scenarios/bodies/exceptions_unknown_reason.json"),
    ),
    ("page.html", include_str!("../scenarios/bodies/page.html")),
    ("transactions.json", include_str!("../scenarios/bodies/transactions.json")),
    (
        "transactions_other_spelling.json",
        include_str!("../scenarios/bodies/transactions_other_spelling.json"),
    ),
    ("wire_created.json", include_str!("../scenarios/bodies/wire_created.json")),
    ("wire_processing.json", include_str!("../scenarios/bodies/wire_processing.json")),
];

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
    BODIES.iter().find(|(file, _)| *file == name).map(|(_, text)| *text)
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
