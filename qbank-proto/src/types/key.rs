//! Idempotency keys: one per intent to move money.

use std::fmt;
use std::str::FromStr;

use http::HeaderValue;
use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use uuid::{Builder, Uuid, Variant, Version};

use crate::types::hyphenated;

/// Names one intent to move money. A resend with the same key is the same
/// intent; a second key is a second payment.
///
/// Always a uuid v4 of the RFC 9562 variant, sent bare and in lower case. Nothing here is random: the sixteen bytes of
/// [`IdempotencyKey::from_entropy`] come from the caller's generator.
///
/// ```
/// use qbank_proto::{IdempotencyKey, IdempotencyKeyError};
/// let key = IdempotencyKey::from_entropy([7; 16]);
/// assert_eq!(key.to_string().parse(), Ok(key));
/// // A v1 uuid is not a key.
/// let v1 = "c232ab00-9414-11ec-b3c8-9f68deced846".parse::<IdempotencyKey>();
/// assert_eq!(v1, Err(IdempotencyKeyError::NotVersion4));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdempotencyKey(Uuid);

impl IdempotencyKey {
    /// Makes a key from sixteen bytes of a cryptographic random generator.
    pub fn from_entropy(bytes: [u8; 16]) -> Self {
        Self(Builder::from_random_bytes(bytes).into_uuid())
    }

    /// The uuid.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    pub(crate) fn header(self) -> HeaderValue {
        let mut buffer = Uuid::encode_buffer();
        let text = self.0.hyphenated().encode_lower(&mut buffer);
        // Hyphens and hexadecimal digits are always a valid header value.
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

impl TryFrom<Uuid> for IdempotencyKey {
    type Error = IdempotencyKeyError;

    fn try_from(uuid: Uuid) -> Result<Self, IdempotencyKeyError> {
        if uuid.get_variant() != Variant::RFC4122 {
            return Err(IdempotencyKeyError::WrongVariant);
        }
        if uuid.get_version() != Some(Version::Random) {
            return Err(IdempotencyKeyError::NotVersion4);
        }
        Ok(Self(uuid))
    }
}

impl FromStr for IdempotencyKey {
    type Err = IdempotencyKeyError;

    fn from_str(text: &str) -> Result<Self, IdempotencyKeyError> {
        hyphenated(text).ok_or(IdempotencyKeyError::NotAUuid)?.try_into()
    }
}

impl fmt::Display for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "IdempotencyKey({self})")
    }
}

impl Serialize for IdempotencyKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for IdempotencyKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Why a text is not an idempotency key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IdempotencyKeyError {
    /// Not a hyphenated uuid of 36 characters.
    NotAUuid,
    /// A uuid, but not version 4.
    NotVersion4,
    /// A uuid, but not of the RFC 9562 variant.
    WrongVariant,
}

impl fmt::Display for IdempotencyKeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotAUuid => "must be a uuid of 36 characters with hyphens",
            Self::NotVersion4 => "must be a uuid of version 4 (random)",
            Self::WrongVariant => "must be a uuid of the RFC 9562 variant",
        })
    }
}

impl std::error::Error for IdempotencyKeyError {}
