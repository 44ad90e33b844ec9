//! Named places at which a test ends this process, as a power cut would.

/// Ends the process, without any destructor, where `QBANK_FAILPOINT` names this place and how
/// often it was passed before: `turn.written=3`.
#[cfg(feature = "failpoints")]
pub(crate) fn pass(name: &str) {
    use std::sync::atomic::{AtomicU32, Ordering};

    static PASSED: AtomicU32 = AtomicU32::new(0);
    let Ok(wanted) = std::env::var("QBANK_FAILPOINT") else { return };
    let Some((place, nth)) = wanted.split_once('=') else { return };
    if place != name {
        return;
    }
    let passed = PASSED.fetch_add(1, Ordering::Relaxed) + 1;
    if nth.parse() == Ok(passed) {
        std::process::abort();
    }
}

#[cfg(not(feature = "failpoints"))]
pub(crate) const fn pass(_: &str) {}
