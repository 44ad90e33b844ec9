//! Killed between send and response, or left in doubt: run again with the key
//! that was printed, and the money moves once.

mod program;

use program::{ACH, Bank, ISSUE, TRANSFER, WIRE};
use qbank_blocking::chrono::{DateTime, SecondsFormat};
use serde_json::Value;

const PATHS: [(&str, &str); 4] = [
    (ACH, "/payments/ach"),
    (WIRE, "/payments/wire"),
    (TRANSFER, "/transfers"),
    (ISSUE, "/positivepay/issues"),
];

fn fault(bank: &Bank, path: &str, kind: &str) {
    bank.fault(&format!(r#"{{"method":"POST","path":"{path}",{kind}}}"#));
}

#[track_caller]
fn done_once(bank: &Bank, path: &str, key: &str, document: &Value) {
    assert_eq!(document["fate"], "accepted", "{document}");
    assert_eq!(document["idempotency_key"], key, "{document}");
    // An ACH payment is still in process; the others give their response again.
    assert_eq!(document["followed_conflict"], path == "/payments/ach");
    if path != "/positivepay/issues" {
        assert_eq!(bank.entries_of(key), 1);
    }
    let sends = bank.sends(path);
    assert_eq!(sends.len(), 2);
    for sent in &sends {
        assert_eq!(sent.idempotency_key.as_deref(), Some(key));
        assert_eq!(sent.body_sha256, sends[0].body_sha256, "{path}");
    }
}

#[test]
fn killed_while_the_response_is_on_its_way() {
    for (write, path) in PATHS {
        let bank = Bank::start();
        fault(&bank, path, r#""kind":"delay","ms":60000"#);
        let running = bank.qbank(write).start();
        running.until("the bank has it", || (!bank.sends(path).is_empty()).then_some(()));
        let ended = running.kill();
        assert_eq!((ended.code, ended.stdout.as_str()), (None, ""));
        let key = ended.key();

        let again = format!("{write} --resume --idempotency-key {key}");
        let document = bank.qbank(&again).run().ok();
        done_once(&bank, path, &key, &document);
    }
}

#[test]
fn killed_before_anything_was_sent() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/token","kind":"delay","ms":60000}"#);
    let running = bank.qbank(WIRE).start();
    running.until("a request", || (!bank.requests().is_empty()).then_some(()));
    let key = running.kill().key();
    assert_eq!(bank.entries(), 0);
    let again = format!("{WIRE} --resume --idempotency-key {key}");
    assert_eq!(bank.qbank(&again).run().ok()["fate"], "accepted");
    assert_eq!(bank.entries_of(&key), 1);
}

#[test]
fn a_response_that_is_lost_for_good() {
    for (write, path) in PATHS {
        let bank = Bank::start();
        fault(&bank, path, r#""kind":"drop_after_commit""#);
        let ended = bank.qbank(write).args("--max-retries 0").run();
        let error = ended.error(5);
        assert_eq!(error["kind"], "transport", "{error}");
        assert_eq!(error["fate"], "unknown", "{error}");
        assert_eq!(error["attempts"], 1, "{error}");
        let key = ended.key();
        assert_eq!(error["idempotency_key"], key);

        let again = format!("{write} --resume --idempotency-key {key} --first-sent");
        let first_sent = error["first_sent"].as_str().unwrap_or_default();
        let document = bank.qbank(&again).arg(first_sent).run().ok();
        done_once(&bank, path, &key, &document);
    }
}

#[test]
fn a_person_is_told_how_to_resume() {
    let bank = Bank::start();
    fault(&bank, "/payments/wire", r#""kind":"drop_after_commit""#);
    let line = "--max-retries 0 --output table";
    let ended = bank.qbank(WIRE).args(line).run();
    assert_eq!(ended.code, Some(5), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    let (_, options) = last.split_once("--resume").unwrap_or_default();
    assert!(options.contains("--first-sent 20"), "{ended:?}");
    assert!(options.contains(&ended.key()), "{ended:?}");
    let again = format!("{WIRE} --resume {options}");
    done_once(&bank, "/payments/wire", &ended.key(), &bank.qbank(&again).run().ok());
}

#[test]
fn without_resume_the_same_key_is_a_conflict() {
    let bank = Bank::start();
    let key = bank.qbank(ACH).run().key();
    let again = format!("{ACH} --idempotency-key {key}");
    let error = bank.qbank(&again).run().error(4);
    assert_eq!(error["kind"], "idempotency_conflict");
    assert!(error["transaction_id"].is_string());
    assert_eq!(bank.entries_of(&key), 1);
}

#[test]
fn the_same_key_with_another_amount_moves_nothing() {
    let bank = Bank::start();
    let key = bank.qbank(WIRE).run().key();
    let other = WIRE.replace("250.1", "999");
    let line = format!("{other} --idempotency-key {key}");
    let error = bank.qbank(&line).run().error(3);
    assert_eq!(error["kind"], "invalid_request");
    // Resumed, the refusal of this send does not decide the earlier one.
    let error = bank.qbank(&line).arg("--resume").run().error(5);
    assert_eq!(error["fate"], "unknown", "{error}");
    assert_eq!(bank.entries_of(&key), 1);
}

#[test]
fn a_resumed_call_that_is_refused_stays_unknown() {
    let bank = Bank::start();
    let key = program::KEY;
    for status in [400, 401, 403, 404, 422, 429, 500] {
        fault(&bank, "/payments/wire", &format!(r#""kind":"status","status":{status}"#));
        let line = format!("{WIRE} --max-retries 0 --resume --idempotency-key {key}");
        let error = bank.qbank(&line).run().error(5);
        assert_eq!(error["fate"], "unknown", "{status}: {error}");
        assert!(error["first_sent"].is_string(), "{error}");
    }
    bank.fault(r#"{"path":"/token","kind":"status","status":401}"#);
    let line = format!("{WIRE} --resume --idempotency-key {key}");
    assert_eq!(bank.qbank(&line).run().error(5)["attempts"], 0);
}

#[test]
fn too_old_to_resend() {
    let bank = Bank::start();
    let ago = |hours: u64| {
        let then = (program::unix_now().as_secs() - hours * 3600).cast_signed();
        let then = DateTime::from_timestamp(then, 0).unwrap_or_default();
        then.to_rfc3339_opts(SecondsFormat::Secs, true)
    };
    for (write, path) in PATHS {
        let line = format!("{write} --resume --idempotency-key {} --first-sent", program::KEY);
        for hours in [25, 24 * 400] {
            let error = bank.qbank(&line).arg(ago(hours)).run().error(5);
            assert_eq!(error["kind"], "invalid_input", "{error}");
            assert_eq!(error["fate"], "unknown", "{error}");
            let message = error["message"].as_str().unwrap_or_default();
            assert!(message.contains("reconcile"), "{message}");
        }
        let person = bank.qbank(&line).arg(ago(25)).args("--output table").run();
        assert!(!person.stderr.contains("--resume"), "{person:?}");
        assert!(bank.sends(path).is_empty());
    }
    let line = format!("{WIRE} --resume --idempotency-key {} --first-sent", program::KEY);
    assert_eq!(bank.qbank(&line).arg(ago(23)).run().ok()["fate"], "accepted");
}
