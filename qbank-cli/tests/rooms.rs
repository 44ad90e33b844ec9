//! The folders of `src` import each other one way only.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top down, as in `src/main.rs`; rooms in one row do not import each other.
const ROOMS: [&[&str]; 9] = [
    &["main"],
    &["commands"],
    &["demo", "receiver", "logging"],
    &["signals"],
    &["output"],
    &["client"],
    &["settings"],
    &["input"],
    &["failure", "args"],
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn row(room: &str) -> usize {
    let row = ROOMS.iter().position(|row| row.contains(&room));
    row.unwrap_or_else(|| panic!("{room} is no room: give it a row"))
}

#[test]
fn imports_go_down() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    for path in files(&source) {
        let inside = path.strip_prefix(&source).unwrap().with_extension("");
        let room = inside.iter().next().and_then(|it| it.to_str()).unwrap();
        let text = fs::read_to_string(&path).unwrap();
        for import in text.split("crate::").skip(1) {
            let end = import.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap();
            let other = &import[..end];
            let goes_down = row(room) < row(other) || room == other;
            assert!(goes_down, "{} imports {other}", path.display());
        }
    }
}
