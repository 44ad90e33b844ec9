//! Files and folders that cannot be used: each is named, and nothing is sent.

use crate::program::Folder;
use crate::program::folder::{refused, result};

#[track_caller]
fn not_sent(folder: &Folder, line: &str, told: &str) {
    let ended = folder.run(line).run();
    let message = refused(&ended);
    assert!(message.contains(told), "{told}: {message}");
    assert!(!ended.stderr.contains("panicked"), "{ended:?}");
    assert_eq!(folder.bank.sends("/payments/ach").len(), 0);
}

/// Files that root may write whatever their mode is are only tried as somebody else.
fn is_root(folder: &Folder) -> bool {
    std::fs::create_dir(folder.path("probe")).unwrap();
    crate::program::set_mode(&folder.path("probe"), 0o500);
    let is_root = std::fs::write(folder.path("probe/file"), "").is_ok();
    crate::program::set_mode(&folder.path("probe"), 0o700);
    is_root
}

#[test]
fn a_file_that_cannot_be_read() {
    let folder = Folder::of(1);
    std::fs::create_dir(folder.path("folder")).unwrap();
    folder.write("empty.csv", "");
    not_sent(&folder, "none.csv --yes", "none.csv cannot be read: No such file");
    not_sent(&folder, "folder --yes", "folder cannot be read: it is a folder");
    not_sent(&folder, "/dev/null --yes", "/dev/null cannot be read: it is no regular file");
    not_sent(&folder, "empty.csv --yes", "empty.csv is not paid: nothing was sent");
    if !is_root(&folder) {
        crate::program::set_mode(&folder.path("p.csv"), 0);
        not_sent(&folder, "p.csv --yes", "p.csv cannot be read: Permission denied");
    }
}

#[test]
fn a_journal_that_cannot_be_used() {
    let folder = Folder::of(1);
    folder.write("text.db", "this is no database, and somebody needs it");
    not_sent(&folder, "p.csv --yes --journal text.db", "text.db is no SQLite database");
    assert_eq!(folder.read("text.db"), "this is no database, and somebody needs it");
    not_sent(&folder, "p.csv --yes --journal none/j.db", "none/j.db.lock cannot be locked");
    std::fs::create_dir(folder.path("folder.db")).unwrap();
    not_sent(&folder, "p.csv --yes --journal folder.db", "folder.db cannot be opened");
    not_sent(
        &folder,
        "p.csv --yes --journal p.csv",
        "the journal and the payments are the same file",
    );
    if !is_root(&folder) {
        std::fs::create_dir(folder.path("ro")).unwrap();
        crate::program::set_mode(&folder.path("ro"), 0o500);
        not_sent(&folder, "p.csv --yes --journal ro/j.db", "ro/j.db.lock cannot be locked");
    }
}

#[test]
fn results_that_cannot_be_written() {
    let folder = Folder::of(1);
    std::fs::create_dir(folder.path("folder")).unwrap();
    not_sent(&folder, "p.csv --yes --results none/r.csv", "none/r.csv cannot be written");
    not_sent(&folder, "p.csv --yes --results folder", "folder cannot be written");
    not_sent(&folder, "p.csv --yes --failed-to none/f.csv", "none/f.csv cannot be written");
    for line in ["--results p.csv", "--results ./p.csv", "--results j.db --journal j.db"] {
        not_sent(&folder, &format!("p.csv --yes {line}"), "would overwrite");
    }
    not_sent(&folder, "p.csv --yes --results r.csv --failed-to r.csv", "would overwrite");
    assert!(folder.read("p.csv").starts_with("payment_id"));
    let names = folder.names();
    assert!(!names.iter().any(|name| name.contains(".part")), "{names:?}");
    assert!(!names.contains(&"p.csv.qbank.db".to_owned()), "{names:?}");
}

/// The money is told of, whatever becomes of the file.
#[test]
fn results_that_cannot_be_written_in_the_end() {
    let folder = Folder::of(30);
    std::fs::create_dir(folder.path("r")).unwrap();
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":200,"times":1000}"#);
    let running = folder.run("p.csv --yes --results r/r.csv").start();
    running.until("a payment", || (folder.bank.entries() > 0).then_some(()));
    std::fs::remove_dir_all(folder.path("r")).unwrap();
    let ended = running.end();
    let found = result(&ended, 0);
    assert_eq!(found["accepted"], 30);
    assert_eq!(found["results"], serde_json::Value::Null);
    assert!(ended.stderr.contains("r/r.csv cannot be written"), "{ended:?}");
    assert!(ended.stderr.contains("the journal has all of it"), "{ended:?}");
}

/// Killed in the moment in which it made its journal.
#[test]
fn a_journal_that_was_not_finished() {
    let folder = Folder::of(2);
    folder.write("p.csv.qbank.db", "");
    assert_eq!(result(&folder.run("p.csv --yes").run(), 0)["accepted"], 2);
}

/// Whoever reads the code must not take the payments for unsent.
#[test]
fn a_journal_that_is_lost_while_it_is_worked_on() {
    let folder = Folder::of(30);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":200,"times":1000}"#);
    let running = folder.run("p.csv --yes").start();
    running.until("a payment", || (folder.bank.entries() > 0).then_some(()));
    std::fs::remove_file(folder.path("p.csv.qbank.db")).unwrap();
    let error = running.end().error(5);
    assert_eq!(error["fate"], "unknown", "{error}");
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains("payments may have been sent"), "{message}");
}

/// A journal that was moved away, or another one that was named by mistake.
#[test]
fn results_without_their_journal_may_be_of_these_payments() {
    let folder = Folder::of(2);
    result(&folder.run("p.csv --yes").run(), 0);
    let results = folder.read("p.csv.results.csv");
    for line in ["p.csv --yes --journal other.db", "p.csv --yes --journal other.db --hold"] {
        let message = refused(&folder.run(line).run());
        assert!(message.contains("may have been made before"), "{message}");
    }
    std::fs::rename(folder.path("p.csv.qbank.db"), folder.path("moved.db")).unwrap();
    let message = refused(&folder.run("p.csv --yes").run());
    assert!(
        message.contains("of another run than this one, which p.csv.qbank.db does not have"),
        "{message}"
    );
    assert_eq!(folder.read("p.csv.results.csv"), results);
    assert_eq!(folder.bank.entries(), 2);
    // What is no results file is overwritten, such as one that a script made.
    folder.write("r.csv", "");
    folder.write("q.csv", crate::program::folder::invoices(3..=3));
    result(&folder.run("q.csv --yes --results r.csv").run(), 0);
}
