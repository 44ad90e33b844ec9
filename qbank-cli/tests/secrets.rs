//! A secret is on neither stream: whatever is asked for, whatever the bank
//! responses.

mod program;

use program::scripted::{Received, ScriptedBank};
use program::{Bank, Ended, OPERATING, Program, READS, WRITES, file, set_mode};
use qbank_sandbox::{CLIENT_SECRET, WEBHOOK_SECRET};
use serde_json::{Value, json};

/// The account number of the wire in `WRITES`, and of the ACH payment here.
const ACCOUNT_NUMBER: &str = "739105528846";
const SECRET: &str = "Zq8-correct-horse-battery";
const TOKEN: &str = "tok.5f2a9c77d1e84b06a3";
const LOGS: [(&str, &str); 4] = [
    ("-vv", ""),
    ("-vv", "trace"),
    ("", "trace"),
    ("", "hyper=trace,ureq=trace,ureq_proto=trace,rustls=trace,qbank_proto=trace,qbank=trace"),
];

/// Not eight characters in a row of it, plain or in hexadecimal.
#[track_caller]
fn hides(ended: &Ended, secret: &str) {
    let everything = format!("{}\n{}", ended.stdout, ended.stderr);
    let lower = everything.to_lowercase();
    for part in secret.as_bytes().windows(8) {
        let plain = String::from_utf8_lossy(part);
        assert!(!everything.contains(&*plain), "{plain}: {everything}");
        for between in ["", " ", ", ", ":"] {
            let hex: Vec<String> = part.iter().map(|byte| format!("{byte:02x}")).collect();
            assert!(!lower.contains(&hex.join(between)), "{plain}: {everything}");
        }
        let bytes: Vec<String> = part.iter().map(ToString::to_string).collect();
        assert!(!everything.contains(&bytes.join(", ")), "{plain}: {everything}");
    }
}

fn recipient() -> String {
    format!(
        "payments ach --from {OPERATING} --recipient-name ACME --bank-id 021000021 \
         --account-number {ACCOUNT_NUMBER} --amount 2"
    )
}

fn every_command() -> Vec<String> {
    let mut lines: Vec<String> = READS.into_iter().chain(WRITES).map(Into::into).collect();
    lines.push(recipient());
    lines.push("webhooks verify --signature 00".into());
    lines
}

#[test]
fn a_full_run_shows_none() {
    let bank = Bank::start();
    for (verbose, filter) in LOGS {
        let revealed = bank.qbank("token --reveal").run().ok();
        let token = revealed["result"]["access_token"].as_str().unwrap_or("");
        assert!(token.len() > 16);
        for line in every_command() {
            for ready_made in [false, true] {
                let mut program = bank
                    .qbank(&line)
                    .args(verbose)
                    .args("--deadline 1")
                    .env("RUST_LOG", filter)
                    .env("QBANK_WEBHOOK_SECRET", WEBHOOK_SECRET);
                if ready_made {
                    program = program.env("QBANK_ACCESS_TOKEN", token);
                }
                let ended = program.run();
                for secret in [CLIENT_SECRET, token, WEBHOOK_SECRET, ACCOUNT_NUMBER] {
                    hides(&ended, secret);
                }
                // The sandbox's tokens all begin so.
                assert!(!ended.stderr.contains("sbx_"), "{ended:?}");
            }
        }
    }
}

#[test]
fn logs_are_there_to_be_searched() {
    let bank = Bank::start();
    let ended = bank.qbank("accounts list").env("RUST_LOG", "trace").run();
    assert!(ended.stderr.contains("qbank"), "{ended:?}");
}

/// Repeats the whole request wherever an error has room for it.
fn echo(request: &Received, status: u16) -> (u16, String) {
    let message = request.whole();
    let error = json!({
        "message": message, "error_code": message, "title": message, "detail": message, "type": message,
        "error": message, "error_description": message,
    });
    (status, error.to_string())
}

fn against(bank: &ScriptedBank, line: &str) -> Program {
    Program::new(line)
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_CLIENT_ID", "our-client")
        .env("QBANK_CLIENT_SECRET", SECRET)
        .args("--max-retries 0 --deadline 1 -vv")
}

#[test]
fn a_bank_that_echoes_everything() {
    for status in [400, 403, 409, 429, 500] {
        let bank = ScriptedBank::responding(move |request| {
            if request.is_token() {
                let token = json!({"access_token": TOKEN, "token_type": "Bearer"});
                return (200, token.to_string());
            }
            echo(request, status)
        });
        for line in every_command() {
            let ended = against(&bank, &line).run();
            let table = against(&bank, &line).args("--output table").run();
            for secret in [SECRET, TOKEN, ACCOUNT_NUMBER] {
                hides(&ended, secret);
                hides(&table, secret);
            }
        }
        assert!(bank.received().iter().any(|it| it.whole().contains(ACCOUNT_NUMBER)));
        assert!(bank.received().iter().any(|it| it.whole().contains(TOKEN)));
    }
}

#[test]
fn a_good_response_that_echoes_everything() {
    let bank = ScriptedBank::responding(|request| {
        if request.is_token() {
            let scope = format!("accounts.read {SECRET}");
            let token = json!({"access_token": TOKEN, "token_type": "Bearer", "scope": scope});
            return (200, token.to_string());
        }
        (201, json!({"transferId": "1", "headers": request.whole()}).to_string())
    });
    for line in [READS[0], WRITES[2]] {
        for output in ["json", "table"] {
            let ended = against(&bank, line).arg("--output").arg(output).run();
            assert_eq!(ended.code, Some(0), "{ended:?}");
            hides(&ended, SECRET);
            hides(&ended, TOKEN);
        }
    }
}

