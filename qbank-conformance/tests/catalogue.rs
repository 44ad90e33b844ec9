//! The scenarios are data: here is what holds for all of them.

#![allow(clippy::unwrap_used)]

use std::collections::BTreeSet;

use qbank_conformance::{Operation, Response, Scenario, Script, Step, load, rows};

fn all() -> Vec<Scenario> {
    load().unwrap()
}

#[test]
fn every_name_is_snake_case_and_its_own() {
    let mut seen = BTreeSet::new();
    for scenario in all() {
        let name = scenario.name;
        let is_snake = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        assert!(name.chars().all(is_snake), "{name}");
        assert!(seen.insert(name.clone()), "twice: {name}");
    }
}

#[test]
fn every_row_has_a_scenario_and_every_scenario_a_row() {
    let rows: BTreeSet<String> = rows().unwrap().into_iter().collect();
    let proven: BTreeSet<String> = all().into_iter().map(|scenario| scenario.row).collect();
    assert_eq!(rows, proven);
}

#[test]
fn every_operation_is_called_with_its_arguments() {
    let called: Vec<Operation> = all().iter().map(|scenario| scenario.call.operation).collect();
    for operation in Operation::ALL {
        assert!(called.contains(&operation), "{operation:?}");
    }
    assert!(all().iter().all(|scenario| scenario.call.arguments.is_some()));
}

#[test]
fn every_scenario_expects_something() {
    for Scenario { name, expect, .. } in all() {
        assert!(expect.outcome.is_some() || expect.fate.is_some(), "{name}");
    }
}

#[test]
fn fates_and_kinds_are_those_of_the_contract() {
    let fates = ["never_sent", "refused", "unknown", "in_progress", "accepted", "not_applicable"];
    let kinds = [
        "invalid_request",
        "unauthenticated",
        "permission_denied",
        "not_found",
        "request_timeout",
        "idempotency_conflict",
        "conflict",
        "rate_limited",
        "server",
        "unavailable",
        "unexpected_response",
        "transport",
        "deadline_exceeded",
        "payment_failed",
        "invalid_input",
    ];
    for Scenario { name, expect, .. } in all() {
        let all_known = |choice: Option<qbank_conformance::Choice>, known: &[&str]| {
            choice.is_none_or(|choice| choice.0.split('|').all(|name| known.contains(&name)))
        };
        assert!(all_known(expect.fate, &fates), "{name}");
        assert!(all_known(expect.kind, &kinds), "{name}");
    }
}

#[test]
fn every_body_file_is_there_and_every_script_starts() {
    for Scenario { name, server, .. } in all() {
        let Script { api, token, .. } = &server;
        for step in api.iter().chain(token).flatten() {
            if let Step::Respond(response) = step {
                let bodies = [
                    response.body.is_some(),
                    response.json.is_some(),
                    response.body_file.is_some(),
                    response.body_repeat.is_some(),
                ];
                assert!(bodies.iter().filter(|there| **there).count() <= 1, "{name}");
                assert!(is_there(response), "{name}");
            }
        }
    }
}

fn is_there(response: &Response) -> bool {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/bodies/");
    let file = response.body_file.as_ref();
    file.is_none_or(|name| std::path::Path::new(&format!("{dir}{name}")).is_file())
}

#[test]
fn an_unknown_member_is_an_error() {
    let scenario = serde_json::json!({
        "name": "x", "row": "y", "call": {"operation": "ach"}, "expect": {"outcom": "ok"}
    });
    assert!(serde_json::from_value::<Scenario>(scenario).is_err());
}

#[test]
fn no_file_is_forgotten() {
    let dir = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let mut written = 0;
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_file() && name != "samples.json" && name != "rows.json" {
            let text = std::fs::read_to_string(&path).unwrap();
            written += serde_json::from_str::<Vec<Scenario>>(&text).unwrap().len();
        }
    }
    assert_eq!(written, all().len());
}
