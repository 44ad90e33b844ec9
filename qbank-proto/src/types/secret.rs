//! Text that must not show: zeroised on drop, absent from `Debug`.

use std::fmt;

use bytes::Bytes;
use http::HeaderValue;
use zeroize::Zeroizing;

/// A secret text: a client secret, an access token, a webhook secret, an
/// account number.
///
/// It has no `Display`, its `Debug` prints `[secret]`, it neither serialises nor
/// deserialises, and its memory is wiped when the last owner drops it.
/// [`Secret::expose`] is the only way to its text, so that every place that reads one
/// can be found.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// Takes ownership of the text.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Zeroizing::new(text.into()))
    }

    /// The text itself.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A header value that is marked sensitive and wiped with its last clone.
    pub(crate) fn header(prefix: &str, secret: &str) -> Option<HeaderValue> {
        let mut text = Zeroizing::new(Vec::with_capacity(prefix.len() + secret.len()));
        text.extend_from_slice(prefix.as_bytes());
        text.extend_from_slice(secret.as_bytes());
        let mut value = HeaderValue::from_maybe_shared(Self::bytes(text)).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// Shared bytes that are wiped when the last clone drops.
    pub(crate) fn bytes(secret: Zeroizing<Vec<u8>>) -> Bytes {
        Bytes::from_owner(secret)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[secret]")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for Secret {
    /// Takes the same time wherever two texts of one length differ.
    fn eq(&self, other: &Self) -> bool {
        use subtle::ConstantTimeEq;
        self.expose().as_bytes().ct_eq(other.expose().as_bytes()).into()
    }
}

impl Eq for Secret {}
