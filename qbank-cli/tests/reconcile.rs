//! `reconcile`: what is in doubt is found at the bank, or is not, and no guess is written down.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::path::PathBuf;
use std::time::Duration;

use program::{Bank, Ended, OPERATING, PAYROLL, Program};
use qbank_outbox::rusqlite::Connection;
use serde_json::{Value, json};
use tempfile::TempDir;

struct Setup {
    bank: Bank,
    folder: TempDir,
}

impl Setup {
    fn new() -> Self {
        Self { bank: Bank::start(), folder: tempfile::tempdir().unwrap() }
    }

    fn journal(&self) -> PathBuf {
        self.folder.path().join("pay.csv.qbank.db")
    }

    /// Runs a file of payments of these amounts, of which the first ones end in doubt: the bank
    /// has them, or never had them, and the program was not told.
    fn run(&self, amounts: &[&str], lost: usize, fault: &str) {
        let rows = amounts
            .iter()
            .enumerate()
            .map(|(n, amount)| format!("INV-{n},{OPERATING},{PAYROLL},{amount},ref-{n}\n"));
        let header = "payment_id,source_account_id,destination_account_id,amount,reference\n";
        let file = self.folder.path().join("pay.csv");
        std::fs::write(&file, header.to_owned() + &rows.collect::<String>()).unwrap();
        let kind = format!(r#"{{"method":"POST","path":"/payments/ach","times":1000,{fault}}}"#);
        let paid = amounts.len() - lost;
        self.bank.fault(&kind);
        let run = self.program("run").arg(&file).args("--yes --concurrency 1 --deadline 2");
        let running = run.start();
        running.until("sends", || (self.bank.sends("/payments/ach").len() > paid).then_some(()));
        drop(running.kill());
    }

    fn program(&self, line: &str) -> Program {
        self.bank.qbank(line)
    }

    fn reconcile(&self, more: &str) -> Ended {
        self.program("reconcile --journal").arg(self.journal()).args(more).run()
    }

    /// As if it were the day after tomorrow: the bank may have forgotten its keys.
    fn age(&self) {
        let journal = Connection::open(self.journal()).unwrap();
        let longer = "UPDATE outbox SET first_sent_at = \
                      strftime('%Y-%m-%dT%H:%M:%fZ', first_sent_at, '-2 days') \
                      WHERE first_sent_at IS NOT NULL";
        journal.execute(longer, []).unwrap();
    }

    fn states(&self) -> Vec<String> {
        let journal = Connection::open(self.journal()).unwrap();
        let mut rows = journal.prepare("SELECT state FROM outbox ORDER BY id").unwrap();
        let states = rows.query_map([], |row| row.get(0)).unwrap();
        states.map(Result::unwrap).collect()
    }
}

#[track_caller]
fn result(ended: &Ended, code: i32) -> Value {
    assert_eq!(ended.code, Some(code), "{}{}", ended.stdout, ended.stderr);
    let document: Value = serde_json::from_str(&ended.stdout).unwrap();
    document["result"].clone()
}

fn hows(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|it| it["how"].as_str().unwrap()).collect()
}