#[test]
fn a_token_endpoint_that_echoes_everything() {
    for status in [200, 400, 401, 500] {
        let bank = ScriptedBank::responding(move |request| echo(request, status));
        for line in [READS[0], READS[1], WRITES[1]] {
            let ended = against(&bank, line).run();
            assert_eq!(ended.code, Some(3), "{ended:?}");
            hides(&ended, SECRET);
        }
        assert!(bank.received().iter().any(|it| it.whole().contains(SECRET)));
    }
}

#[test]
fn a_bank_that_echoes_the_beginning_of_each() {
    let bank = ScriptedBank::responding(|request| {
        if request.is_token() {
            return (200, json!({"access_token": TOKEN, "token_type": "Bearer"}).to_string());
        }
        let cut = |text: &str| format!("{}...", &text[..text.len() - 1]);
        let message = format!("{} {} {}", cut(TOKEN), cut(SECRET), cut(ACCOUNT_NUMBER));
        (
            422,
            json!({"message": message, "error_code": "ERR_X_001", "request_id": null}).to_string(),
        )
    });
    for line in every_command() {
        let ended = against(&bank, &line).run();
        hides(&ended, SECRET);
        hides(&ended, TOKEN);
        // A call knows only the numbers that it sends.
        if line.contains(ACCOUNT_NUMBER) {
            hides(&ended, ACCOUNT_NUMBER);
        }
    }
}

#[test]
fn a_secret_that_a_form_has_to_escape() {
    // Long runs on both sides of what is escaped, so that the form's spelling shows
    // eight characters in a row, too.
    let secret = "correcthorse/battery+staple";
    let bank = ScriptedBank::responding(|request| echo(request, 400));
    let ended = against(&bank, "token").env("QBANK_CLIENT_SECRET", secret).run();
    assert_eq!(ended.code, Some(3), "{ended:?}");
    hides(&ended, secret);
    assert!(bank.received().iter().any(|it| it.whole().contains("correcthorse%2Fbattery")));
}

#[test]
fn input_that_is_refused_is_not_repeated_if_it_is_secret() {
    let bank = Bank::start();
    let bad = format!("{SECRET}\u{7}");
    let token = bank.qbank(WRITES[0]).env("QBANK_ACCESS_TOKEN", &bad);
    hides(&token.run(), SECRET);
    let secret = bank.qbank("accounts list --client-secret").arg(SECRET);
    let separate = secret.run();
    assert_eq!(separate.code, Some(2));
    hides(&separate, SECRET);
    let joined = format!("--client-secret={SECRET}");
    let joined = bank.qbank("accounts list").arg(joined).run();
    assert_eq!(joined.code, Some(2));
    hides(&joined, SECRET);
    let number = format!("{ACCOUNT_NUMBER}\n");
    let wire = WRITES[1].replace(&format!("--account-number {ACCOUNT_NUMBER}"), "");
    hides(&bank.qbank(&wire).arg("--account-number").arg(number).run(), ACCOUNT_NUMBER);
    let url = format!("https://user:{SECRET}@bank.invalid/v1");
    hides(&bank.qbank("accounts list --base-url").arg(&url).run(), SECRET);
    let proxy = format!("http://user:{SECRET}@127.0.0.1:1");
    let list = bank.qbank("accounts list --base-url https://bank.invalid/v1 -vv --deadline 1");
    hides(&list.arg("--proxy").arg(&proxy).run(), SECRET);
    let list = bank.qbank("accounts list --base-url https://bank.invalid/v1 -vv --deadline 1");
    hides(&list.env("HTTPS_PROXY", &proxy).run(), SECRET);
}

#[cfg(unix)]
#[test]
fn a_secret_file_that_every_user_can_read_is_warned_of_and_used() {
    let bank = Bank::start();
    let (_folder, path) = file(CLIENT_SECRET);
    let list = || bank.qbank("accounts list --client-secret-file").arg(&path);
    let ended = list().run();
    ended.ok();
    assert_eq!(ended.stderr, "");

    set_mode(&path, 0o644);
    let ended = list().run();
    ended.ok();
    let warning: Value = serde_json::from_str(&ended.stderr).unwrap();
    let warning = warning["warning"].as_str().unwrap();
    assert!(warning.starts_with("--client-secret-file: ") && warning.contains("chmod 600"));
    let ended = list().args("--output table").run();
    assert!(ended.stderr.starts_with("warning: --client-secret-file: "), "{ended:?}");
    assert_eq!(ended.code, Some(0));

    // The last line stays the failure's document.
    let refused = list().args("--scope unheard.of").run();
    assert_eq!(refused.stderr.lines().count(), 2, "{refused:?}");
    assert_eq!(refused.error(3)["error_code"], "invalid_scope");

    let (_folder, number) = file(ACCOUNT_NUMBER);
    set_mode(&number, 0o604);
    let wire = WRITES[1].replace(&format!("--account-number {ACCOUNT_NUMBER}"), "");
    let ended = bank.qbank(&wire).arg("--account-number-file").arg(&number).run();
    ended.ok();
    assert!(ended.stderr.contains("--account-number-file: "), "{ended:?}");
    hides(&ended, ACCOUNT_NUMBER);
}
