//! On a terminal: what a person sees.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::fs::File;
use std::io::Read;
use std::process::{Command, Stdio};

use nix::pty::{Winsize, openpty};
use program::Bank;

/// Runs a line on a pseudo-terminal of so many columns, both streams on it.
fn on_terminal(bank: &Bank, line: &str, columns: u16) -> (Option<i32>, String) {
    let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_qbank"))
        .args(line.split_ascii_whitespace())
        .env_clear()
        .env("QBANK_BASE_URL", bank.base_url())
        .env("QBANK_CLIENT_ID", qbank_sandbox::CLIENT_ID)
        .env("QBANK_CLIENT_SECRET", qbank_sandbox::CLIENT_SECRET)
        .stdin(Stdio::null())
        .stdout(pty.slave.try_clone().unwrap())
        .stderr(pty.slave)
        .spawn()
        .unwrap();
    let mut terminal = File::from(pty.master);
    let mut shown = Vec::new();
    // The terminal ends with an error once its other end is closed.
    let mut chunk = [0; 4096];
    while let Ok(length @ 1..) = terminal.read(&mut chunk) {
        shown.extend_from_slice(&chunk[..length]);
    }
    let code = child.wait().unwrap().code();
    (code, String::from_utf8_lossy(&shown).into_owned())
}

#[test]
fn every_command_works_on_a_terminal() {
    let bank = Bank::start();
    for line in program::READS.iter().take(4).chain(&program::WRITES) {
        let (code, shown) = on_terminal(&bank, line, 100);
        assert_eq!(code, Some(0), "{line}: {shown}");
        assert!(!shown.contains("panicked") && !shown.contains("{\"result\""), "{shown}");
    }
    let (code, shown) = on_terminal(&bank, "demo", 100);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("All of it held."), "{shown}");
}

#[test]
fn verbose_lines_work_on_a_terminal() {
    let bank = Bank::start();
    let (code, shown) =
        on_terminal(&bank, "balances get acc00000-0000-4000-8000-000000000001 -vv", 100);
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("qbank"), "{shown}");
}

#[test]
fn a_table_fits_the_terminal() {
    let bank = Bank::start();
    for columns in [60, 80, 120] {
        let (code, shown) = on_terminal(&bank, "transactions list", columns);
        assert_eq!(code, Some(0), "{shown}");
        let widest = shown.lines().map(|line| line.trim_end().chars().count()).max();
        assert!(widest <= Some(columns.into()), "{widest:?} of {columns}: {shown}");
    }
}

#[test]
fn identifiers_are_never_broken() {
    let bank = Bank::start();
    for line in ["accounts list", "transactions list", "positive-pay exceptions"] {
        let document = bank.qbank(line).run().ok();
        let items = document["result"].as_array().cloned().unwrap_or_default();
        for columns in [60, 80, 100, 120, 160] {
            let (code, shown) = on_terminal(&bank, line, columns);
            assert_eq!(code, Some(0), "{shown}");
            let widest = shown.lines().map(|line| line.trim_end().chars().count()).max();
            assert!(widest <= Some(columns.into()), "{widest:?} of {columns}: {shown}");
            for item in &items {
                for name in ["accountId", "transactionId", "exceptionId", "account_id"] {
                    let id = item[name].as_str().unwrap_or_default();
                    assert!(shown.contains(id), "{line} at {columns}, {id}: {shown}");
                }
            }
        }
    }
}

#[test]
fn a_message_breaks_between_words_only() {
    let bank = Bank::start();
    let line = "payments get 0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40 --max-retries 0";
    let error = bank.qbank(line).run().error(3);
    let message = error["message"].as_str().unwrap_or_default();
    for columns in [60, 80] {
        for line in [line, "payments get nonsense", "accounts list --timeout 0"] {
            let (_, shown) = on_terminal(&bank, line, columns);
            let widest = shown.lines().map(|line| line.trim_end().chars().count()).max();
            assert!(widest <= Some(columns.into()), "{widest:?} of {columns}: {shown}");
        }
        let (_, shown) = on_terminal(&bank, line, columns);
        let words: Vec<&str> = shown.split_whitespace().skip(1).collect();
        // The request id is another one each time.
        let alike = message.split_whitespace().zip(&words).filter(|(a, b)| a == *b).count();
        assert!(alike + 1 >= message.split_whitespace().count(), "{message}: {shown}");
    }
}

#[test]
fn a_failure_on_a_terminal_says_what_to_do() {
    let bank = Bank::start();
    bank.fault(
        r#"{"method":"POST","path":"/v1/payments/ach","kind":"drop_after_commit","times":9}"#,
    );
    let line = format!("{} --max-retries 0", program::ACH);
    let (code, shown) = on_terminal(&bank, &line, 100);
    assert_eq!(code, Some(5), "{shown}");
    assert!(shown.contains("UNKNOWN whether money moved"), "{shown}");
    assert!(shown.contains("to resend: --resume --idempotency-key"), "{shown}");
}
