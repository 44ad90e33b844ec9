//! `payments wait` and `--wait`.

mod program;

use std::time::Duration;

use program::document::success;
use program::scripted::{Received, ScriptedBank};
use program::{ACH, Bank, Program, WIRE};
use serde_json::{Value, json};

const UNKNOWN_PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
/// Settled by then, weekend or not.
const LATER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

fn paid(bank: &Bank) -> String {
    let document = bank.qbank(ACH).run().ok();
    let id = document["result"]["paymentId"].as_str();
    id.unwrap_or_default().to_owned()
}

#[test]
fn a_payment_that_settles() {
    let bank = Bank::start();
    let id = paid(&bank);
    let path = format!("/payments/{id}");
    let running = bank.qbank(&format!("payments wait {id}")).start();
    running.until("a poll", || (!bank.sends(&path).is_empty()).then_some(()));
    bank.advance(LATER);
    let document = running.end().ok();
    let payment = success(&document);
    assert_eq!(payment["paymentId"], id);
    assert_eq!(payment["status"], "P_COMPLETED");
    assert!(payment["completionDate"].is_string(), "{payment}");
    assert_eq!(document["idempotency_key"], Value::Null);
    assert!(bank.sends(&path).len() >= 2);
}

#[test]
fn a_payment_that_has_settled_is_not_waited_for() {
    let bank = Bank::start();
    let id = paid(&bank);
    bank.advance(LATER);
    let ended = bank.qbank(&format!("payments wait {id}")).run();
    assert_eq!(ended.ok()["result"]["status"], "P_COMPLETED");
    assert_eq!(bank.sends(&format!("/payments/{id}")).len(), 1);
}

#[test]
fn time_up_with_the_payment_seen() {
    let bank = Bank::start();
    let id = paid(&bank);
    let ended = bank.qbank(&format!("payments wait {id} --deadline 1.5")).run();
    let error = ended.error(4);
    assert_eq!(error["kind"], "deadline_exceeded");
    assert_eq!(error["fate"], "in_progress");
    assert_eq!(error["transaction_id"], id);
    assert_eq!(error["payment"]["paymentId"], id);
    assert!(ended.took < Duration::from_secs(3), "{ended:?}");
}

#[test]
fn time_up_with_the_payment_never_seen() {
    let bank = Bank::start();
    let line = format!("payments wait {UNKNOWN_PAYMENT} --deadline 1.5");
    let error = bank.qbank(&line).run().error(3);
    assert_eq!(error["kind"], "not_found");
    assert_eq!(error["fate"], "not_applicable");
    assert_eq!(error["http_status"], 404);
    assert_eq!(error["transaction_id"], UNKNOWN_PAYMENT);
    // Not seeing it is lag, so it is polled more than once.
    let path = format!("/payments/{UNKNOWN_PAYMENT}");
    assert!(bank.sends(&path).len() >= 2);
}

#[test]
fn wait_after_submit_until_it_is_done() {
    let bank = Bank::start();
    let running = bank.qbank(ACH).arg("--wait").start();
    running.until("a payment", || (bank.entries() > 0).then_some(()));
    bank.advance(LATER);
    let ended = running.end();
    let document = ended.ok();
    let result = success(&document);
    assert_eq!(result["status"], "P_COMPLETED");
    assert_eq!(document["status"], 202);
    assert_eq!(document["idempotency_key"], ended.key());
    assert_eq!(document["attempts"], 1);

    let wire = bank.qbank(WIRE).arg("--wait").run().ok();
    assert_eq!(success(&wire)["status"], "P_COMPLETED");
}

