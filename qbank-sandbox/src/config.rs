//! How a bank starts.

use std::time::Duration;

/// How a bank starts.
#[derive(Debug, Clone)]
pub struct BankConfig {
    /// Every id and token follows from it.
    pub seed: u64,
    /// The unix time at which the bank opens: what lies before it is history. The
    /// server sets it from the system's clock.
    pub start: Duration,
    /// How long a token is valid.
    pub token_lifetime: Duration,
}

impl Default for BankConfig {
    /// Seed 1, a Monday afternoon (2026-01-05, 14:00 UTC), tokens for an hour.
    fn default() -> Self {
        Self {
            seed: 1,
            start: Duration::from_secs(1_767_621_600),
            token_lifetime: Duration::from_secs(3_600),
        }
    }
}
