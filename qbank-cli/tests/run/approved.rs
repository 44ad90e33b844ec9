//! `--hold`, and `--approve` by somebody else.

use crate::program::Folder;
use crate::program::folder::{refused, result};
use serde_json::json;

#[test]
fn what_is_held_is_sent_once_somebody_else_approves_it() {
    let folder = Folder::of(5);
    let ended = folder.run("p.csv --yes --hold --actor alice").run();
    assert!(ended.stderr.starts_with("0 of 5 rows, 0.00 of 5.15 dollars"), "{ended:?}");
    let found = result(&ended, 0);
    assert_eq!((&found["held"], &found["accepted"]), (&json!(5), &json!(0)));
    assert_eq!(folder.outcomes("p.csv"), ["held"; 5]);
    // Nor by the same command, nor without the option.
    for line in ["p.csv --yes --hold --actor alice", "p.csv --yes --actor alice"] {
        assert_eq!(result(&folder.run(line).run(), 0)["held"], 5);
    }
    let message = refused(&folder.run("p.csv --approve --actor alice").run());
    assert!(message.contains("alice") && message.contains("somebody else"), "{message}");
    let ended = folder.run("p.csv --approve").run();
    assert_eq!(ended.error(2)["kind"], "invalid_input");
    assert_eq!(folder.bank.sends("/payments/ach").len(), 0);

    let found = result(&folder.run("p.csv --approve --actor bob").run(), 0);
    assert_eq!((&found["held"], &found["accepted"]), (&json!(0), &json!(5)));
    // The same command again, as after an interruption.
    assert_eq!(result(&folder.run("p.csv --approve --actor bob").run(), 0), found);
    assert_eq!(folder.bank.entries(), 5);
}

#[test]
fn a_file_that_was_changed_meanwhile_is_not_approved() {
    let folder = Folder::of(5);
    result(&folder.run("p.csv --yes --hold --actor alice").run(), 0);
    folder.write("p.csv", folder.read("p.csv").replace("1.03", "9.03"));
    let message = refused(&folder.run("p.csv --approve --actor bob").run());
    assert!(message.contains("not the file"), "{message}");
    folder.write("q.csv", folder.read("p.csv"));
    let message = refused(&folder.run("q.csv --approve --actor bob").run());
    assert!(message.contains("nothing to approve"), "{message}");
    assert_eq!(folder.bank.entries(), 0);
}

/// Who asks for an approval must not see the money leave.
#[test]
fn a_run_that_began_without_hold_is_not_sent_by_it() {
    let folder = Folder::of(60);
    folder.bank.fault(r#"{"path":"/payments/ach","kind":"delay","ms":300,"times":1000}"#);
    let running = folder.run("p.csv --yes").start();
    running.until("a payment", || (folder.bank.entries() > 0).then_some(()));
    running.signal("TERM");
    result(&running.end(), 3);
    let paid = folder.bank.entries();
    let message = refused(&folder.run("p.csv --yes --hold").run());
    assert!(message.contains("began without --hold"), "{message}");
    assert_eq!(folder.bank.entries(), paid);
}

#[test]
fn on_a_terminal_who_approves_is_asked() {
    let folder = Folder::of(3);
    result(&folder.run("p.csv --yes --hold --actor alice").run(), 0);
    let line = "p.csv --approve --actor bob";
    for (key, code, paid) in [("n", 2, 0), ("y", 0, 3)] {
        let mut terminal = folder.on_terminal(line);
        terminal.until("Approve and pay 3 payments, 3.06 dollars? [y/N] ");
        terminal.press(&format!("{key}\r"));
        let (ended, shown) = terminal.end();
        assert_eq!((ended, folder.bank.entries()), (Some(code), paid), "{shown}");
    }
}
