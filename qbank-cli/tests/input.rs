//! Bad input: exit 2 before anything is sent, and a message that names the
//! field and the rule.

mod program;

use program::{ACH, Bank, ISSUE, KEY, OPERATING, PAYROLL, Program, READS, TRANSFER, WIRE, WRITES};
use serde_json::Value;

/// Refused here; nothing reached the bank.
#[track_caller]
fn refused(bank: &Bank, program: Program, words: &[&str]) -> Value {
    let ended = program.run();
    let error = ended.error(2);
    assert_eq!(error["kind"], "invalid_input", "{error}");
    assert_eq!(error["attempts"], 0, "{error}");
    assert_eq!(error["first_sent"], Value::Null, "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    for word in words {
        assert!(message.contains(word), "{word}: {message}");
    }
    assert!(bank.requests().is_empty(), "{:?}", bank.requests());
    error
}

#[track_caller]
fn never_sent(bank: &Bank, program: Program, words: &[&str]) {
    assert_eq!(refused(bank, program, words)["fate"], "never_sent");
}

/// With `--resume` an earlier run may have sent it, however wrong this one is.
#[track_caller]
fn still_unknown(bank: &Bank, program: Program, words: &[&str]) {
    assert_eq!(refused(bank, program, words)["fate"], "unknown");
}

#[test]
fn amounts() {
    let bank = Bank::start();
    let line = format!("payments ach --from {OPERATING} --to {PAYROLL} --amount");
    let transfer = format!("transfers create --from {OPERATING} --to {PAYROLL} --amount");
    let issue = format!(
        "positive-pay issue --account {OPERATING} --check-number 1 --issue-date 2026-01-05 --amount"
    );
    for line in [&line, &transfer, &issue] {
        for (amount, rule) in [
            ("0", "must be more than zero"),
            ("0.00", "must be more than zero"),
            ("-5", "must be more than zero"),
            ("1.234", "two decimals"),
            ("0.001", "two decimals"),
            ("ten", "must be"),
            ("1,000.00", "must be"),
            ("$5", "must be"),
            ("", ""),
            ("NaN", "must be"),
            ("Infinity", "must be"),
            ("0x10", "must be"),
            ("99999999999999999999999999", "larger than any amount"),
            ("1e3", "must be a decimal number"),
            (" 5", "must be"),
        ] {
            never_sent(&bank, bank.qbank(line).arg(amount), &["--amount", rule]);
        }
    }
}

#[test]
fn routing_numbers() {
    let bank = Bank::start();
    for (number, rule) in [
        ("021000022", "checksum"),
        ("02100002", "nine digits"),
        ("0210000211", "nine digits"),
        ("02100002a", "nine digits"),
        ("000000000", ""),
    ] {
        let wire = WIRE.replace("021000021", number);
        never_sent(&bank, bank.qbank(&wire), &["--bank-id", rule]);
    }
}

#[test]
fn keys() {
    let bank = Bank::start();
    for write in WRITES {
        for (key, rule) in [
            ("c232ab00-9414-11ec-b3c8-9f68deced846", "version 4"),
            ("5b0f2f0e7a1c4b529c530d8f6f4b8a11", "uuid"),
            ("{5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11}", "uuid"),
            ("INV-2026-001", "uuid"),
            ("", ""),
        ] {
            let program = bank.qbank(write).arg("--idempotency-key").arg(key);
            never_sent(&bank, program, &["--idempotency-key", rule]);
        }
        still_unknown(&bank, bank.qbank(write).arg("--resume"), &["--idempotency-key"]);
        let dated = bank.qbank(write).args("--first-sent 2026-01-05T09:00:00Z");
        never_sent(&bank, dated.args("--idempotency-key").arg(KEY), &["--resume"]);
    }
    let when = format!("--resume --idempotency-key {KEY} --first-sent yesterday");
    still_unknown(&bank, bank.qbank(ACH).args(&when), &["--first-sent", "2026-01-05T"]);
}

