//! The nightly load: when what happened until then becomes visible in accounts,
//! transactions and exceptions.

use std::time::Duration;

use super::clock::{date, hour_of};

/// The hour of the load.
const NIGHTLY_LOAD: u64 = 1;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// The load after which something that happens at `moment` is visible.
pub(crate) fn load_after(moment: Duration) -> Duration {
    let tonight = hour_of(date(moment), NIGHTLY_LOAD);
    if tonight > moment { tonight } else { tonight.saturating_add(DAY) }
}

/// The latest load at `now`.
pub(crate) fn load_before(now: Duration) -> Duration {
    load_after(now).saturating_sub(DAY)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bank::time::timestamp;

    fn moment(text: &str) -> Duration {
        let time = chrono::DateTime::parse_from_rfc3339(text).unwrap();
        Duration::from_secs(u64::try_from(time.timestamp()).unwrap())
    }

    #[test]
    fn a_load_comes_every_night_at_one() {
        let load = |text| timestamp(load_after(moment(text)));
        assert_eq!(load("2026-01-05T00:59:59Z"), "2026-01-05T01:00:00.000Z");
        assert_eq!(load("2026-01-05T01:00:00Z"), "2026-01-06T01:00:00.000Z");
        let at_one = moment("2026-01-05T01:00:00Z");
        assert_eq!(load_before(at_one), at_one);
        assert_eq!(load_before(moment("2026-01-05T00:59:59Z")), moment("2026-01-04T01:00:00Z"));
    }
}
