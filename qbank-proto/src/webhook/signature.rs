//! The ways to write an HMAC-SHA256 tag, read.

use base64ct::{Base64, Encoding};
use subtle::ConstantTimeEq;

pub(crate) const MOST_CANDIDATES: usize = 8;

/// A whole tag; a truncated one cannot be made.
#[derive(Clone, Copy)]
pub(crate) struct Tag([u8; 32]);

/// Several tags, separated by commas or spaces.
pub(crate) fn candidates(header: &str) -> impl Iterator<Item = &str> {
    header
        .split(|c: char| c == ',' || c.is_ascii_whitespace())
        .filter(|candidate| !candidate.is_empty())
}

/// `t=1700000000,v1=…` or `v1,…`: schemes that sign more than the body.
pub(crate) fn looks_timestamped(header: &str) -> bool {
    let version = |text: &str| {
        text.strip_prefix('v').is_some_and(|number| {
            !number.is_empty()
                && number.len() <= 3
                && number.starts_with(|c: char| c.is_ascii_digit())
        })
    };
    header.split(|c: char| c == ',' || c.is_ascii_whitespace()).any(|part| {
        match part.split_once('=') {
            Some((name, value)) => !value.is_empty() && (name == "t" || version(name)),
            None => version(part),
        }
    })
}

impl Tag {
    /// Hex in any case, `sha256=` and hex, base64, or base64url.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let hex = text.strip_prefix("sha256=").unwrap_or(text);
        Self::of_hex(hex).or_else(|| Self::of_base64(text)).or_else(|| Self::of_base64url(text))
    }

    fn of_hex(text: &str) -> Option<Self> {
        let digits: &[u8; 64] = text.as_bytes().try_into().ok()?;
        let mut tag = [0; 32];
        for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
            let [high, low] = pair else { return None };
            *byte = nibble(*high)? << 4 | nibble(*low)?;
        }
        Some(Self(tag))
    }

    pub(crate) fn of_base64(text: &str) -> Option<Self> {
        // 32 bytes are 43 characters, with one of padding or without.
        if !(43..=44).contains(&text.len()) {
            return None;
        }
        let padded = format!("{}=", text.strip_suffix('=').unwrap_or(text));
        Base64::decode_vec(&padded).ok()?.try_into().ok().map(Self)
    }

    fn of_base64url(text: &str) -> Option<Self> {
        if text.contains(['+', '/']) {
            return None;
        }
        Self::of_base64(&text.replace('-', "+").replace('_', "/"))
    }

    pub(crate) fn matches(&self, expected: &[u8; 32]) -> bool {
        self.0.ct_eq(expected).into()
    }
}

fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schemes_with_a_timestamp_are_recognised() {
        for header in ["t=1700000000,v1=abcd", "v1,abcd", "v1,abcd v1,efgh", "v1a,abcd", "v0=ab"] {
            assert!(looks_timestamped(header), "{header}");
        }
        for header in ["sha256=abcd", "q83v", "vVVV=", "t=", "abcd,efgh"] {
            assert!(!looks_timestamped(header), "{header}");
        }
    }
}
