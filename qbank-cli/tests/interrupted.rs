//! SIGINT and SIGTERM: the program ends at once, and reports what is known of the
//! money.

#![cfg(unix)]

mod program;

use std::io::Write;
use std::time::Duration;

use program::{ACH, Bank, Ended, ISSUE, OPERATING, Program, Running, TRANSFER, WIRE};
use serde_json::Value;

const SIGNALS: [&str; 2] = ["INT", "TERM"];

/// Sends the signal; the end must come promptly.
#[track_caller]
fn interrupt(running: Running, signal: &str) -> Ended {
    running.signal(signal);
    let ended = running.end();
    assert!(ended.took < Duration::from_secs(2), "{ended:?}");
    ended
}

fn until_sent(running: &Running, bank: &Bank, path: &str) {
    running.until("a request", || (!bank.sends(path).is_empty()).then_some(()));
}

#[test]
fn while_the_response_is_awaited() {
    for signal in SIGNALS {
        for (write, path) in [
            (ACH, "/payments/ach"),
            (WIRE, "/payments/wire"),
            (TRANSFER, "/transfers"),
            (ISSUE, "/positivepay/issues"),
        ] {
            let bank = Bank::start();
            bank.fault(&format!(r#"{{"path":"{path}","kind":"delay","ms":60000}}"#));
            let running = bank.qbank(write).start();
            until_sent(&running, &bank, path);
            let ended = interrupt(running, signal);
            let error = ended.error(5);
            assert_eq!(error["kind"], "transport", "{error}");
            assert_eq!(error["fate"], "unknown", "{error}");
            assert_eq!(error["idempotency_key"], ended.key(), "{error}");
            assert!(error["first_sent"].is_string(), "{error}");
            assert_eq!(error["attempts"], 1, "{error}");
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_that_was_ignored_at_the_start_stays_ignored() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/payments/wire","kind":"delay","ms":1500}"#);
    let running = bank.credentials(Program::after("trap '' HUP INT", WIRE)).start();
    until_sent(&running, &bank, "/payments/wire");
    running.signal("HUP");
    running.signal("INT");
    assert_eq!(running.end().ok()["fate"], "accepted");
}

#[test]
fn a_hangup_is_reported_like_the_others() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/payments/wire","kind":"delay","ms":60000}"#);
    let running = bank.qbank(WIRE).start();
    until_sent(&running, &bank, "/payments/wire");
    assert_eq!(interrupt(running, "HUP").error(5)["fate"], "unknown");
}

#[test]
fn while_a_token_is_awaited() {
    for signal in SIGNALS {
        let bank = Bank::start();
        bank.fault(r#"{"path":"/token","kind":"delay","ms":60000,"times":9}"#);
        let running = bank.qbank(WIRE).start();
        until_sent(&running, &bank, "/token");
        let ended = interrupt(running, signal);
        let error = ended.error(3);
        assert_eq!(error["fate"], "never_sent", "{error}");
        assert_eq!(error["idempotency_key"], ended.key(), "{error}");
        assert_eq!(error["attempts"], 0, "{error}");
        assert_eq!(error["first_sent"], Value::Null, "{error}");

        let running = bank.qbank("token").start();
        running.until("a request", || (bank.sends("/token").len() > 1).then_some(()));
        let error = interrupt(running, signal).error(3);
        assert_eq!(error["fate"], "not_applicable", "{error}");
    }
}

#[test]
fn between_two_attempts() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/payments/wire","kind":"status","status":503,"retry_after":60}"#);
    let running = bank.qbank(WIRE).start();
    until_sent(&running, &bank, "/payments/wire");
    std::thread::sleep(Duration::from_millis(300));
    let error = interrupt(running, "TERM").error(5);
    assert_eq!(error["kind"], "unavailable", "{error}");
    assert_eq!(error["fate"], "unknown", "{error}");
    assert_eq!(error["attempts"], 1, "{error}");

    // A refusal is a refusal also when its retry was called off.
    bank.fault(r#"{"path":"/payments/wire","kind":"status","status":429,"retry_after":60}"#);
    let running = bank.qbank(WIRE).start();
    running.until("a request", || (bank.sends("/payments/wire").len() > 1).then_some(()));
    std::thread::sleep(Duration::from_millis(300));
    let error = interrupt(running, "INT").error(3);
    assert_eq!(error["fate"], "refused", "{error}");
    assert_eq!(error["retry_after_s"], 60, "{error}");
}

#[test]
fn while_a_payment_is_waited_for() {
    for signal in SIGNALS {
        let bank = Bank::start();
        let paid = bank.qbank(ACH).run().ok();
        let id = paid["result"]["paymentId"].as_str().unwrap_or_default();
        let path = format!("/payments/{id}");
        let running = bank.qbank(&format!("payments wait {id}")).start();
        until_sent(&running, &bank, &path);
        // Until its response has been read, the payment is not seen.
        std::thread::sleep(Duration::from_millis(300));
        let error = interrupt(running, signal).error(4);
        assert_eq!(error["fate"], "in_progress", "{error}");
        assert_eq!(error["transaction_id"], id, "{error}");
        assert_eq!(error["payment"]["paymentId"], id, "{error}");
    }
}

#[test]
fn while_wait_waits_for_what_was_just_submitted() {
    let bank = Bank::start();
    bank.fault(r#"{"method":"GET","path":"/payments/*","kind":"delay","ms":60000}"#);
    let running = bank.qbank(ACH).arg("--wait").start();
    running.until("a poll", || {
        let requests = bank.requests();
        let polls = requests.iter().filter(|it| &*it.method == "GET");
        (polls.count() > 0).then_some(())
    });
    let ended = interrupt(running, "TERM");
    let error = ended.error(4);
    assert_eq!(error["fate"], "in_progress", "{error}");
    assert_eq!(error["idempotency_key"], ended.key(), "{error}");
    assert!(error["first_sent"].is_string(), "{error}");
    assert!(error["transaction_id"].is_string(), "{error}");
}

#[test]
fn while_a_read_waits() {
    for signal in SIGNALS {
        let bank = Bank::start();
        bank.fault(r#"{"path":"/accounts","kind":"delay","ms":60000}"#);
        let running = bank.qbank("accounts list").start();
        until_sent(&running, &bank, "/accounts");
        let error = interrupt(running, signal).error(3);
        assert_eq!(error["fate"], "not_applicable", "{error}");
    }
}

#[test]
fn while_standard_input_is_read() {
    let bank = Bank::start();
    let wire = WIRE.replace("739105528846", "-");
    for signal in SIGNALS {
        let running = bank.qbank(&wire).start_with_open_stdin();
        std::thread::sleep(Duration::from_millis(300));
        let error = interrupt(running, signal).error(3);
        assert_eq!(error["fate"], "never_sent", "{error}");

        // What is resumed may have been sent before.
        let key = program::KEY;
        let again = format!("{wire} --resume --idempotency-key {key}");
        let running = bank.qbank(&again).start_with_open_stdin();
        std::thread::sleep(Duration::from_millis(300));
        let error = interrupt(running, signal).error(5);
        assert_eq!(error["fate"], "unknown", "{error}");
        assert_eq!(error["idempotency_key"], key, "{error}");

        let verify = bank.qbank("webhooks verify --signature 00");
        let verify = verify.env("QBANK_WEBHOOK_SECRET", "a-webhook-secret");
        let mut running = verify.start_with_open_stdin();
        let pipe = running.child.stdin.as_mut();
        assert!(pipe.is_some_and(|pipe| pipe.write_all(b"{").is_ok()));
        std::thread::sleep(Duration::from_millis(300));
        let error = interrupt(running, signal).error(3);
        assert_eq!(error["fate"], "not_applicable", "{error}");
    }
    assert!(bank.requests().is_empty());
}

#[test]
fn in_the_middle_of_a_long_list() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/transactions","kind":"slow","bytes_per_s":10}"#);
    let line = format!("transactions list --account {OPERATING}");
    let running = bank.qbank(&line).start();
    until_sent(&running, &bank, "/transactions");
    std::thread::sleep(Duration::from_millis(300));
    let error = interrupt(running, "TERM").error(3);
    assert_eq!(error["fate"], "not_applicable", "{error}");
}
