//! Durations as seconds, for messages.

use std::time::Duration;

/// Seconds with as many decimals as they have: `180`, `0.5`. Not by way of a float, whose
/// printing would weigh more in the npm package than all of a call.
pub(crate) fn seconds(time: Duration) -> String {
    let text = format!("{}.{:09}", time.as_secs(), time.subsec_nanos());
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Whole seconds, rounded up.
pub(crate) fn seconds_up(time: Duration) -> u64 {
    time.as_secs().saturating_add(u64::from(time.subsec_nanos() > 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_written_with_the_decimals_that_they_have() {
        for (ms, text, up) in [
            (0, "0", 0),
            (1, "0.001", 1),
            (500, "0.5", 1),
            (1250, "1.25", 2),
            (180_000, "180", 180),
        ] {
            let time = Duration::from_millis(ms);
            assert_eq!(seconds(time), text);
            assert_eq!(seconds_up(time), up);
        }
        assert_eq!(seconds_up(Duration::MAX), u64::MAX);
    }
}