#[test]
fn nothing_was_first_sent_in_the_future() {
    let bank = Bank::start();
    for write in WRITES {
        let line = format!("{write} --resume --idempotency-key {KEY}");
        let typo = bank.qbank(&line).args("--first-sent 2999-01-05T09:00:00Z");
        still_unknown(&bank, typo, &["--first-sent", "future"]);
    }
}

#[test]
fn a_resumed_request_that_is_wrong_is_bad_input_and_still_unknown() {
    let bank = Bank::start();
    let resumed = format!("--resume --idempotency-key {KEY}");
    let zero = bank.qbank(&TRANSFER.replace("75", "0")).args(&resumed);
    still_unknown(&bank, zero, &["--amount", "more than zero"]);
    let bad = bank.qbank(ACH).args(&resumed).arg("--reference").arg("a\u{7}b").run();
    let error = bad.error(2);
    assert_eq!((&error["fate"], &error["idempotency_key"]), (&"unknown".into(), &KEY.into()));
    assert!(error["message"].to_string().contains("reference id must not have control"));
    assert_eq!(bank.requests().len(), 0);
}

#[test]
fn ids() {
    let bank = Bank::start();
    let bad = "acc-1";
    for (line, option) in [
        (ACH.replace(OPERATING, bad), "--from"),
        (ACH.replace(PAYROLL, bad), "--to"),
        (WIRE.replace(OPERATING, bad), "--from"),
        (TRANSFER.replace(PAYROLL, bad), "--to"),
        (ISSUE.replace(OPERATING, bad), "--account"),
        (format!("{ISSUE} --issue-id {bad}"), "--issue-id"),
    ] {
        never_sent(&bank, bank.qbank(&line), &[option, "must be a uuid"]);
    }
    for (line, name) in [
        (format!("balances get {bad}"), "<ACCOUNT>"),
        (format!("payments get {bad}"), "<PAYMENT>"),
        (format!("payments wait {bad}"), "<PAYMENT>"),
        (format!("transactions list --account {bad}"), "--account"),
    ] {
        let error = refused(&bank, bank.qbank(&line), &[name, "must be a uuid"]);
        assert_eq!(error["fate"], "not_applicable", "{error}");
    }
    // The same account twice.
    let same = TRANSFER.replace(PAYROLL, OPERATING);
    never_sent(&bank, bank.qbank(&same), &["to account", "from account"]);
}

#[test]
fn plain_http_is_for_loopback_only() {
    let bank = Bank::start();
    for url in ["http://api.qbankconnect.com/v1", "http://10.0.0.1/v1", "http://127.0.0.1.x.org/v1"]
    {
        for option in ["--base-url", "--token-url"] {
            let program = bank.qbank(WIRE).arg(option).arg(url);
            never_sent(&bank, program, &["https"]);
        }
    }
    for url in ["", "not a url", "ftp://127.0.0.1/v1", "https://user:pw@example.org/v1"] {
        let program = bank.qbank(ACH).arg("--base-url").arg(url);
        never_sent(&bank, program, &["base"]);
    }
}

