//! Before anything is sent: a dry run, a question, and what is shown on a terminal.

use crate::program::Folder;
use crate::program::folder::{invoices, refused, result};
use serde_json::json;

#[test]
fn a_dry_run_sends_nothing_and_writes_nothing() {
    let folder = Folder::of(3);
    let ended = folder.run("p.csv --dry-run").run();
    let found = result(&ended, 0);
    assert_eq!((&found["dry_run"], &found["rows"]), (&json!(true), &json!(3)));
    assert_eq!(found["total"], "3.06");
    assert_eq!(found["summary"]["by_type"][0]["of"], "ach");
    assert_eq!(folder.names(), ["p.csv"]);
    // Of a bad file, too.
    folder.write("p.csv", invoices(1..=3).replace("021000021", "021000022"));
    assert_eq!(
        folder.run("p.csv --dry-run").run().error(2)["rows"].as_array().map(Vec::len),
        Some(3)
    );
    assert_eq!(folder.names(), ["p.csv"]);
    assert_eq!(folder.bank.requests().len(), 0);
}

#[test]
fn a_dry_run_of_a_file_that_was_paid_changes_nothing() {
    let folder = Folder::of(3);
    result(&folder.run("p.csv --yes").run(), 0);
    let (names, journal) = (folder.names(), std::fs::read(folder.path("p.csv.qbank.db")).unwrap());
    let requests = folder.bank.requests().len();
    let ended = folder.run("p.csv --dry-run --output table").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.contains("3 of them are in the journal already"), "{ended:?}");
    assert_eq!(folder.names(), names);
    assert_eq!(std::fs::read(folder.path("p.csv.qbank.db")).unwrap(), journal);
    assert_eq!(folder.bank.requests().len(), requests);
}

#[test]
fn where_nobody_can_be_asked_yes_is_needed() {
    let folder = Folder::of(3);
    for input in ["", "y\n"] {
        let message = refused(&folder.run("p.csv").stdin(input).run());
        assert!(message.contains("3 payments, 3.06 dollars"), "{message}");
        assert!(message.contains("--yes") && message.contains("nothing was sent"), "{message}");
    }
    assert_eq!(folder.bank.sends("/payments/ach").len(), 0);
    assert!(!folder.path("p.csv.qbank.db").exists());
}

#[test]
fn on_a_terminal_y_pays() {
    let folder = Folder::of(30);
    let mut terminal = folder.on_terminal("p.csv");
    terminal.until("Pay 30 payments, 34.65 dollars? [y/N] ");
    assert_eq!(folder.bank.sends("/payments/ach").len(), 0);
    terminal.press("y\r");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(0), "{shown}");
    for text in ["p.csv: 30 payments, 34.65 dollars", "30/30 rows", "accepted", "p.csv.results.csv"]
    {
        assert!(shown.contains(text), "{text}: {shown}");
    }
    assert_eq!(folder.bank.entries(), 30);
}

#[test]
fn on_a_terminal_anything_else_pays_nothing() {
    let folder = Folder::of(3);
    // Ctrl-D is the end of the input, Ctrl-C a signal.
    for (keys, code) in [("n\r", 2), ("\r", 2), ("\u{4}", 2), ("\u{3}", 3)] {
        let mut terminal = folder.on_terminal("p.csv");
        terminal.until("[y/N] ");
        terminal.press(keys);
        let (ended, shown) = terminal.end();
        assert_eq!(ended, Some(code), "{keys:?}: {shown}");
        let told = ["nothing was sent", "before anything was sent"];
        assert!(told.iter().any(|told| shown.contains(told)), "{keys:?}: {shown}");
        assert!(!folder.path("p.csv.qbank.db").exists());
    }
    assert_eq!(folder.bank.sends("/payments/ach").len(), 0);
}

#[test]
fn the_question_warns_of_a_balance_that_is_too_low() {
    let folder = Folder::new();
    folder.write("p.csv", invoices(1..=2).replace(",1.0", ",400000.0"));
    let mut terminal = folder.on_terminal("p.csv");
    terminal.until("[y/N] ");
    terminal.press("n\r");
    let (_, shown) = terminal.end();
    let shown: Vec<&str> = shown.split_whitespace().collect();
    let told = "has 250000.00 dollars, and 800000.03 are to be paid from it";
    assert!(shown.join(" ").contains(told), "{shown:?}");
}

/// The widest line, but for the bar, which is filled up to the last column of its terminal.
fn widest(shown: &str) -> usize {
    let lines = shown.split(['\r', '\n']).filter(|line| !line.contains(['█', '░']));
    lines.map(|line| plain(line).chars().count()).max().unwrap_or(0)
}

/// Without the sequences that move the cursor or colour.
fn plain(line: &str) -> String {
    let (mut plain, mut escaped) = (String::new(), false);
    for c in line.chars() {
        match c {
            '\u{1b}' => escaped = true,
            c if escaped => escaped = !c.is_ascii_alphabetic(),
            c => plain.push(c),
        }
    }
    plain
}

#[test]
fn an_interruption_is_told_of_and_no_line_is_too_wide() {
    let folder = Folder::of(300);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":300,"times":99}"#);
    let mut terminal = folder.on_terminal("p.csv --yes");
    terminal.until("8/300 rows");
    terminal.press("\u{3}");
    let (code, shown) = terminal.end();
    assert_eq!(code, Some(3), "{shown}");
    let words = plain(&shown).split_whitespace().collect::<Vec<_>>().join(" ");
    for text in ["stopping: nothing new is sent", "pending", "the same command goes on"] {
        assert!(words.contains(text), "{text}: {shown}");
    }
    assert!(widest(&shown) <= 80, "{shown}");
    // What is under way is not in doubt.
    assert!(!words.contains("8 unknown"), "{shown}");

    let (code, shown) = folder.on_terminal("p.csv --yes").end();
    assert_eq!(code, Some(0), "{shown}");
    assert!(shown.contains("goes on with the run"), "{shown}");
    assert_eq!(folder.bank.entries(), 300);
}

#[test]
fn a_program_gets_one_plain_line_a_second_at_most() {
    let folder = Folder::of(40);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":300,"times":99}"#);
    let ended = folder.run("p.csv --yes").run();
    result(&ended, 0);
    let lines = ended.stderr.lines().count();
    assert!((1..=6).contains(&lines), "{ended:?}");
    let last = ended.stderr.lines().last().unwrap_or_default();
    assert!(last.starts_with("40 of 40 rows, 48.20 of 48.20 dollars; 40 accepted"), "{ended:?}");
    assert!(!ended.stderr.contains('\u{1b}'), "{ended:?}");
}
