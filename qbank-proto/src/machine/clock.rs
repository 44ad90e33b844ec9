//! Both clocks, as a driver reads them.

use std::time::Duration;

use chrono::{DateTime, Utc};

/// Both clocks, read by the driver.
///
/// All calls of one session must use one origin for `mono`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Now {
    /// Time since an arbitrary origin, by a clock that never goes back.
    pub mono: Duration,
    /// Time since 1970-01-01T00:00:00Z, by the wall clock.
    pub unix: Duration,
}

impl Now {
    /// The wall clock as a date-time; what chrono cannot hold is its last moment.
    pub fn utc(self) -> DateTime<Utc> {
        i64::try_from(self.unix.as_secs())
            .ok()
            .and_then(|seconds| DateTime::from_timestamp(seconds, self.unix.subsec_nanos()))
            .unwrap_or(DateTime::<Utc>::MAX_UTC)
    }

    /// Time since `earlier`, by whichever of the two clocks advanced more: a
    /// machine that slept stops one of them, a clock that is set moves the other.
    pub(crate) fn since(self, earlier: Self) -> Duration {
        let mono = self.mono.saturating_sub(earlier.mono);
        let unix = self.unix.saturating_sub(earlier.unix);
        mono.max(unix)
    }
}
