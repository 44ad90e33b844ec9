//! The rooms of `src` import from those below them only.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::{Path, PathBuf};

/// From the top down.
const ROOMS: [&str; 10] = [
    "simulator",
    "in_process",
    "server",
    "dispatch",
    "control",
    "api",
    "bank",
    "faults",
    "config",
    "message",
];

#[test]
fn no_room_imports_from_one_above_it() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut upwards = Vec::new();
    for (place, room) in ROOMS.iter().enumerate() {
        for file in files(&source.join(room)) {
            let text = fs::read_to_string(&file).unwrap();
            let code = text.lines().filter(|line| !line.trim_start().starts_with("//"));
            for used in code.flat_map(|line| line.split("crate::").skip(1)) {
                let used: String =
                    used.chars().take_while(|it| it.is_alphanumeric() || *it == '_').collect();
                let at = ROOMS.iter().position(|room| **room == used);
                if at.is_none_or(|at| at < place) {
                    upwards.push(format!("{}: crate::{used}", file.display()));
                }
            }
        }
    }
    assert!(upwards.is_empty(), "{upwards:#?}");
}

#[test]
fn every_module_of_the_crate_root_is_a_room() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/lib.rs");
    let text = fs::read_to_string(root).unwrap();
    let modules = text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'));
    let mut modules: Vec<&str> = modules.collect();
    let mut rooms = ROOMS.to_vec();
    modules.sort_unstable();
    rooms.sort_unstable();
    assert_eq!(modules, rooms);
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}
