//! What the tests of the program share: runs of the built program, a sandbox bank in
//! this process, and a scripted bank.

#![allow(
    dead_code,
    unused_imports,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "shared by tests, of which each uses a part; one that cannot set up has failed"
)]

pub(crate) mod bank;
pub(crate) mod document;
pub(crate) mod folder;
pub(crate) mod lists;
pub(crate) mod run;
pub(crate) mod scripted;
#[cfg(target_os = "linux")]
pub(crate) mod terminal;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tempfile::TempDir;

pub(crate) use bank::Bank;
pub(crate) use folder::Folder;
pub(crate) use run::{Ended, Program, Running};
#[cfg(target_os = "linux")]
pub(crate) use terminal::Terminal;

/// No test waits longer for anything.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) const OPERATING: &str = "acc00000-0000-4000-8000-000000000001";
pub(crate) const PAYROLL: &str = "acc00000-0000-4000-8000-000000000002";
pub(crate) const CLOSED: &str = "acc00000-0000-4000-8000-000000000005";
pub(crate) const KEY: &str = "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11";

pub(crate) const ACH: &str = "payments ach \
    --from acc00000-0000-4000-8000-000000000001 \
    --to acc00000-0000-4000-8000-000000000002 --amount 1000.5";
pub(crate) const WIRE: &str = "payments wire \
    --from acc00000-0000-4000-8000-000000000001 --beneficiary-name ACME \
    --bank-id 021000021 --account-number 739105528846 --amount 250.1 --reference INV-7";
pub(crate) const TRANSFER: &str = "transfers create \
    --from acc00000-0000-4000-8000-000000000001 \
    --to acc00000-0000-4000-8000-000000000002 --amount 75";
pub(crate) const ISSUE: &str = "positive-pay issue \
    --account acc00000-0000-4000-8000-000000000001 --check-number 1001 \
    --amount 99.99 --issue-date 2026-01-05";
pub(crate) const WRITES: [&str; 4] = [ACH, WIRE, TRANSFER, ISSUE];

pub(crate) const READS: [&str; 7] = [
    "token",
    "accounts list",
    "balances get acc00000-0000-4000-8000-000000000001",
    "transactions list",
    "payments get 0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
    "payments wait 0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40",
    "positive-pay exceptions",
];

/// A file in a folder that lasts as long as the test keeps it; only its owner can read it.
pub(crate) fn file(content: &str) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, content).unwrap();
    set_mode(&path, 0o600);
    (folder, path)
}

#[cfg(unix)]
pub(crate) fn set_mode(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

#[cfg(not(unix))]
pub(crate) fn set_mode(_: &Path, _: u32) {}

pub(crate) fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap()
}
