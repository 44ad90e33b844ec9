//! An application outside the workspace is built and tested as a user would do it.

#![allow(clippy::unwrap_used, reason = "a test may fail")]

use std::fs;
use std::path::Path;
use std::process::Command;

#[test]
fn an_application_outside_the_workspace_is_tested_without_a_socket() {
    let sandbox = Path::new(env!("CARGO_MANIFEST_DIR"));
    let application = sandbox.join("tests/application");
    // With the versions of the workspace nothing has to be downloaded.
    fs::copy(sandbox.join("../Cargo.lock"), application.join("Cargo.lock")).unwrap();
    // `target/tmp`: what the workspace has compiled is not compiled again.
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
    let ran = Command::new(env!("CARGO"))
        .args(["test", "--offline", "--manifest-path"])
        .arg(application.join("Cargo.toml"))
        .arg("--target-dir")
        .arg(target)
        .output()
        .unwrap();
    let (out, errors) =
        (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(ran.status.success(), "{out}\n{errors}");
    assert!(out.contains("2 passed"), "{out}");
    let test = fs::read_to_string(application.join("src/tests.rs")).unwrap();
    assert!(test.lines().count() <= 40, "an application's test is short");
}
