//! Random bytes, as a driver hands them in.

use std::fmt;

/// Random bytes that a driver hands in when a call is made: one part for the
/// idempotency key, one, apart from it, for jitter.
#[derive(Clone, Copy)]
pub struct Entropy {
    /// From a cryptographic generator; becomes an idempotency key.
    pub key: [u8; 16],
    /// From any generator; spreads retries.
    pub jitter: u64,
}

impl Entropy {
    /// From 24 bytes of a cryptographic generator.
    pub fn from_bytes(bytes: [u8; 24]) -> Self {
        let (key, jitter) = bytes.split_at(16);
        Self {
            key: key.try_into().unwrap_or_default(),
            jitter: jitter.try_into().map(u64::from_le_bytes).unwrap_or_default(),
        }
    }
}

impl fmt::Debug for Entropy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Entropy")
    }
}
