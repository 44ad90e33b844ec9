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
    with_variables(bank, line, columns, &[])
}

fn with_variables(
    bank: &Bank,
    line: &str,
    columns: u16,
    variables: &[(&str, &str)],
) -> (Option<i32>, String) {
    let size = Winsize { ws_row: 40, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    let pty = openpty(&size, None).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_qbank"))
        .args(line.split_ascii_whitespace())
        .env_clear()
        .env("QBANK_BASE_URL", bank.base_url())
        .env("QBANK_CLIENT_ID", qbank_sandbox::CLIENT_ID)
        .env("QBANK_CLIENT_SECRET", qbank_sandbox::CLIENT_SECRET)
        .envs(variables.iter().copied())
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

/// Whether each line stands within the columns.
#[track_caller]
fn assert_fits(shown: &str, columns: usize) {
    let widest = shown.lines().map(|line| line.trim_end().chars().count()).max();
    assert!(widest <= Some(columns), "{widest:?} of {columns}: {shown}");
}

/// The names above a table, where it is one.
fn head(shown: &str) -> Vec<&str> {
    let is_table = shown.lines().nth(1).is_some_and(|line| line.starts_with('─'));
    let names = shown.lines().next().filter(|_| is_table).unwrap_or_default();
    names.split("  ").map(str::trim).filter(|name| !name.is_empty()).collect()
}

#[test]
fn lists_are_readable_at_eighty_columns() {
    let bank = Bank::start();
    for (line, columns) in [
        ("accounts list", &["account", "name", "type", "currency", "status"][..]),
        ("transactions list", &["transaction", "amount", "description", "value date"]),
        // Two ids and what a person decides by: records.
        ("positive-pay exceptions", &[]),
    ] {
        let (code, shown) = on_terminal(&bank, line, 80);
        assert_eq!(code, Some(0), "{shown}");
        assert_eq!(head(&shown), columns, "{shown}");
        assert_fits(&shown, 80);
    }
    let (_, shown) = on_terminal(&bank, "transactions list", 120);
    assert_eq!(head(&shown).last(), Some(&"status"), "{shown}");
    let (_, shown) = on_terminal(&bank, "positive-pay exceptions", 132);
    assert_eq!(head(&shown).len(), 6, "{shown}");
}

#[test]
fn the_outbox_is_readable_at_eighty_columns() {
    let bank = Bank::start();
    let folder = tempfile::tempdir().unwrap();
    let store = format!("sqlite:{}", folder.path().join("outbox.db").display());
    let outbox = |line: &str| bank.qbank("outbox --store").arg(&store).args(line);
    assert_eq!(outbox("migrate").run().code, Some(0));
    let intent = |id: &str, amount: &str| {
        format!(
            r#"{{"id":"{id}","type":"ach","actor":"clerk","request":{{"source_account_id":"{}","destination_account_id":"{}","amount":{amount}}}}}"#,
            program::OPERATING,
            program::PAYROLL
        )
    };
    let intents = [intent("INV-1", "1.00"), intent("INV-2", "99999999.00")].join("\n");
    assert_eq!(outbox("add -").stdin(intents).run().code, Some(0));
    assert_eq!(outbox("work --until-empty").run().code, Some(0));

    let line = format!("outbox list --store {store}");
    let colours = [("TERM", "xterm")];
    let (_, shown) = with_variables(&bank, &line, 80, &[]);
    assert_eq!(head(&shown), ["#", "id", "state", "fate", "payment", "sends"], "{shown}");
    assert_fits(&shown, 80);
    let (_, wide) = with_variables(&bank, &line, 120, &[]);
    assert_eq!(head(&wide).last(), Some(&"last error"), "{wide}");
    assert_fits(&wide, 120);
    let (_, coloured) = with_variables(&bank, &line, 80, &colours);
    for part in ["\u{1b}[32maccepted\u{1b}[0m", "\u{1b}[31mrefused\u{1b}[0m"] {
        assert_eq!(coloured.matches(part).count(), 2, "{coloured:?}");
    }
    // Without its colours it is the same.
    let plain = ["\u{1b}[32m", "\u{1b}[31m", "\u{1b}[0m"];
    let plain = plain.iter().fold(coloured, |text, sequence| text.replace(sequence, ""));
    assert_eq!(plain, shown);

    // An id that is longer than its column is whole, too.
    let long = format!("INV-{}", "0123456789".repeat(4));
    assert_eq!(outbox("add -").stdin(intent(&long, "2.00")).run().code, Some(0));
    let (_, shown) = with_variables(&bank, &line, 80, &[]);
    assert!(shown.contains(&long), "{shown}");
    assert_fits(&shown, 80);
}

#[test]
fn the_key_is_a_line_for_people_on_a_terminal() {
    let bank = Bank::start();
    for (options, lines) in [
        ("", ["idempotency key: ", "first sent: 20"]),
        (" --output json", ["{\"idempotency_key\": \"", "{\"first_sent\": \"20"]),
    ] {
        let line = format!("{}{options} --idempotency-key {}", program::TRANSFER, program::KEY);
        let (code, shown) = on_terminal(&bank, &line, 80);
        assert_eq!(code, Some(0), "{shown}");
        for (line, begins) in shown.lines().zip(lines) {
            assert!(line.starts_with(begins), "{shown}");
        }
        assert!(shown.lines().next().is_some_and(|it| it.contains(program::KEY)), "{shown}");
    }
}

#[test]
fn colours_say_what_became_of_the_money() {
    let bank = Bank::start();
    let lost = r#"{"method":"POST","path":"/v1/transfers","kind":"drop_after_commit","times":1}"#;
    let broke = program::TRANSFER.replace("75", "99999999");
    let (terminal, green) = (("TERM", "xterm"), "\u{1b}[32maccepted\u{1b}[0m");
    let run = |line: &str, variables: &[(&str, &str)]| {
        with_variables(&bank, &format!("{line} --max-retries 0"), 80, variables).1
    };
    let shown = run(program::TRANSFER, &[terminal]);
    assert!(shown.contains(green), "{shown:?}");
    let shown = run(&broke, &[terminal]);
    assert!(shown.contains("\u{1b}[31merror:\u{1b}[0m "), "{shown:?}");
    bank.fault(lost);
    let shown = run(program::TRANSFER, &[terminal]);
    assert!(shown.contains("\u{1b}[1m\u{1b}[33merror:\u{1b}[0m "), "{shown:?}");

    // Nobody wants any, the terminal has none, or it is no terminal.
    for variables in [&[terminal, ("NO_COLOR", "1")][..], &[("TERM", "dumb")], &[]] {
        for line in [program::TRANSFER, &broke] {
            let shown = run(line, variables);
            assert!(!shown.contains('\u{1b}'), "{variables:?}: {shown:?}");
        }
    }
    for line in [program::TRANSFER, &broke] {
        let piped = bank.qbank(line).args("--output table").env("TERM", "xterm");
        let piped = piped.env("CLICOLOR_FORCE", "1").run();
        assert!(!format!("{piped:?}").contains("u{1b}"), "{piped:?}");
    }
}
