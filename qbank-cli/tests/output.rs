//! What each command prints when all is well.

mod program;

use program::document::{assert_members, is_moment, is_uuid, success};
use program::{ACH, Bank, CLOSED, ISSUE, KEY, OPERATING, PAYROLL, TRANSFER, WIRE, WRITES};
use serde_json::Value;

#[test]
fn token_says_everything_but_the_token() {
    let bank = Bank::start();
    let ended = bank.qbank("token").run();
    let document = ended.ok();
    let token = success(&document);
    assert_members(token, &["token_type", "scope", "expires_in"]);
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 3600);
    assert!(!ended.stdout.contains("sbx_"));
    assert_eq!(document["fate"], "not_applicable");

    let revealed = bank.qbank("token --reveal").run().ok();
    let token = revealed["result"]["access_token"].as_str().unwrap_or("");
    assert!(token.starts_with("sbx_"), "{revealed}");
}

#[test]
fn accounts_and_balances() {
    let bank = Bank::start();
    let document = bank.qbank("accounts list").run().ok();
    let accounts = success(&document).as_array().cloned().unwrap_or_default();
    assert_eq!(accounts.len(), 5);
    for account in &accounts {
        assert_members(
            account,
            &[
                "accountId",
                "accountName",
                "accountType",
                "currency",
                "status",
                "timestamp",
                "actor",
                "request_id",
            ],
        );
        assert!(is_uuid(&account["accountId"]) && is_moment(&account["timestamp"]));
    }
    assert_eq!(accounts[0]["accountId"], OPERATING);
    read_members(&document);

    let ended = bank.qbank(&format!("balances get {OPERATING}")).run();
    let document = ended.ok();
    assert_members(
        success(&document),
        &["accountId", "availableBalance", "currentBalance", "currency"],
    );
    assert!(
        ended.stdout.contains(
            r#""availableBalance":250000.00,"currentBalance":250000.00,"currency":"USD""#
        )
    );
    read_members(&document);
}