#[test]
fn control_characters() {
    let bank = Bank::start();
    let rule = "control characters";
    for bad in ["a\nb", "a\r\nX-Evil: 1", "a\u{1b}[31m", "a\tb", "a\u{85}b"] {
        let ach = bank.qbank(ACH).arg("--reference").arg(bad);
        never_sent(&bank, ach, &["reference", rule]);
        let name = bank
            .qbank(&format!("payments ach --from {OPERATING} --amount 1"))
            .args("--bank-id 021000021 --account-number 123456 --recipient-name")
            .arg(bad);
        never_sent(&bank, name, &["name", rule]);
        let wire = format!("payments wire --from {OPERATING} --amount 1 --bank-id 021000021");
        let name = bank
            .qbank(&wire)
            .args("--account-number 123456 --reference R --beneficiary-name")
            .arg(bad);
        never_sent(&bank, name, &["name", rule]);
        let number =
            bank.qbank(&wire).args("--beneficiary-name N --reference R --account-number").arg(bad);
        never_sent(&bank, number, &["account number", "must be printable ASCII"]);
        let check = format!("positive-pay issue --account {OPERATING} --amount 1");
        let check = bank.qbank(&check).args("--issue-date 2026-01-05 --check-number").arg(bad);
        never_sent(&bank, check, &["check number", rule]);
        let date = bank.qbank(ACH).arg("--auth-date").arg(bad);
        never_sent(&bank, date, &["--auth-date", "HTTP-date"]);
    }
    let empty = bank.qbank(ACH).args("--auth-date").arg("");
    never_sent(&bank, empty, &["--auth-date"]);
    let empty = bank.qbank(&WIRE.replace("INV-7", "")).arg(" ");
    never_sent(&bank, empty, &["reference", "must not be empty"]);
}

#[test]
fn times_and_dates() {
    let bank = Bank::start();
    for option in ["--timeout", "--deadline", "--connect-timeout"] {
        for value in ["0", "-1", "abc", "", "NaN", "inf", "1e400", "0.0"] {
            let program = bank.qbank(ACH).arg(option).arg(value);
            never_sent(&bank, program, &[option]);
        }
    }
    for value in ["-1", "abc", "1.5", "99999999999"] {
        never_sent(&bank, bank.qbank(ACH).arg("--max-retries").arg(value), &[]);
    }
    for date in ["2026-02-30", "05/01/2026", "soon"] {
        let program = bank.qbank(ACH).arg("--effective-date").arg(date);
        never_sent(&bank, program, &["--effective-date", "must be a date"]);
        let program = bank.qbank("transactions list --posted-since").arg(date);
        let error = refused(&bank, program, &["--posted-since", "must be a date"]);
        assert_eq!(error["fate"], "not_applicable");
    }
}

#[test]
fn who_is_paid_is_said_once_and_wholly() {
    let bank = Bank::start();
    let both = format!("{ACH} --recipient-name ACME");
    never_sent(&bank, bank.qbank(&both), &["--to", "--recipient-name"]);
    let both = format!("{ACH} --account-number 123456");
    never_sent(&bank, bank.qbank(&both), &["--to", "--account-number"]);
    let none = format!("payments ach --from {OPERATING} --amount 1");
    never_sent(&bank, bank.qbank(&none), &["--recipient-name"]);
    let some = format!("{none} --recipient-name ACME");
    never_sent(&bank, bank.qbank(&some), &["--bank-id"]);
    let some = format!("{some} --bank-id 021000021");
    never_sent(&bank, bank.qbank(&some), &["--account-number"]);
    let twice = format!("{some} --account-number 1 --account-number-file f");
    never_sent(&bank, bank.qbank(&twice), &["--account-number-file"]);
}

#[test]
fn what_is_missing_is_named() {
    let bank = Bank::start();
    let line = format!("payments ach --from {OPERATING} --to {PAYROLL}");
    never_sent(&bank, bank.qbank(&line), &["--amount"]);
    never_sent(&bank, bank.qbank("transfers create"), &["--from", "--to", "--amount"]);
    let error = refused(&bank, bank.qbank("balances get"), &["<ACCOUNT>"]);
    assert_eq!(error["fate"], "not_applicable");
    refused(&bank, bank.qbank("pay"), &["pay"]);
    refused(&bank, bank.qbank("payments"), &[]);
    refused(&bank, bank.qbank(""), &[]);
}

