//! The time of what is done without I/O.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// What this process has used of the processors: whatever else runs, it counts only
/// our own work, the kernel's on our behalf included.
pub fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    Duration::new(
        u64::try_from(time.tv_sec).unwrap_or_default(),
        u32::try_from(time.tv_nsec).unwrap_or_default(),
    )
}
