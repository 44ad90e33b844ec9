//! The folders of `src` are rooms, and imports go down the list only.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

/// From the top of the house to its ground.
const ROOMS: [&str; 15] = [
    "webhook", "client", "list", "call", "session", "endpoint", "config", "policy", "error",
    "response", "machine", "resource", "json", "calendar", "types",
];

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else if path.ends_with("tests.rs") {
            // A module of tests with a file of its own.
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found
}

/// The rooms that a piece of code names: in `use crate::…`, in paths, in links of docs.
fn named(code: &str) -> BTreeSet<&str> {
    code.split("crate::")
        .skip(1)
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').next().unwrap())
        .collect()
}

/// What of a file is compiled into the library: tests may look anywhere.
fn shipped(code: &str) -> String {
    let code = code.split("#[cfg(test)]").next().unwrap();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn every_folder_is_a_room() {
    let mut folders: Vec<String> = fs::read_dir(source())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.is_dir())
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect();
    let mut rooms = ROOMS.map(ToOwned::to_owned).to_vec();
    folders.sort();
    rooms.sort();
    assert_eq!(folders, rooms);
    let flat = files(&source()).iter().filter(|it| it.parent() == Some(&source())).count();
    assert_eq!(flat, 1, "only lib.rs lies beside the rooms");
}

#[test]
fn imports_go_down_the_list_only() {
    let mut up = Vec::new();
    for (at, room) in ROOMS.iter().enumerate() {
        for file in files(&source().join(room)) {
            let code = shipped(&fs::read_to_string(&file).unwrap());
            for other in named(&code) {
                match ROOMS.iter().position(|it| *it == other) {
                    Some(position) if position < at => {
                        up.push(format!("{} imports {other}", file.display()));
                    }
                    Some(_) => {}
                    // A name at the crate root is a way around the list.
                    None => up.push(format!("{} imports crate::{other}", file.display())),
                }
            }
        }
    }
    assert!(up.is_empty(), "{}", up.join("\n"));
}

#[test]
fn every_room_says_what_it_is_for() {
    for room in ROOMS {
        let code = fs::read_to_string(source().join(room).join("mod.rs")).unwrap();
        assert!(code.starts_with("//! "), "{room}");
    }
}