#[test]
fn transactions_and_their_filters() {
    let bank = Bank::start();
    let ended = bank.qbank("transactions list").run();
    let document = ended.ok();
    let all = success(&document).as_array().cloned().unwrap_or_default();
    for transaction in &all {
        assert_members(
            transaction,
            &[
                "transactionId",
                "amount",
                "description",
                "transaction_date",
                "value_date",
                "posting_date",
                "status",
                "timestamp",
                "actor",
                "request_id",
            ],
        );
    }
    assert!(ended.stdout.contains(r#""amount":12500.00,"#));
    assert!(ended.stdout.contains(r#""amount":-4310.75,"#));
    assert!(ended.stdout.contains(r#""amount":0.25,"#));
    read_members(&document);

    let line = format!("transactions list --account {PAYROLL} --posted-since 2020-01-05");
    let some = bank.qbank(&line).run().ok();
    let some = success(&some).as_array().map_or(0, Vec::len);
    assert!(some > 0 && some < all.len(), "{some}");
    let query = bank.sends("/transactions")[1].query.clone();
    assert_eq!(
        query.as_deref(),
        Some(format!("accountId={PAYROLL}&postingDateGte=2020-01-05").as_str())
    );
}

#[test]
fn ach_says_where_the_payment_is() {
    let bank = Bank::start();
    let ended = bank.qbank(ACH).run();
    let document = ended.ok();
    let result = success(&document);
    assert_members(result, &["paymentId", "status", "location"]);
    assert!(is_uuid(&result["paymentId"]));
    assert_eq!(result["status"], Value::Null);
    let id = result["paymentId"].as_str().unwrap_or_default();
    assert_eq!(result["location"], format!("/v1/payments/{id}"));
    written(&bank, &document, &ended.key(), 202);

    let line = format!(
        "payments ach --from {OPERATING} --recipient-name ACME --bank-id 021000021 \
         --account-number 0012345678 --amount 0.01 --effective-date 2026-12-01 --reference INV-9"
    );
    let ended = bank.qbank(&line).run();
    written(&bank, &ended.ok(), &ended.key(), 202);

    let ended = bank.qbank(&format!("payments get {id}")).run();
    let document = ended.ok();
    assert_members(
        success(&document),
        &[
            "paymentId",
            "type",
            "amount",
            "status",
            "creationDate",
            "timestamp",
            "actor",
            "request_id",
        ],
    );
    assert!(ended.stdout.contains(r#""type":"ACH","amount":1000.50,"#));
    read_members(&document);
}

#[test]
fn wire_says_the_whole_payment() {
    let bank = Bank::start();
    let ended = bank.qbank(WIRE).run();
    let document = ended.ok();
    let payment = success(&document);
    assert_members(
        payment,
        &[
            "paymentId",
            "type",
            "amount",
            "status",
            "creationDate",
            "completionDate",
            "timestamp",
            "actor",
            "request_id",
        ],
    );
    assert_eq!(payment["status"], "P_COMPLETED");
    assert!(ended.stdout.contains(r#""type":"WIRE","amount":250.10,"#));
    written(&bank, &document, &ended.key(), 201);
}

#[test]
fn transfers_and_checks() {
    let bank = Bank::start();
    let ended = bank.qbank(TRANSFER).run();
    let document = ended.ok();
    assert!(success(&document).is_object());
    written(&bank, &document, &ended.key(), 201);

    let ended = bank.qbank(ISSUE).run();
    let document = ended.ok();
    let result = success(&document);
    assert_members(result, &["issue_id"]);
    assert_eq!(result["issue_id"], ended.key());
    assert_eq!(document["status"], 202);

    let line = format!("{ISSUE} --issue-id {PAYROLL}");
    assert_eq!(bank.qbank(&line).run().ok()["result"]["issue_id"], PAYROLL);

    let ended = bank.qbank("positive-pay exceptions").run();
    let document = ended.ok();
    for exception in success(&document).as_array().into_iter().flatten() {
        assert_members(
            exception,
            &[
                "exceptionId",
                "account_id",
                "check_number",
                "presented_amount",
                "presentment_date",
                "reason_code",
                "timestamp",
                "actor",
                "request_id",
            ],
        );
    }
    assert!(ended.stdout.contains(r#""presented_amount":1250.00,"#));
    read_members(&document);
}

#[test]
fn a_chosen_key_is_sent_in_lower_case() {
    let bank = Bank::start();
    let line = format!("{ACH} --idempotency-key {}", KEY.to_uppercase());
    let ended = bank.qbank(&line).run();
    assert_eq!(ended.ok()["idempotency_key"], KEY);
    assert_eq!(ended.key(), KEY);
    let sent = bank.sends("/payments/ach");
    assert_eq!(sent[0].idempotency_key.as_deref(), Some(KEY));
}

#[test]
fn the_key_is_known_before_anything_is_sent() {
    let bank = Bank::start();
    bank.fault(r#"{"path":"/token","kind":"delay","ms":60000,"times":9}"#);
    for write in WRITES {
        let running = bank.qbank(write).start();
        let key = running.key();
        assert!(is_uuid(&key.into()), "{write}");
    }
    assert!(bank.requests().iter().all(|it| &*it.path == "/v1/token"));
}

#[test]
fn jsonl_is_an_item_a_line() {
    let bank = Bank::start();
    for (line, id) in [
        ("accounts list", "accountId"),
        ("transactions list", "transactionId"),
        ("positive-pay exceptions", "exceptionId"),
    ] {
        let ended = bank.qbank(line).args("--output jsonl").run();
        assert_eq!(ended.code, Some(0));
        assert!(ended.stdout.lines().count() > 1, "{ended:?}");
        for item in ended.stdout.lines() {
            let item: Value = serde_json::from_str(item).unwrap_or_default();
            assert!(is_uuid(&item[id]), "{item}");
        }
    }
    // A single resource is still one document.
    let one = bank.qbank(WIRE).args("--output jsonl").run();
    success(&one.ok());
    assert_eq!(one.stdout.lines().count(), 1);
}

#[test]
fn tables_are_for_people() {
    let bank = Bank::start();
    let table = |line: &str| {
        let ended = bank.qbank(line).args("--output table").run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(!ended.stdout.contains(['{', '}']), "{ended:?}");
        ended.stdout
    };
    for name in ["account", "Operating", "Old Petty Cash", CLOSED] {
        assert!(table("accounts list").contains(name));
    }
    assert!(table(&format!("balances get {OPERATING}")).contains("250000.00"));
    assert!(table("transactions list").contains("-4310.75"));
    assert!(table("positive-pay exceptions").contains("AMOUNT_MISMATCH"));
    assert!(table("token").contains("Bearer"));
    for (number, write) in WRITES.into_iter().enumerate() {
        let key = format!("5b0f2f0e-7a1c-4b52-9c53-{number:012x}");
        let text = table(&format!("{write} --idempotency-key {key}"));
        assert!(text.contains(&key), "{text}");
        assert!(text.contains("accepted"), "{text}");
    }
}

#[test]
fn a_table_of_nothing_says_so() {
    let bank = Bank::start();
    let line = "transactions list --posted-since 2999-01-01 --output";
    let ended = bank.qbank(line).args("table").run();
    assert_eq!(ended.stdout, "none\n");
    let ended = bank.qbank(line).args("jsonl").run();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
}

/// A device on which no byte fits.
#[cfg(target_os = "linux")]
#[test]
fn a_response_that_cannot_be_written_is_not_passed_over() {
    let bank = Bank::start();
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full");
    let run = |line: &str| {
        let program = bank.qbank(line);
        full().map(|file| program.stdout_to(file).run())
    };
    for line in ["accounts list", "transactions list", "token"] {
        for output in ["json", "jsonl", "table"] {
            let ended = run(&format!("{line} --output {output}"));
            let ended = ended.unwrap_or_else(|error| panic!("{error}"));
            assert_eq!(ended.code, Some(3), "{ended:?}");
            assert!(ended.stderr.contains("standard output"), "{ended:?}");
        }
    }
    // The money moved, whether or not the response fits: it goes to stderr.
    for write in WRITES {
        let ended = run(write).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let last = ended.stderr.lines().last().unwrap_or_default();
        let document: Value = serde_json::from_str(last).unwrap_or_default();
        assert_eq!(document["idempotency_key"], ended.key(), "{ended:?}");
        assert_eq!(document["fate"], "accepted", "{ended:?}");
    }
}

#[cfg(unix)]
#[test]
fn a_closed_pipe_does_not_lose_a_payment() {
    let bank = Bank::start();
    for write in WRITES {
        let (reader, writer) = std::io::pipe().unwrap_or_else(|error| panic!("{error}"));
        drop(reader);
        let stdout = std::fs::File::from(std::os::fd::OwnedFd::from(writer));
        let ended = bank.qbank(write).stdout_to(stdout).run();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        let last = ended.stderr.lines().last().unwrap_or_default();
        let document: Value = serde_json::from_str(last).unwrap_or_default();
        assert_eq!(document["idempotency_key"], ended.key(), "{ended:?}");
        assert_eq!(document["fate"], "accepted", "{ended:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn nothing_is_sent_under_a_key_that_cannot_be_written_down() {
    let full = || std::fs::OpenOptions::new().write(true).open("/dev/full").ok();
    for write in WRITES {
        let bank = Bank::start();
        let run = |more: &str| {
            let file = full().unwrap_or_else(|| panic!("/dev/full"));
            bank.qbank(write).args(more).stderr_to(file).run()
        };
        let ended = run("");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_default();
        program::document::assert_error(&document);
        assert_eq!(document["error"]["kind"], "invalid_input", "{document}");
        assert_eq!(document["error"]["fate"], "never_sent", "{document}");
        assert_eq!(bank.requests().len(), 0);

        let ended = run("--output table");
        assert_eq!(ended.code, Some(2), "{ended:?}");
        assert!(ended.stdout.contains("--idempotency-key"), "{ended:?}");

        // The caller has the key.
        let given = run(&format!("--idempotency-key {KEY}"));
        assert_eq!(given.ok()["idempotency_key"], KEY);
        assert_eq!(bank.entries_of(KEY), usize::from(write != ISSUE));
    }
}

fn read_members(document: &Value) {
    assert_eq!(document["status"], 200);
    assert_eq!(document["attempts"], 1);
    assert_eq!(document["fate"], "not_applicable");
    assert_eq!(document["idempotency_key"], Value::Null);
    assert_eq!(document["followed_conflict"], false);
}

#[track_caller]
fn written(bank: &Bank, document: &Value, key: &str, status: u16) {
    assert_eq!(document["status"], status);
    assert_eq!(document["attempts"], 1);
    assert_eq!(document["fate"], "accepted");
    assert_eq!(document["idempotency_key"], key);
    assert_eq!(document["followed_conflict"], false);
    assert_eq!(bank.entries_of(key), 1);
}
