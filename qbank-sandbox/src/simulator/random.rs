//! Randomness from a seed, and from nothing else.

use std::time::Duration;

use crate::bank::ids::{GOLDEN, mix};

/// SplitMix64.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// An own stream for each place in a schedule: calming what happens at one place
    /// does not change what is drawn at another, so that a schedule can be shrunk.
    pub(super) fn at(seed: u64, place: [u64; 5]) -> Self {
        Self(place.into_iter().fold(mix(seed.wrapping_add(GOLDEN)), |state, part| {
            mix(state ^ part.wrapping_add(1).wrapping_mul(GOLDEN))
        }))
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(GOLDEN);
        mix(self.0)
    }

    /// Any number below `bound`; 0 if there is none.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        u64::try_from((u128::from(self.next()) * u128::from(bound)) >> 64).unwrap_or(0)
    }

    pub(super) fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low).saturating_add(1))
    }

    pub(super) fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub(super) fn pick<T: Copy, const N: usize>(&mut self, from: [T; N]) -> T {
        from[usize::try_from(self.below(N as u64)).unwrap_or(0)]
    }

    pub(super) fn millis(&mut self, low: u64, high: u64) -> Duration {
        Duration::from_millis(self.between(low, high))
    }

    /// As likely to be of the order of a second as of a minute or of ten: trouble has
    /// no favourite time.
    pub(super) fn any_delay(&mut self) -> Duration {
        let top = 200 << self.below(13);
        self.millis(top / 2, top)
    }
}
