//! What the guide shows works as it is printed.

use crate::program::Folder;
use crate::program::folder::result;

const GUIDE: &str = include_str!("../../../docs/src/guides/runs.md");

fn blocks(of: &str) -> Vec<&str> {
    let start = format!("```{of}\n");
    let parts = GUIDE.split(&start).skip(1);
    parts.map(|part| part.split("```").next().unwrap()).collect()
}

/// The words of its command lines, without `qbank run` and what is said of them.
fn runs(block: &str) -> Vec<&str> {
    let lines = block.lines().filter_map(|line| line.strip_prefix("qbank run "));
    lines.map(|line| line.split('#').next().unwrap().trim()).collect()
}

#[test]
fn its_commands_work_in_their_order() {
    let folder = Folder::new();
    folder.write("payments.csv", blocks("csv")[0]);
    let shell = blocks("sh");
    for line in runs(shell[0]).into_iter().chain(runs(shell[1])) {
        result(&folder.run(line).run(), 0);
    }
    assert_eq!(folder.bank.entries(), 3);
    assert_eq!(folder.outcomes("payments.csv"), ["accepted"; 3]);

    let folder = Folder::new();
    folder.write("payments.csv", blocks("csv")[0]);
    let [hold, approve] = runs(shell[2]).try_into().unwrap();
    assert_eq!(result(&folder.run(hold).run(), 0)["held"], 3);
    assert_eq!(result(&folder.run(approve).run(), 0)["accepted"], 3);
}

#[test]
fn its_files_are_those_beside_the_payments() {
    let folder = Folder::new();
    folder.write("payments.csv", blocks("csv")[0]);
    result(&folder.run("payments.csv --yes").run(), 0);
    let names = folder.names();
    for name in names.iter().filter(|name| *name != "payments.csv") {
        assert!(GUIDE.contains(&format!("| `{name}` |")), "{name}");
    }
    assert_eq!(names.len(), 4, "{names:?}");
}
