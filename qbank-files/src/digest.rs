//! Digests, so that of each row only its digest is kept.

use std::fmt::Write as _;
use std::io::{self, Read};

use sha2::{Digest as _, Sha256};

/// Half of a SHA-256: enough that no two texts meet by accident or by intent.
pub(crate) type Digest = [u8; 16];

pub(crate) fn digest(text: &str) -> Digest {
    half(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 in lower-case hex, as it stands in the outbox's tables.
pub(crate) fn hex_digest(text: &str) -> String {
    hex(&Sha256::digest(text.as_bytes()))
}

/// SHA-256 of all bytes of a file in lower-case hex: what a run knows its file by.
pub fn file_digest(mut input: impl Read) -> io::Result<String> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    loop {
        match input.read(&mut buffer)? {
            0 => return Ok(hex(&digest.finalize())),
            read => digest.update(buffer.get(..read).unwrap_or_default()),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(64), |mut hex, byte| {
        // Writing to a string cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// What [`digest`] gives for the text of a [`hex_digest`]; `None` of anything else.
pub(crate) fn of_hex(hex: &str) -> Option<Digest> {
    let bytes = hex.as_bytes();
    if bytes.len() != 64 || !bytes.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    let mut digest = Digest::default();
    for (at, byte) in digest.iter_mut().enumerate() {
        *byte = u8::from_str_radix(hex.get(at * 2..at * 2 + 2)?, 16).ok()?;
    }
    Some(digest)
}

fn half(whole: &[u8]) -> Digest {
    let mut digest = Digest::default();
    for (to, from) in digest.iter_mut().zip(whole) {
        *to = *from;
    }
    digest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_is_the_first_half_of_its_hex() {
        assert_eq!(of_hex(&hex_digest("a payee")), Some(digest("a payee")));
        assert_ne!(digest("a payee"), digest("another"));
        let not_hex = "g".repeat(64);
        for text in ["", "abcd", not_hex.as_str()] {
            assert_eq!(of_hex(text), None);
        }
    }
}
