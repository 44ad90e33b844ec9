//! A delivery, verified: HMAC-SHA256 over its body, the tag in hex.
//!
//! By hand it is the prepared key, cloned, fed and compared in constant time, and
//! the tag read from the hex digits of its header: what the library has to do too.

use std::fmt::Write as _;
use std::time::Duration;

use hmac::{Hmac, KeyInit, Mac};
use qbank_proto::webhook::{Delivery, Verifier};
use sha2::Sha256;

use crate::Failure;

/// The secret.
pub const SECRET: &str = "benchmark-webhook-secret";

/// A body of so many bytes and its tag in hex.
#[derive(Debug, Clone)]
pub struct Signed {
    /// The raw body.
    pub body: Vec<u8>,
    /// The header.
    pub signature: String,
}

impl Signed {
    /// Of so many bytes.
    pub fn new(length: usize) -> Result<Self, Failure> {
        let body: Vec<u8> = (b' '..=b'~').cycle().take(length).collect();
        let mut mac = prepared()?;
        mac.update(&body);
        let tag = mac.finalize().into_bytes();
        let mut signature = String::with_capacity(64);
        for byte in tag {
            write!(signature, "{byte:02x}")?;
        }
        Ok(Self { body, signature })
    }
}

/// The library's verifier.
pub fn verifier() -> Result<Verifier, Failure> {
    Ok(Verifier::new([SECRET])?)
}

/// By the library.
pub fn ours(verifier: &Verifier, signed: &Signed) -> bool {
    let delivery = Delivery {
        body: &signed.body,
        signature: (&signed.signature).into(),
        event_id: None,
        timestamp: None,
    };
    verifier.verify(&delivery, Duration::ZERO).is_ok()
}

/// The key, prepared once.
pub fn prepared() -> Result<Hmac<Sha256>, Failure> {
    Ok(Hmac::new_from_slice(SECRET.as_bytes())?)
}

/// By hand.
pub fn by_hand(key: &Hmac<Sha256>, signed: &Signed) -> bool {
    let Some(tag) = tag(&signed.signature) else { return false };
    let mut mac = key.clone();
    mac.update(&signed.body);
    mac.verify_slice(&tag).is_ok()
}

/// The bytes of 64 hex digits.
pub fn tag(hex: &str) -> Option<[u8; 32]> {
    let digits: &[u8; 64] = hex.as_bytes().try_into().ok()?;
    let mut tag = [0; 32];
    for (byte, pair) in tag.iter_mut().zip(digits.chunks_exact(2)) {
        let [high, low] = pair else { return None };
        let digit = |letter: &u8| char::from(*letter).to_digit(16);
        *byte = u8::try_from(digit(high)? << 4 | digit(low)?).ok()?;
    }
    Some(tag)
}
