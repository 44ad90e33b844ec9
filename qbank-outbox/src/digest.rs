//! SHA-256 as it stands in the tables: hex, lower-case.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

pub(crate) fn digest(bytes: &[u8]) -> String {
    digest_of(&[bytes])
}

/// Of parts, one after the other.
pub(crate) fn digest_of(parts: &[&[u8]]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}
