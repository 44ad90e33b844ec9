//! A list that breaks off: what came before it stays, and the error says where.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::io::Write;
use std::time::Duration;

use program::Bank;
use program::lists::{Held, OUTPUTS, TRANSPORTS, cut_at, item, list, whole};
use program::scripted::ScriptedBank;
use serde_json::Value;

/// What is left on stdout, and the error.
#[track_caller]
fn broken(bank: &ScriptedBank, transport: &str, output: &str) -> (String, Value) {
    let ended = list(bank, transport, output).args("--max-retries 0").run();
    if output == "table" {
        assert_eq!(ended.code, Some(3), "{ended:?}");
        assert!(ended.stderr.contains("error: "), "{ended:?}");
        return (ended.stdout, Value::Null);
    }
    let error = ended.error_after_output(3);
    assert_eq!(error["kind"], "unexpected_response", "{error}");
    assert_eq!(error["fate"], "not_applicable", "{error}");
    assert_eq!(error["http_status"], 200, "{error}");
    assert_eq!(error["attempts"], 1, "{error}");
    (ended.stdout, error)
}

/// All three outputs keep the first two items, and no more.
#[track_caller]
fn keeps_two(bank: &ScriptedBank, transport: &str, offset: usize) {
    let (one, two) = (item(1), item(2));
    let (lines, error) = broken(bank, transport, "jsonl");
    assert_eq!(lines, format!("{one}\n{two}\n"));
    assert_eq!(error["offset"], offset, "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains(&format!("after 2 items, at byte {offset}")), "{error}");

    // No parser takes it for a whole document.
    let (document, _) = broken(bank, transport, "json");
    assert_eq!(document, format!("{{\"result\":[{one},{two}"));
    assert!(serde_json::from_str::<Value>(&document).is_err());

    let (table, _) = broken(bank, transport, "table");
    assert!(table.contains("Rent 1") && table.contains("Rent 2"), "{table}");
    assert!(!table.contains('└'), "{table}");
}

#[test]
fn a_tail_that_is_cut_off_leaves_what_came_before_it() {
    for transport in TRANSPORTS {
        let body = format!("[{},{},{}]", item(1), item(2), item(3));
        let after_two = format!("[{},{},", item(1), item(2)).len();
        keeps_two(&cut_at(body, after_two + 40), transport, after_two);
    }
}

#[test]
fn a_malformed_tail_leaves_what_came_before_it() {
    for transport in TRANSPORTS {
        let good = format!("[{},{}", item(1), item(2));
        for tail in ["!]", "", "<html>proxy error</html>"] {
            keeps_two(&whole(format!("{good}{tail}")), transport, good.len());
        }
    }
}

#[test]
fn an_item_that_cannot_be_read_is_left_out_and_named_at_the_end() {
    for transport in TRANSPORTS {
        let bad = r#"{"transactionId":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10","amount":"much"}"#;
        let bank = whole(format!("[{},{bad},{},{}]", item(1), r#"{"amount":1}"#, item(2)));
        let (lines, error) = broken(&bank, transport, "jsonl");
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(lines.contains("Rent 1") && lines.contains("Rent 2"), "{lines}");
        // The first of the two.
        assert!(error["message"].as_str().unwrap().contains("`[1].amount`"), "{error}");
        assert!(!error.to_string().contains("much"), "{error}");

        let (document, _) = broken(&bank, transport, "json");
        assert!(document.contains("Rent 2"), "{document}");
        assert!(serde_json::from_str::<Value>(&document).is_err(), "{document}");
    }
}

#[test]
fn what_is_cut_off_before_its_first_item_leaves_nothing() {
    for transport in TRANSPORTS {
        for output in OUTPUTS {
            for body in ["", "[", "<html>", r#"[{"transactionId":"#, r#"{"message":"no list"}"#] {
                let (printed, _) = broken(&whole(body.to_owned()), transport, output);
                assert_eq!(printed, "", "{body} as {output}");
            }
        }
    }
}

#[test]
fn a_response_that_does_not_begin_is_a_failure_as_of_any_read() {
    for transport in TRANSPORTS {
        let bank = Bank::start();
        let run = |line: &str| {
            let line = format!("transactions list --max-retries 1 {line}");
            bank.qbank(&line).env("QBANK_TRANSPORT", transport)
        };
        for (status, kind, attempts) in [
            (403, "permission_denied", 1),
            (404, "not_found", 1),
            (429, "rate_limited", 2),
            (503, "unavailable", 2),
        ] {
            for output in OUTPUTS {
                bank.fault(&format!(
                    r#"{{"path":"/transactions","kind":"status","status":{status},"times":{attempts}}}"#
                ));
                let ended = run(&format!("--output {output}")).run();
                if output == "table" {
                    assert_eq!((ended.code, ended.stdout.as_str()), (Some(3), ""), "{ended:?}");
                    continue;
                }
                let error = ended.error(3);
                assert_eq!(error["kind"], kind, "{error}");
                assert_eq!(error["http_status"], status, "{error}");
                assert_eq!(error["attempts"], attempts, "{error}");
            }
        }
        let error = run("").env("QBANK_CLIENT_SECRET", "wrong").run().error(3);
        assert_eq!(error["kind"], "unauthenticated", "{error}");
        let error = run("--scope balances.read").run().error(3);
        assert_eq!(error["kind"], "permission_denied", "{error}");
        assert!(error["message"].to_string().contains("--scope"), "{error}");
        run("--account no-account").run().error(2);
        run("").env("QBANK_BASE_URL", "http://127.0.0.1:1/v1").run().error(3);
    }
}

#[test]
fn the_deadline_ends_a_list_that_stalls() {
    for transport in TRANSPORTS {
        let (bank, held) = Held::start(|stream| write!(stream, "[{},", item(1)), "]");
        // Its response began in time.
        let ended = list(&bank, transport, "jsonl").args("--timeout 60 --deadline 1").run();
        let error = ended.error_after_output(3);
        assert_eq!(ended.stdout, format!("{}\n", item(1)));
        assert!(error["message"].to_string().contains("broke off"), "{error}");
        assert!(ended.took < Duration::from_secs(10), "{ended:?}");
        held.go_on();
    }
}
