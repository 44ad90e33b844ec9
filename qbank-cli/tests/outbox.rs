//! `outbox`: what is added is paid once, and nothing is added by halves.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use program::{Bank, Ended, OPERATING, PAYROLL, Program};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Setup {
    bank: Bank,
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        let setup = Self { bank: Bank::start(), folder: tempfile::tempdir().unwrap() };
        lines(&setup.outbox("migrate").run());
        setup
    }

    fn outbox(&self, line: &str) -> Program {
        let store = format!("sqlite:{}", self.folder.path().join("outbox.db").display());
        self.bank.qbank("outbox").args(line).env("QBANK_STORE", store)
    }

    fn add(&self, lines: &[Value]) -> Ended {
        let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
        self.outbox("add -").stdin(lines.join("\n")).run()
    }

    fn list(&self) -> Vec<Value> {
        lines(&self.outbox("list").run())
    }
}

fn lines(ended: &Ended) -> Vec<Value> {
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    ended.stdout.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn invoice(n: u32) -> Value {
    json!({
        "id": format!("INV-{n}"),
        "type": "ach",
        "actor": "ap.clerk",
        "request": {
            "source_account_id": OPERATING,
            "destination_account_id": PAYROLL,
            "amount": f64::from(n) + 0.5,
        },
    })
}

#[test]
fn what_is_added_is_paid_once() {
    let setup = Setup::new();
    let invoices: Vec<Value> = (1..=20).map(invoice).collect();
    let added = lines(&setup.add(&invoices));
    assert!(added.iter().all(|row| row["new"] == true && row["state"] == "queued"));
    let again = lines(&setup.add(&invoices));
    assert!(again.iter().zip(&added).all(|(again, first)| {
        again["new"] == false && again["idempotency_key"] == first["idempotency_key"]
    }));
    lines(&setup.outbox("work --until-empty").run());
    assert_eq!(setup.bank.entries(), 20);
    for row in setup.list() {
        assert_eq!((&row["state"], &row["fate"]), (&json!("accepted"), &json!("accepted")));
    }
    let verified = lines(&setup.outbox("verify-audit").run());
    assert_eq!(verified[0]["intents"], 20);
}

#[test]
fn a_bad_line_or_another_request_under_a_known_id_adds_nothing() {
    let setup = Setup::new();
    lines(&setup.add(&[invoice(1)]));
    let mut wrong = invoice(3);
    wrong["request"]["amount"] = json!(1.001);
    let refused = setup.add(&[invoice(2), wrong]);
    let message = refused.error(2)["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("line 2: request.amount"), "{message}");
    assert!(message.ends_with("; nothing was added") && !message.contains("sent"), "{message}");
    let mut other = invoice(1);
    other["request"]["amount"] = json!(99);
    let conflict = setup.add(&[invoice(2), other]);
    let message = conflict.error(2)["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("IntentConflict: INV-1"), "{message}");
    assert_eq!(setup.list().len(), 1);
}

#[test]
fn a_lane_that_stays_paused_ends_a_batch_and_refuses_nothing() {
    let setup = Setup::new();
    lines(&setup.add(&[invoice(1)]));
    setup.bank.fault(
        r#"{"method":"POST","path":"/v1/payments/ach","kind":"status","status":403,"times":100}"#,
    );
    let ended = setup.outbox("work --until-empty --lane-patience 2").run();
    let message = ended.error(3)["message"].as_str().unwrap().to_owned();
    assert!(message.starts_with("rows are still queued"), "{message}");
    assert!(ended.stderr.contains("is paused, and its rows stay queued"), "{}", ended.stderr);
    assert_eq!(setup.list()[0]["state"], "queued");
    assert_eq!(setup.bank.entries(), 0);
}

#[test]
fn a_store_is_shown_in_numbers() {
    let setup = Setup::new();
    let mut held = invoice(2);
    held["hold"] = json!(true);
    lines(&setup.add(&[invoice(1), held]));
    lines(&setup.outbox("pause --reason holiday").run());
    let status = lines(&setup.outbox("status").run()).remove(0);
    assert_eq!(status["depth"], json!({"held": 1, "queued": 1}));
    assert_eq!((&status["open"], &status["sends"]), (&json!(1), &json!(0)));
    assert_eq!(status["oldest_unknown_s"], Value::Null);
    assert!(status["oldest_due_s"].is_number());
    assert_eq!(status["paused"][0]["reason"], "holiday");
    let table = setup.outbox("--output table status").run();
    assert_eq!(table.code, Some(0), "{}", table.stderr);
    assert!(table.stdout.contains("queued          1"), "{}", table.stdout);
    assert!(table.stdout.contains("holiday"), "{}", table.stdout);
}

#[test]
fn a_password_is_no_argument() {
    let refused = Program::new("outbox --store postgres://a:secret@localhost/x list").run();
    let message = refused.error(2)["message"].as_str().unwrap().to_owned();
    assert!(message.contains("QBANK_STORE"), "{message}");
    assert!(!refused.stderr.contains("secret@"), "{}", refused.stderr);
}
