//! The clock that counts a process's own time on the processors: what else runs does
//! not show, and what the kernel does on our behalf does.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// So far.
pub fn time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}

/// Since then.
pub fn since(earlier: Duration) -> Duration {
    time().saturating_sub(earlier)
}
