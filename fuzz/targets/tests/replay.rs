//! Everything that is kept in `fuzz/corpus`, and whatever the fuzzer has left in
//! `fuzz/artifacts`, once through its target.
#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::collections::BTreeSet;
use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use qbank_fuzz::TARGETS;

#[test]
fn every_kept_input_goes_through_its_target() {
    let mut failed = Vec::new();
    for (name, target) in TARGETS {
        let kept = inputs(&fuzz().join("corpus").join(name));
        assert!(!kept.is_empty(), "nothing is kept for {name}");
        for path in kept.into_iter().chain(inputs(&fuzz().join("artifacts").join(name))) {
            let input = fs::read(&path).unwrap();
            if catch_unwind(|| target(&input)).is_err() {
                failed.push(path);
            }
        }
    }
    assert!(failed.is_empty(), "these fail: {failed:#?}");
}

#[test]
fn every_target_holds_for_nothing_at_all() {
    for (_, target) in TARGETS {
        target(&[]);
        target(&[0]);
        target(&[0xff; 300]);
    }
}

#[test]
fn the_fuzzer_knows_the_same_targets() {
    let names: BTreeSet<String> = TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let manifest = fs::read_to_string(fuzz().join("Cargo.toml")).unwrap();
    let bins: BTreeSet<String> = manifest
        .split("[[bin]]")
        .skip(1)
        .filter_map(|bin| Some(bin.split_once("name = \"")?.1.split_once('"')?.0.to_owned()))
        .collect();
    assert_eq!(names, bins);
    let wrappers = inputs(&fuzz().join("fuzz_targets")).into_iter();
    let wrappers: BTreeSet<String> =
        wrappers.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    assert_eq!(names, wrappers);
}

fn fuzz() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

fn inputs(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}