#[test]
fn what_waits_to_be_sent_again_is_sent_with_its_own_key_as_a_worker_would() {
    let setup = Setup::new();
    setup.run(&["1.50"], 1, r#""kind":"drop_after_commit""#);
    setup.bank.clear_faults();
    assert_eq!(setup.bank.entries(), 1);
    let found = result(&setup.reconcile(""), 0);
    assert_eq!(hows(&found["matched"]), ["resend"]);
    assert_eq!(found["totals"]["matched"], json!({"count": 1, "amount": "1.50"}));
    assert_eq!((setup.bank.entries(), setup.states()), (1, vec!["accepted".to_owned()]));
    setup.bank.advance(Duration::from_secs(2 * 24 * 3600));
    let found = result(&setup.reconcile(""), 0);
    assert_eq!(hows(&found["matched"]), ["payment"]);
    assert_eq!(setup.states(), ["accepted"], "nothing is written down");
    result(&setup.reconcile("--apply"), 0);
    assert_eq!(setup.states(), ["settled"]);
    let csv = setup.reconcile("--output csv").stdout;
    let lines: Vec<&str> = csv.lines().collect();
    assert!(lines[0].starts_with("list,outbox_id,payment_id,amount,state,how,"), "{csv}");
    assert!(lines[1].starts_with("matched,1,INV-0,1.50,settled,known,"), "{csv}");
    let store = format!("sqlite:{}", setup.journal().display());
    let verified = setup.program("outbox verify-audit").env("QBANK_STORE", store).run();
    assert_eq!(verified.code, Some(0), "{}", verified.stderr);
}

#[test]
fn what_the_bank_may_have_forgotten_is_looked_for_in_its_transactions() {
    let setup = Setup::new();
    setup.run(&["1.50"], 1, r#""kind":"drop_after_commit""#);
    setup.bank.clear_faults();
    setup.age();
    let sends = setup.bank.sends("/payments/ach").len();
    let early = result(&setup.reconcile(""), 5);
    assert_eq!(hows(&early["pending"]), ["transactions"], "{early}");
    setup.bank.advance(Duration::from_secs(2 * 24 * 3600));
    let found = result(&setup.reconcile("--apply"), 0);
    assert_eq!(found["matched"].as_array().unwrap().len(), 1, "{found}");
    assert!(matches!(hows(&found["matched"])[0], "reference" | "count"), "{found}");
    assert!(found["matched"][0]["transaction_id"].is_string(), "{found}");
    // It is no proof, and is not written down; nothing is sent with such a key.
    assert!(!setup.states().contains(&"accepted".to_owned()));
    assert_eq!(setup.bank.sends("/payments/ach").len(), sends);
}

#[test]
fn what_never_reached_the_bank_is_not_found_after_the_nightly_load() {
    let setup = Setup::new();
    setup.run(&["1.50"], 1, r#""kind":"status","status":503"#);
    setup.bank.clear_faults();
    assert_eq!(setup.bank.entries(), 0);
    setup.age();
    assert_eq!(result(&setup.reconcile(""), 5)["pending"].as_array().unwrap().len(), 1);
    setup.bank.advance(Duration::from_secs(2 * 24 * 3600));
    let found = result(&setup.reconcile(""), 0);
    assert_eq!(found["not_found"].as_array().unwrap().len(), 1, "{found}");
    assert_eq!(setup.bank.entries(), 0);
}

#[test]
fn no_journal_and_no_store_are_named() {
    let bank = Bank::start();
    let none = bank.qbank("reconcile").run();
    assert!(none.error(2)["message"].as_str().unwrap().contains("QBANK_STORE"));
    let missing = bank.qbank("reconcile --journal /nowhere/at.all").run();
    assert!(missing.error(2)["message"].as_str().unwrap().contains("/nowhere/at.all"));
}

#[test]
fn what_waits_for_a_person_or_is_held_is_never_sent() {
    let setup = Setup::new();
    setup.run(&["1.50", "2.50"], 2, r#""kind":"status","status":503"#);
    setup.bank.clear_faults();
    let store = format!("sqlite:{}", setup.journal().display());
    let outbox = |line: &str| setup.program(line).env("QBANK_STORE", &store).run();
    assert_eq!(outbox("outbox after-restore --actor admin").code, Some(0));
    assert_eq!(setup.states(), ["reconcile", "reconcile"]);
    let sends = setup.bank.sends("/payments/ach").len();
    let found = result(&setup.reconcile("--apply"), 5);
    assert_eq!(found["matched"], json!([]), "{found}");
    assert_eq!(setup.bank.sends("/payments/ach").len(), sends, "nothing was sent");
    assert_eq!(setup.bank.entries(), 0);
}