#[test]
fn credentials() {
    let bank = Bank::start();
    for line in READS.into_iter().chain(WRITES) {
        let no_id = bank.qbank(line).without("QBANK_CLIENT_ID");
        refused(&bank, no_id, &["--client-id", "QBANK_CLIENT_ID"]);
        let no_secret = bank.qbank(line).without("QBANK_CLIENT_SECRET");
        let fate =
            refused(&bank, no_secret, &["QBANK_CLIENT_SECRET", "--client-secret-file"])["fate"]
                .clone();
        let expected = if WRITES.contains(&line) { "never_sent" } else { "not_applicable" };
        assert_eq!(fate, expected, "{line}");
    }
    let folder = tempfile::tempdir().unwrap();
    for (name, content, rule) in [
        ("none", None, "cannot be read"),
        ("empty", Some(&b"\n"[..]), "is empty"),
        ("binary", Some(&b"\xff\xfe"[..]), "UTF-8"),
    ] {
        let path = folder.path().join(name);
        if let Some(content) = content {
            std::fs::write(&path, content).unwrap();
        }
        let program = bank.qbank(WIRE).arg("--client-secret-file").arg(&path);
        never_sent(&bank, program, &["--client-secret-file", rule]);
        let wire = WIRE.replace("--account-number 739105528846", "--account-number-file");
        let (before, after) = wire.split_once("--account-number-file").unwrap();
        let program = bank.qbank(before).args(after).arg("--account-number-file").arg(&path);
        never_sent(&bank, program, &["--account-number-file", rule]);
    }
    let folder = bank.qbank(ACH).arg("--client-secret-file").arg(folder.path());
    never_sent(&bank, folder, &["--client-secret-file", "cannot be read"]);
    let roots = bank.qbank(ACH).args("--ca-file /no/such/file");
    never_sent(&bank, roots, &["--ca-file"]);
}

#[test]
fn ready_made_tokens() {
    let bank = Bank::start();
    let with = |token: &str| bank.qbank(ACH).env("QBANK_ACCESS_TOKEN", token);
    for token in ["abc\ndef", "abc\r\nX-Evil: 1", " ", "\u{1b}abc"] {
        never_sent(&bank, with(token), &["QBANK_ACCESS_TOKEN"]);
    }
    // Empty is as good as not set.
    let empty = with("").without("QBANK_CLIENT_ID");
    never_sent(&bank, empty, &["QBANK_ACCESS_TOKEN", "--client-id"]);
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_not_passed_over() {
    use std::os::unix::ffi::OsStrExt as _;
    let bank = Bank::start();
    let bad = std::ffi::OsStr::from_bytes(b"\xff\xfe");
    for name in ["QBANK_ACCESS_TOKEN", "QBANK_CLIENT_SECRET"] {
        never_sent(&bank, bank.qbank(ACH).env(name, bad), &[name, "UTF-8"]);
    }
    let line = "webhooks verify --signature 00";
    let verify = bank.qbank(line).env("QBANK_WEBHOOK_SECRET", bad);
    refused(&bank, verify, &["QBANK_WEBHOOK_SECRET", "UTF-8"]);
}

#[test]
fn a_failure_is_told_at_a_terminal_too() {
    let bank = Bank::start();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("o'brien");
    let program = bank.qbank("accounts list --output table --client-secret-file");
    let ended = program.arg(&path).run();
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""));
    assert!(ended.stderr.contains("o'brien cannot be read"), "{ended:?}");
    for line in ["payments ach", "accounts list --timeout 0", "pay"] {
        let ended = bank.qbank("--output table").args(line).run();
        assert_eq!(ended.code, Some(2));
        assert_eq!(ended.stderr.matches("error: ").count(), 1, "{ended:?}");
    }
}

#[test]
fn a_word_of_a_reading_command_does_not_make_a_write_a_read() {
    let bank = Bank::start();
    let line = format!("{} --reference wait", ACH.replace("1000.5", "0"));
    never_sent(&bank, bank.qbank(&line), &["--amount"]);
    let line = format!("{} --scope token", WIRE.replace("ACME", "webhooks").replace("250.1", "0"));
    never_sent(&bank, bank.qbank(&line), &["--amount"]);
}
