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
