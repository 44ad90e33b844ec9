//! Exit codes and error documents: what a script gets for each kind of failure.

mod program;

use program::WRITES;
use program::scripted::ScriptedBank;
use program::{ACH, Bank, CLOSED, ISSUE, OPERATING, PAYROLL, Program, READS, TRANSFER, WIRE};
use serde_json::{Value, json};

/// Status, kind, fate of a write's only attempt, exit code (the canonical
/// mapping).
const MAPPING: [(u16, &str, &str, i32); 18] = [
    (400, "invalid_request", "refused", 3),
    (401, "unauthenticated", "refused", 3),
    (402, "invalid_request", "refused", 3),
    (403, "permission_denied", "refused", 3),
    (404, "not_found", "refused", 3),
    (408, "request_timeout", "unknown", 5),
    (409, "conflict", "refused", 3),
    (410, "invalid_request", "refused", 3),
    (422, "invalid_request", "refused", 3),
    (425, "rate_limited", "refused", 3),
    (429, "rate_limited", "refused", 3),
    (500, "server", "unknown", 5),
    (501, "server", "unknown", 5),
    (502, "unavailable", "unknown", 5),
    (503, "unavailable", "unknown", 5),
    (504, "unavailable", "unknown", 5),
    (302, "unexpected_response", "unknown", 5),
    (307, "unexpected_response", "unknown", 5),
];

#[test]
fn every_status_of_a_write() {
    let bank = Bank::start();
    for (at, (status, kind, fate, code)) in MAPPING.into_iter().enumerate() {
        let (write, path) = [
            (WIRE, "payments/wire"),
            (ACH, "payments/ach"),
            (TRANSFER, "transfers"),
            (ISSUE, "positivepay/issues"),
        ][at % 4];
        bank.fault(&format!(
            r#"{{"method":"POST","path":"/{path}","kind":"status","status":{status},
                "location":"/v1/payments/ach"}}"#
        ));
        let ended = bank.qbank(write).args("--max-retries 0").run();
        let error = ended.error(code);
        assert_eq!(error["kind"], kind, "{error}");
        assert_eq!(error["fate"], fate, "{error}");
        assert_eq!(error["http_status"], status, "{error}");
        assert_eq!(error["attempts"], 1, "{error}");
        assert_eq!(error["error_code"], "ERR_SBX_001", "{error}");
        assert!(error["request_id"].is_string(), "{error}");
        assert!(error["first_sent"].is_string(), "{error}");
        assert_eq!(error["idempotency_key"], ended.key(), "{error}");
        assert_eq!(error["retry_after_s"], Value::Null, "{error}");
        assert_eq!(bank.sends(&format!("/{path}")).len(), at / 4 + 1);
    }
    assert_eq!(bank.entries(), 0);
}

