//! Asks callgrind how many instructions a program takes.

use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::Failure;

/// What this program takes with these arguments: all of it, or what happens inside of
/// one function. Its child processes are not counted, nor is the kernel.
pub fn instructions(
    program: &Path,
    arguments: &[&str],
    inside: Option<&str>,
) -> Result<u64, Failure> {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let run = RUNS.fetch_add(1, Ordering::Relaxed);
    let file = std::env::temp_dir().join(format!("callgrind.{}.{run}", std::process::id()));
    let mut valgrind = Command::new("valgrind");
    valgrind.args(["--tool=callgrind", "--quiet"]);
    if let Some(function) = inside {
        valgrind.args(["--collect-atstart=no", &format!("--toggle-collect={function}*")]);
    }
    valgrind.arg(format!("--callgrind-out-file={}", file.display()));
    let ran = valgrind.arg(program).args(arguments).output();
    let ran = ran.map_err(|error| format!("valgrind: {error}"))?;
    if !ran.status.success() {
        return Err(String::from_utf8_lossy(&ran.stderr).into_owned().into());
    }
    let profile = std::fs::read_to_string(&file)?;
    std::fs::remove_file(&file)?;
    let total = profile.lines().find_map(|line| line.strip_prefix("totals: "));
    let total = total.ok_or("callgrind gave no total")?.trim().parse()?;
    if total == 0 { Err("callgrind did not find what it should measure".into()) } else { Ok(total) }
}
