//! Text from outside cannot control a terminal, nor change how a line reads, whatever
//! prints it.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use program::scripted::ScriptedBank;
use program::{ACH, Bank, Ended, OPERATING, Program, TRANSFER};
use serde_json::{Value, json};

/// C0, C1, DEL, bidi controls, line and paragraph separators.
const ACTIVE: &str = "a\u{1b}[2Kb\r\n{\"x\": 1}\u{9b}31m\u{9d}0;t\u{7f}\u{85}\u{61c}\u{200e}\u{200f}\
                      \u{202a}\u{202e}\u{2066}\u{2069}\u{2028}\u{2029}z";

#[track_caller]
fn is_inactive(ended: &Ended) {
    for text in [&ended.stdout, &ended.stderr] {
        let found: Vec<char> = ACTIVE
            .chars()
            .filter(|c| !c.is_ascii_graphic() && !matches!(c, ' ' | '\n') && text.contains(*c))
            .collect();
        assert!(found.is_empty(), "{found:?}: {ended:?}");
        assert!(!text.lines().any(|line| line.starts_with("{\"x\"")), "{ended:?}");
    }
}

/// Puts the text wherever a response has room for it.
fn bank() -> ScriptedBank {
    ScriptedBank::responding(|request| {
        let line = request.head.lines().next().unwrap_or_default();
        match line.split(' ').nth(1).unwrap_or_default() {
            "/v1/token" => (
                200,
                json!({"access_token": "a-token-of-some-length", "token_type": "Bearer",
                    "scope": ACTIVE})
                .to_string(),
            ),
            "/v1/accounts" => {
                (200, json!([{"accountId": OPERATING, "accountName": ACTIVE}]).to_string())
            }
            "/v1/transactions" => {
                (200, json!([{"transactionId": OPERATING, "description": ACTIVE}]).to_string())
            }
            "/v1/transfers" => (201, json!({"note": ACTIVE, ACTIVE: 1}).to_string()),
            _ => (
                400,
                json!({"message": ACTIVE, "error_code": ACTIVE, "title": ACTIVE, "detail": ACTIVE})
                    .to_string(),
            ),
        }
    })
}

fn run(bank: &ScriptedBank, line: &str, output: &str) -> Ended {
    Program::new(line)
        .args("-vv --output")
        .arg(output)
        .env("QBANK_BASE_URL", &bank.base_url)
        .env("QBANK_CLIENT_ID", "our-client")
        .env("QBANK_CLIENT_SECRET", "a-secret-of-some-length")
        .run()
}

#[test]
fn of_every_command_in_every_output() {
    let bank = bank();
    let balance = format!("balances get {OPERATING}");
    for line in ["token", "accounts list", "transactions list", TRANSFER, ACH, &balance] {
        for output in program::lists::OUTPUTS {
            is_inactive(&run(&bank, line, output));
        }
    }
}

#[test]
fn json_keeps_the_text_as_escapes() {
    let bank = bank();
    let accounts = run(&bank, "accounts list", "json");
    assert_eq!(accounts.ok()["result"][0]["accountName"], ACTIVE);
    assert!(accounts.stdout.contains(r"\u009b31m") && accounts.stdout.contains(r"\u202e"));
    let transactions = run(&bank, "transactions list", "jsonl");
    let item: Value = serde_json::from_str(&transactions.stdout).unwrap();
    assert_eq!(item["description"], ACTIVE);
    let transfer = run(&bank, TRANSFER, "json").ok();
    assert_eq!(
        (&transfer["result"]["note"], &transfer["result"][ACTIVE]),
        (&json!(ACTIVE), &json!(1))
    );
}

#[test]
fn of_arguments_that_cannot_be_parsed() {
    let bank = Bank::start();
    for output in ["json", "table"] {
        let hostile = ACTIVE.replace('\n', " ");
        let ended = bank.qbank("payments get --output").arg(output).arg(hostile).run();
        assert_eq!(ended.code, Some(2));
        is_inactive(&ended);
    }
}

#[cfg(unix)]
#[test]
fn of_a_delivery_that_nobody_signed() {
    use std::io::{Read as _, Write as _};
    let running = Program::new("webhooks listen --addr 127.0.0.1:0")
        .env("QBANK_WEBHOOK_SECRET", "a-webhook-secret-of-ours")
        .start();
    let listening: Value = serde_json::from_str(&running.stderr_line()).unwrap();
    let url = listening["listening"].as_str().unwrap();
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = std::net::TcpStream::connect(addr).unwrap();
    let id = "\u{9b}31m\u{9d}\u{202e}\u{2028}";
    let head = format!("POST / HTTP/1.1\r\nhost: x\r\nwebhook-event-id: {id}\r\n");
    write!(stream, "{head}connection: close\r\ncontent-length: 2\r\n\r\n{{}}").unwrap();
    let _ = stream.read_to_end(&mut Vec::new());
    let line: Value = serde_json::from_str(&running.stdout_line()).unwrap();
    assert_eq!(line["webhook_event_id"], id);
    running.signal("TERM");
    is_inactive(&running.end());
}
