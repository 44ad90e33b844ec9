//! A client that is right meets its scenario, and of one that is wrong each fault is reported.

#![allow(clippy::unwrap_used)]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
};

use qbank_conformance::{
    Call, CommandTransport, Outcome, Scenario, Server, Target, Transport, load, run,
};

const KEY: &str = "7f1d2c3b-0a4e-4c6d-8e9f-00112233aabb";
const PAYMENT: &str = "5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11";

/// Sends these requests over sockets, and reports this outcome.
struct ScriptedClient {
    name: &'static str,
    sends: Vec<String>,
    outcome: Outcome,
}

impl Transport for ScriptedClient {
    fn name(&self) -> &str {
        self.name
    }

    fn play(&self, target: &Target, _: &Call) -> Outcome {
        exchange(&target.token_url, &token_request());
        for request in &self.sends {
            exchange(&target.base_url, request);
        }
        self.outcome.clone()
    }
}

fn exchange(url: &str, request: &str) -> String {
    let mut tcp = TcpStream::connect(url.split('/').nth(2).unwrap()).unwrap();
    tcp.write_all(request.as_bytes()).unwrap();
    let mut bytes = [0; 4096];
    let read = tcp.read(&mut bytes).unwrap();
    String::from_utf8_lossy(&bytes[..read]).into_owned()
}

fn token_request() -> String {
    "POST /v1/token HTTP/1.1\r\ncontent-type: application/x-www-form-urlencoded\r\n\
     content-length: 0\r\n\r\n"
        .to_owned()
}

fn transfer(key: &str, body: &str) -> String {
    format!(
        "POST /v1/transfers HTTP/1.1\r\nauthorization: Bearer conformance-token-t1\r\n\
         user-agent: scripted\r\ncontent-type: application/json\r\nidempotency-key: {key}\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn scenario(name: &str) -> Scenario {
    load().unwrap().into_iter().find(|scenario| scenario.name == name).unwrap()
}

fn accepted() -> Outcome {
    Outcome {
        ok: true,
        fate: "accepted".to_owned(),
        http_status: Some(201),
        attempts: 2,
        idempotency_key: Some(KEY.to_owned()),
        ..Outcome::default()
    }
}

fn unmet(sends: Vec<String>, outcome: Outcome) -> String {
    let client = ScriptedClient { name: "scripted", sends, outcome };
    match run(&client, &scenario("status_500_with_an_empty_body")) {
        Ok(()) => String::new(),
        Err(failure) => failure.to_string(),
    }
}

#[test]
fn a_client_that_is_right_meets_its_scenario() {
    let sends = vec![transfer(KEY, "{}"), transfer(KEY, "{}")];
    assert_eq!(unmet(sends, accepted()), "");
}

#[test]
fn a_client_that_sends_once_fails() {
    let report = unmet(vec![transfer(KEY, "{}")], Outcome { attempts: 1, ..accepted() });
    assert!(report.contains("expected attempts 2, not 1"), "{report}");
    assert!(report.contains("expected writes 2, not 1"), "{report}");
    assert!(report.contains("proves: 500, 502, 504, any other 5xx"), "{report}");
    assert!(report.contains(&format!("POST /v1/transfers, connection 1, token t1, key {KEY}")));
}

#[test]
fn another_key_or_another_body_breaks_an_invariant() {
    let other = KEY.replace("7f1d", "8a2e");
    let report = unmet(vec![transfer(KEY, "{}"), transfer(&other, "{}")], accepted());
    assert!(report.contains("always: one key and one body"), "{report}");
    let report = unmet(vec![transfer(KEY, "{}"), transfer(KEY, "{ }")], accepted());
    assert!(report.contains("always: one key and one body"), "{report}");
}

#[test]
fn a_secret_in_a_message_breaks_an_invariant() {
    let message = "Bearer conformance-token-t1 was refused".to_owned();
    let sends = vec![transfer(KEY, "{}"), transfer(KEY, "{}")];
    let report = unmet(sends, Outcome { message, ..accepted() });
    assert!(report.contains("always: no secret is in a message"), "{report}");
}

#[test]
fn a_fate_of_never_sent_after_a_byte_breaks_an_invariant() {
    let fate = "never_sent".to_owned();
    let report = unmet(vec![transfer(KEY, "{}")], Outcome { fate, ..accepted() });
    assert!(report.contains("always: never sent means that no byte arrived"), "{report}");
}

#[test]
fn what_differs_on_fetch_is_expected_of_fetch_only() {
    let scenario = scenario("connection_refused_never_sent");
    let outcome = Outcome {
        kind: Some("transport".to_owned()),
        fate: "unknown".to_owned(),
        attempts: 3,
        ..Outcome::default()
    };
    let fetch = ScriptedClient { name: "fetch", sends: vec![], outcome: outcome.clone() };
    assert!(run(&fetch, &scenario).is_ok());
    let hyper = ScriptedClient { name: "hyper", sends: vec![], outcome };
    let report = run(&hyper, &scenario).unwrap_err().to_string();
    assert!(report.contains("expected fate never_sent, not unknown"), "{report}");
}

#[test]
fn a_scenario_for_others_is_met_by_not_playing_it() {
    let client = ScriptedClient { name: "scripted", sends: vec![], outcome: Outcome::default() };
    assert!(run(&client, &scenario("stream_refused_is_in_doubt")).is_ok());
}

#[test]
fn every_scenario_starts_and_stops() {
    for scenario in load().unwrap() {
        let server = Server::start(&scenario.server).unwrap();
        assert!(server.log().api.is_empty(), "{}", scenario.name);
    }
}

#[test]
fn a_payment_of_a_script_is_on_the_wire() {
    let server = Server::start(&scenario("ach_is_accepted").server).unwrap();
    let response = exchange(&server.target().base_url, &transfer(KEY, "{}"));
    let base = &server.target().base_url;
    assert!(response.contains(&format!("location: {base}/payments/{PAYMENT}\r\n")), "{response}");
}

#[test]
#[cfg(unix)]
fn a_program_can_be_a_driver() {
    let reads_and_reports = r#"read -r input; case "$input" in *'"operation":"authenticate"'*) ;;
        *) exit 1;; esac; echo noise; echo '{"ok": false, "kind": "unauthenticated"}'"#;
    let driver = CommandTransport {
        name: "fetch".to_owned(),
        program: "sh".to_owned(),
        arguments: vec!["-c".to_owned(), reads_and_reports.to_owned()],
    };
    let report = run(&driver, &scenario("token_refused_for_authenticate")).unwrap_err().to_string();
    assert!(report.contains("expected token requests 1, not 0"), "{report}");
    assert!(!report.contains("expected kind"), "{report}");
    let gone = CommandTransport { program: "no-such-program-anywhere".to_owned(), ..driver };
    let report = run(&gone, &scenario("balance_is_read")).unwrap_err().to_string();
    assert!(report.contains("gave no outcome"), "{report}");
}