#[test]
fn every_status_of_a_read_is_a_failed_read() {
    let bank = Bank::start();
    for (status, kind, _, _) in MAPPING {
        bank.fault(&format!(r#"{{"path":"/accounts","kind":"status","status":{status}}}"#));
        let error = bank.qbank("accounts list --max-retries 0").run().error(3);
        assert_eq!(error["kind"], kind, "{error}");
        assert_eq!(error["fate"], "not_applicable", "{error}");
        assert_eq!(error["http_status"], status, "{error}");
        assert_eq!(error["idempotency_key"], Value::Null, "{error}");
        assert_eq!(error["first_sent"], Value::Null, "{error}");
    }
}

#[test]
fn a_403_names_the_scope_and_the_option() {
    let bank = Bank::start();
    let line = format!("{WIRE} --scope payments.read");
    let error = bank.qbank(&line).run().error(3);
    assert_eq!(error["kind"], "permission_denied");
    assert_eq!(error["fate"], "refused");
    message_contains(&error, &["payments.wire.write", "--scope"]);

    let error = bank.qbank("accounts list --scope no.such").run().error(3);
    assert_eq!(error["kind"], "unauthenticated");
    assert_eq!(error["error_code"], "invalid_scope");
    message_contains(&error, &["--scope"]);
}

#[test]
fn a_429_says_how_long_to_wait() {
    let bank = Bank::start();
    bank.fault(
        r#"{"path":"/payments/wire","kind":"status","status":429,"retry_after":7,"times":2}"#,
    );
    let error = bank.qbank(WIRE).args("--max-retries 0").run().error(3);
    assert_eq!(error["retry_after_s"], 7);
    // A wait that would cross the deadline is not slept.
    let ended = bank.qbank(WIRE).args("--deadline 3").run();
    assert_eq!(ended.error(3)["kind"], "rate_limited");
    assert!(ended.took.as_secs() < 2, "{ended:?}");
}

#[test]
fn a_key_in_process_is_in_progress() {
    let bank = Bank::start();
    bank.fault(r#"{"method":"POST","path":"/payments/*","kind":"in_flight","times":3}"#);
    let error = bank.qbank(WIRE).run().error(4);
    assert_eq!(error["kind"], "idempotency_conflict");
    assert_eq!(error["fate"], "in_progress");
    assert_eq!(error["http_status"], 409);
    for name in ["title", "detail", "transaction_id"] {
        assert!(error[name].is_string(), "{name}: {error}");
    }
    let id = error["transaction_id"].as_str().unwrap_or_default();
    let found = bank.qbank(&format!("payments get {id}")).run().ok();
    assert_eq!(found["result"]["amount"].to_string(), "250.1");
    // A 409 is never resent.
    assert_eq!(bank.sends("/payments/wire").len(), 1);

    let followed = bank.qbank(WIRE).args("--on-conflict follow").run().ok();
    assert_eq!(followed["followed_conflict"], true);
    assert_eq!(followed["fate"], "accepted");

    let error = bank.qbank(ACH).args("--on-conflict report").run().error(4);
    assert_eq!(error["kind"], "idempotency_conflict");
}

#[test]
fn transfers_and_checks_in_process_are_reported() {
    let bank = Bank::start();
    bank.fault(r#"{"method":"POST","path":"/transfers","kind":"in_flight"}"#);
    bank.fault(r#"{"method":"POST","path":"/positivepay/issues","kind":"in_flight"}"#);
    for write in [TRANSFER, ISSUE] {
        let error = bank.qbank(write).args("--on-conflict follow").run().error(4);
        assert_eq!(error["fate"], "in_progress", "{error}");
    }
}

#[test]
fn what_the_bank_refuses_moves_no_money() {
    let bank = Bank::start();
    let too_much = format!("transfers create --from {OPERATING} --to {PAYROLL} --amount 99999999");
    let closed = format!("payments ach --from {CLOSED} --to {PAYROLL} --amount 1");
    for line in [too_much, closed] {
        let error = bank.qbank(&line).run().error(3);
        assert_eq!(error["kind"], "invalid_request", "{error}");
        assert_eq!(error["fate"], "refused", "{error}");
        message_contains(&error, &["no money moved"]);
    }
    assert_eq!(bank.entries(), 0);
}

#[test]
fn nothing_is_sent_without_a_token() {
    let bank = Bank::start();
    let refused = bank.qbank(WIRE).env("QBANK_CLIENT_SECRET", "another").run();
    let error = refused.error(3);
    assert_eq!(error["kind"], "unauthenticated");
    assert_eq!(error["fate"], "never_sent");
    assert_eq!(error["error_code"], "invalid_client");
    assert_eq!(error["idempotency_key"], refused.key());
    for (status, kind) in [(500, "server"), (503, "unavailable"), (429, "rate_limited")] {
        bank.fault(&format!(r#"{{"path":"/token","kind":"status","status":{status}}}"#));
        let error = bank.qbank(ACH).args("--max-retries 0").run().error(3);
        assert_eq!(error["kind"], kind, "{error}");
        assert_eq!(error["fate"], "never_sent", "{error}");
        assert_eq!(error["attempts"], 0, "{error}");
        assert_eq!(error["first_sent"], Value::Null, "{error}");
    }
    assert!(bank.requests().iter().all(|it| &*it.path == "/v1/token"));
}

#[test]
fn a_bank_that_is_not_there() {
    let closed = Bank::start().base_url();
    for write in WRITES {
        let error = Program::new(write)
            .env("QBANK_BASE_URL", &closed)
            .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
            .args("--max-retries 0")
            .run()
            .error(3);
        assert_eq!(error["kind"], "transport", "{error}");
        assert_eq!(error["fate"], "never_sent", "{error}");
        assert_eq!(error["attempts"], 1, "{error}");
        assert_eq!(error["http_status"], Value::Null, "{error}");
    }
    for read in READS {
        let error = Program::new(read)
            .env("QBANK_BASE_URL", &closed)
            .env("QBANK_CLIENT_ID", "sandbox")
            .env("QBANK_CLIENT_SECRET", "sandbox-secret")
            .args("--max-retries 0 --deadline 0.8")
            .run()
            .error(3);
        assert_eq!(error["fate"], "not_applicable", "{read}: {error}");
    }
}

#[test]
fn responses_that_cannot_be_read_leave_a_write_unknown() {
    let bank = Bank::start();
    for kind in ["html", "garbage", "truncate", "drop_after_commit"] {
        bank.fault(&format!(r#"{{"path":"/payments/wire","kind":"{kind}"}}"#));
        let ended = bank.qbank(WIRE).args("--max-retries 0").run();
        let error = ended.error(5);
        assert_eq!(error["fate"], "unknown", "{error}");
        let expected = match kind {
            "drop_after_commit" => json!("transport"),
            _ => json!("unexpected_response"),
        };
        assert_eq!(error["kind"], expected, "{kind}: {error}");
        message_contains(&error, &["UNKNOWN", "same key"]);
        assert_eq!(bank.entries_of(&ended.key()), 1);
    }
}

#[test]
fn a_list_that_is_cut_off_is_no_list() {
    let bank = Bank::start();
    for kind in ["truncate", "html", "garbage"] {
        bank.fault(&format!(r#"{{"path":"/accounts","kind":"{kind}"}}"#));
        let line = "accounts list --max-retries 0 --output jsonl";
        let error = bank.qbank(line).run().error(3);
        assert_eq!(error["kind"], "unexpected_response", "{kind}: {error}");
        assert_eq!(error["fate"], "not_applicable", "{kind}: {error}");
    }
}

#[test]
fn a_lost_response_is_found_again_by_itself() {
    let bank = Bank::start();
    for (write, path) in [(ACH, "payments/ach"), (WIRE, "payments/wire"), (TRANSFER, "transfers")] {
        bank.fault(&format!(r#"{{"path":"/{path}","kind":"drop_after_commit"}}"#));
        let ended = bank.qbank(write).run();
        let document = ended.ok();
        assert_eq!(document["attempts"], 2, "{document}");
        assert_eq!(document["fate"], "accepted", "{document}");
        assert_eq!(document["followed_conflict"], path == "payments/ach");
        assert_eq!(bank.entries_of(&ended.key()), 1);
    }
}

#[test]
fn a_timeout_after_sending_is_unknown_and_one_of_a_read_is_not() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/payments/wire","kind":"delay","ms":20000}"#);
    bank.fault(r#"{"path":"/accounts","kind":"delay","ms":20000}"#);
    let line = "--timeout 0.3 --max-retries 0";
    let error = bank.qbank(WIRE).args(line).run().error(5);
    assert_eq!(error["kind"], "transport", "{error}");
    let error = bank.qbank("accounts list").args(line).run().error(3);
    assert_eq!(error["kind"], "transport", "{error}");

    bank.fault(r#"{"path":"/payments/wire","kind":"delay","ms":20000}"#);
    let error = bank.qbank(WIRE).args("--deadline 0.5").run().error(5);
    assert_eq!(error["kind"], "deadline_exceeded", "{error}");
    assert_eq!(error["fate"], "unknown", "{error}");
}

/// The texts of the bank may hold line breaks and escapes that a terminal obeys.
#[test]
fn texts_of_the_bank_cannot_control_a_terminal() {
    let hostile = "a\u{1b}[2Kb\r\n{\"idempotency_key\": \"x\"}\u{9b}31m";
    let refusing =
        ScriptedBank::responding(move |_| (400, json!({ "message": hostile }).to_string()));
    let listing = ScriptedBank::responding(move |_| {
        let account = json!({"accountId": OPERATING, "accountName": hostile});
        (200, json!([account]).to_string())
    });
    for bank in [refusing, listing] {
        let ended = Program::new("accounts list --output table")
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
            .run();
        let text = format!("{}{}", ended.stdout, ended.stderr);
        assert!(text.contains("31m"), "{ended:?}");
        assert!(!text.contains(['\u{1b}', '\u{9b}', '\r']), "{ended:?}");
        assert!(!text.lines().any(|line| line.starts_with('{')), "{ended:?}");
    }
}

#[test]
fn a_response_over_several_lines_is_one_line_here() {
    let bank = ScriptedBank::responding(|_| {
        (201, "{\n  \"a b\": \"c \\\" d\",\n  \"amount\": 75.00\n}\n".into())
    });
    let ended = Program::new(TRANSFER)
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
        .args("--output jsonl")
        .run();
    assert_eq!(ended.ok()["result"]["a b"], "c \" d");
    assert_eq!(ended.stdout.lines().count(), 1, "{ended:?}");
    assert!(ended.stdout.contains("75.00"), "{ended:?}");
}

#[track_caller]
fn message_contains(error: &Value, words: &[&str]) {
    let message = error["message"].as_str().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
}
