//! How often, and how far apart, an intent is sent again.

use std::time::Duration;

/// How often, and how far apart, an intent is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Sends beyond the first. 0 means exactly one attempt, whatever happens.
    pub max_retries: u32,
    /// Upper bound of the first delay; doubles with every retry.
    pub base: Duration,
    /// Upper bound of every delay.
    pub cap: Duration,
}

impl Default for RetryPolicy {
    /// 2 retries, 0.5 s base, 8 s cap.
    fn default() -> Self {
        Self { max_retries: 2, base: Duration::from_millis(500), cap: Duration::from_secs(8) }
    }
}

impl RetryPolicy {
    /// Exponential backoff with full jitter: anything from nothing up to the
    /// bound of the `retry`th retry (0 is the first).
    pub(crate) fn backoff(&self, retry: u32, jitter: &mut Jitter) -> Duration {
        let bound =
            self.base.saturating_mul(1_u32.checked_shl(retry).unwrap_or(u32::MAX)).min(self.cap);
        let nanos = u64::try_from(bound.as_nanos()).unwrap_or(u64::MAX);
        Duration::from_nanos(jitter.up_to(nanos))
    }
}

/// SplitMix64, seeded by the driver.
#[derive(Debug, Clone)]
pub(crate) struct Jitter(u64);

impl Jitter {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.up_to(u64::MAX)
    }

    /// An independent generator.
    pub(crate) fn fork(&mut self) -> Self {
        Self(self.next())
    }

    fn up_to(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        // The high half of the product is uniform over 0..=bound.
        let wide = u128::from(z) * (u128::from(bound) + 1);
        u64::try_from(wide >> 64).unwrap_or(bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jitter_reaches_both_ends_of_its_range_and_forks_differ() {
        let mut jitter = Jitter::new(7);
        assert_eq!(jitter.up_to(0), 0);
        let drawn: Vec<u64> = (0..64).map(|_| jitter.up_to(1)).collect();
        assert!(drawn.contains(&0) && drawn.contains(&1));
        assert_ne!(jitter.fork().next(), jitter.fork().next());
    }

    #[test]
    fn full_jitter_stays_below_a_doubling_bound_and_the_cap() {
        let policy = RetryPolicy::default();
        let mut jitter = Jitter::new(42);
        for (retry, bound) in [(0, 500), (1, 1000), (4, 8000), (31, 8000), (32, 8000), (99, 8000)] {
            let mut largest = Duration::ZERO;
            for _ in 0..1000 {
                let delay = policy.backoff(retry, &mut jitter);
                assert!(delay <= Duration::from_millis(bound));
                largest = largest.max(delay);
            }
            assert!(largest > Duration::from_millis(bound * 9 / 10), "jitter must use its range");
        }
    }
}