#[test]
fn wait_after_submit_keeps_the_key() {
    let bank = Bank::start();
    let ended = bank.qbank(ACH).args("--wait --deadline 1.5").run();
    let error = ended.error(4);
    assert_eq!(error["kind"], "deadline_exceeded");
    assert_eq!(error["fate"], "in_progress");
    assert_eq!(error["idempotency_key"], ended.key());
    assert_eq!(error["attempts"], 1);
    assert!(error["first_sent"].is_string());
    assert!(error["transaction_id"].is_string());
    assert_eq!(bank.entries_of(&ended.key()), 1);

    // The bank has it, whatever becomes of the wait.
    let scope = "--wait --deadline 1.5 --scope payments.ach.write";
    let ended = bank.qbank(ACH).args(scope).run();
    let error = ended.error(4);
    assert_eq!(error["kind"], "permission_denied");
    assert_eq!(error["idempotency_key"], ended.key());
    bank.fault(r#"{"method":"GET","path":"/payments/*","kind":"status","status":404,"times":99}"#);
    let ended = bank.qbank(ACH).args("--wait --deadline 1.5").run();
    let error = ended.error(4);
    assert_eq!(error["kind"], "not_found");
    assert_eq!(error["idempotency_key"], ended.key());
}

#[test]
fn a_payment_that_failed() {
    let id = UNKNOWN_PAYMENT;
    let response = |request: &Received| {
        let payment = json!({"paymentId": UNKNOWN_PAYMENT, "type": "ACH",
            "status": "P_FAILED", "request_id": UNKNOWN_PAYMENT});
        match request.head.split(' ').next() {
            Some("POST") => (202, json!({"paymentId": UNKNOWN_PAYMENT}).to_string()),
            _ => (200, payment.to_string()),
        }
    };
    let bank = ScriptedBank::responding(response);
    let qbank = |line: &str| {
        Program::new(line)
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
    };
    let error = qbank(&format!("payments wait {id}")).run().error(3);
    assert_eq!(error["kind"], "payment_failed");
    assert_eq!(error["fate"], "refused");
    assert_eq!(error["payment"]["paymentId"], id);
    assert_eq!(error["payment"]["status"], "P_FAILED");
    // What is known, what it is most often, and what to do.
    let message = error["message"].as_str().unwrap();
    for part in [
        &format!("payment {id} as failed; no money moved; the API gives no reason"),
        "an ACH payment fails because the recipient's account is closed or does not exist",
        &format!("ask the bank about request {UNKNOWN_PAYMENT}"),
        "pay again with a new key",
    ] {
        assert!(message.contains(part), "{part}: {message}");
    }

    let ended = qbank(ACH).arg("--wait").run();
    let error = ended.error(3);
    assert_eq!(error["kind"], "payment_failed");
    assert_eq!(error["fate"], "refused");
    assert_eq!(error["idempotency_key"], ended.key());
    assert!(error["first_sent"].is_string());
    assert_eq!(error["payment"]["status"], "P_FAILED");
    // Reading it is no failure.
    let seen = qbank(&format!("payments get {id}")).run().ok();
    assert_eq!(seen["result"]["status"], "P_FAILED");
}

/// The bank's own response says so, and the payment is in its body.
#[test]
fn a_wire_that_failed() {
    let bank = Bank::start();
    let line = WIRE.replace("INV-7", "SBX-CORE-CLOSED");
    let error = bank.qbank(&line).run().error(3);
    assert_eq!((&error["kind"], &error["fate"]), (&json!("payment_failed"), &json!("refused")));
    let message = error["message"].as_str().unwrap();
    assert!(message.contains("a wire fails because the beneficiary's bank"), "{message}");
    assert!(message.contains("ask the bank about request "), "{message}");
}

#[test]
fn a_table_shows_the_amount_that_the_bank_recorded() {
    let bank = ScriptedBank::responding(|request| {
        let payment = json!({"paymentId": UNKNOWN_PAYMENT, "type": "ACH",
            "status": "P_COMPLETED", "amount": 9.99});
        match request.head.split(' ').next() {
            Some("POST") => (202, json!({"paymentId": UNKNOWN_PAYMENT}).to_string()),
            _ => (200, payment.to_string()),
        }
    });
    let qbank = |more: &str| {
        Program::new(ACH)
            .args("--output table")
            .args(more)
            .env("QBANK_BASE_URL", &bank.base_url)
            .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
            .run()
    };
    let waited = qbank("--wait");
    assert_eq!(waited.code, Some(0), "{waited:?}");
    assert!(waited.stdout.contains("9.99") && !waited.stdout.contains("1000.50"), "{waited:?}");
    // Not known yet.
    assert!(qbank("").stdout.contains("1000.50 (asked for)"));
}

#[test]
fn accepted_without_an_id_cannot_be_waited_for() {
    let bank = ScriptedBank::responding(|_| (202, String::new()));
    let ended = Program::new(ACH)
        .arg("--wait")
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
        .run();
    let error = ended.error(4);
    assert_eq!(error["fate"], "in_progress");
    assert_eq!(error["idempotency_key"], ended.key());
}
