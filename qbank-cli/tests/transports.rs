//! `--transport`: the same behaviour either way.

mod program;

use program::{Bank, READS, WRITES};
use serde_json::Value;

/// What scripts rely on, without what is different by nature.
fn gist(document: &Value) -> Vec<Value> {
    let members = [
        "/status",
        "/attempts",
        "/fate",
        "/followed_conflict",
        "/kind",
        "/http_status",
        "/error_code",
        "/retry_after_s",
    ];
    members.iter().map(|it| document.pointer(it).cloned().unwrap_or_default()).collect()
}

/// Runs a line over a transport, on a bank of its own with this fault.
fn run(transport: &str, line: &str, fault: Option<&str>) -> (Option<i32>, Vec<Value>) {
    let bank = Bank::start();
    if let Some(fault) = fault {
        bank.fault(fault);
    }
    let ended = bank.qbank(line).env("QBANK_TRANSPORT", transport).run();
    let message = if ended.code == Some(0) {
        ended.ok()
    } else {
        ended.error(ended.code.unwrap_or_default())
    };
    (ended.code, gist(&message))
}

fn same(line: &str, fault: Option<&str>) {
    let (blocking, hyper) = (run("blocking", line, fault), run("hyper", line, fault));
    assert_eq!(blocking, hyper, "{line} with {fault:?}");
}

#[test]
fn every_command_says_the_same_over_both() {
    for line in READS.iter().chain(&WRITES) {
        if !line.starts_with("payments wait") {
            same(line, None);
        }
    }
}

#[test]
fn every_fault_comes_to_the_same_over_both() {
    for kind in [
        r#""kind":"refuse""#,
        r#""kind":"drop_after_commit""#,
        r#""kind":"truncate""#,
        r#""kind":"html""#,
        r#""kind":"garbage""#,
        r#""kind":"in_flight""#,
        r#""kind":"revoke_token""#,
        r#""kind":"status","status":302"#,
        r#""kind":"status","status":429,"retry_after":1"#,
        r#""kind":"status","status":503"#,
    ] {
        for times in [1, 9] {
            let fault =
                format!(r#"{{"method":"POST","path":"/v1/payments/*","times":{times},{kind}}}"#);
            for line in &WRITES[..2] {
                same(&format!("{line} --max-retries 1"), Some(&fault));
            }
        }
    }
}

#[test]
fn the_demo_holds_over_both() {
    for transport in ["blocking", "hyper"] {
        let ended = program::Program::new(&format!("--transport {transport} demo")).run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.stdout.contains("All of it held."));
    }
}

#[test]
fn an_unknown_transport_is_refused_by_name() {
    let ended = Bank::start().qbank("accounts list --transport unknown").run();
    assert_eq!(ended.code, Some(2));
    assert!(ended.stderr.contains("unknown") && ended.stderr.contains("hyper"), "{ended:?}");
}

#[test]
fn an_option_beats_a_bad_variable() {
    let bank = Bank::start();
    let line = "balances get acc00000-0000-4000-8000-000000000001";
    let bad = bank.qbank(line).env("QBANK_TRANSPORT", "unknown").run();
    assert!(bad.error(2)["message"].to_string().contains("QBANK_TRANSPORT"));
    for transport in ["blocking", "hyper"] {
        let chosen = bank.qbank(line).args("--transport").arg(transport);
        assert_eq!(chosen.env("QBANK_TRANSPORT", "unknown").run().code, Some(0));
    }
}
