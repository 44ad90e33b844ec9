//! Is a delivery genuine?

use std::fmt;
use std::iter;
use std::time::Duration;

use base64ct::{Base64, Encoding};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::Sha256;
use zeroize::Zeroizing;

use super::signature::{self, Tag, candidates, looks_timestamped};

/// Checks the signature of deliveries. Holds prepared keys, which are wiped on
/// drop.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<Hmac<Sha256>>,
    scheme: Scheme,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Scheme {
    Hmac,
    Standard { tolerance: Duration },
}

/// What came with a delivery.
#[derive(Debug, Clone, Copy)]
pub struct Delivery<'a> {
    /// The raw body, before any parsing.
    pub body: &'a [u8],
    /// The `Webhook-Signature` header; several of them are one list.
    pub signature: Signatures<'a>,
    /// The `Webhook-Event-ID` header: names the delivery attempt. Signed by the
    /// Standard Webhooks scheme only.
    pub event_id: Option<&'a str>,
    /// The `Webhook-Timestamp` header: seconds since 1970. Of the Standard
    /// Webhooks scheme only.
    pub timestamp: Option<&'a str>,
}

/// The value of the `Webhook-Signature` header, or of each where there are several: from a
/// `&str`, or by [`Delivery::new`].
#[derive(Debug, Clone, Copy)]
pub struct Signatures<'a>(Values<'a>);

#[derive(Debug, Clone, Copy)]
enum Values<'a> {
    One(&'a str),
    Headers(&'a HeaderMap),
}

impl<'a> From<&'a str> for Signatures<'a> {
    fn from(value: &'a str) -> Self {
        Self(Values::One(value))
    }
}

impl<'a> From<&'a String> for Signatures<'a> {
    fn from(value: &'a String) -> Self {
        Self(Values::One(value))
    }
}

impl<'a> Signatures<'a> {
    fn values(self) -> impl Iterator<Item = &'a str> {
        let (one, headers) = match self.0 {
            Values::One(value) => (Some(value), None),
            Values::Headers(headers) => (None, Some(headers.get_all(SIGNATURE))),
        };
        let headers = headers.into_iter().flatten().filter_map(|value| value.to_str().ok());
        one.into_iter().chain(headers)
    }
}

const SIGNATURE: HeaderName = HeaderName::from_static("webhook-signature");
const EVENT_ID: HeaderName = HeaderName::from_static("webhook-event-id");
const STANDARD_ID: HeaderName = HeaderName::from_static("webhook-id");
const TIMESTAMP: HeaderName = HeaderName::from_static("webhook-timestamp");

impl<'a> Delivery<'a> {
    /// Takes the parts from the headers of an HTTP request.
    pub fn new(headers: &'a HeaderMap, body: &'a [u8]) -> Result<Self, VerifyError> {
        let one = |name: HeaderName| {
            let mut values = headers.get_all(name).iter();
            let first = values.next();
            match (first, values.next()) {
                (_, Some(_)) => Err(VerifyError::Malformed),
                (Some(value), None) => value.to_str().map(Some).map_err(|_| VerifyError::Malformed),
                (None, None) => Ok(None),
            }
        };
        let event_id = match one(EVENT_ID)? {
            Some(id) => Some(id),
            None => one(STANDARD_ID)?,
        };
        let readable = |value: &HeaderValue| value.to_str().is_ok();
        if !headers.get_all(SIGNATURE).iter().all(readable) {
            return Err(VerifyError::Malformed);
        }
        if !headers.contains_key(SIGNATURE) {
            return Err(VerifyError::Missing);
        }
        Ok(Self {
            body,
            signature: Signatures(Values::Headers(headers)),
            event_id,
            timestamp: one(TIMESTAMP)?,
        })
    }
}

impl Verifier {
    /// The default scheme: HMAC-SHA256 over the raw body, keyed with the
    /// secret's UTF-8 bytes. The tag may be hex, `sha256=` and hex, base64 or
    /// base64url; up to 8 of them, separated by commas or spaces.
    pub fn new<S: AsRef<str>>(secrets: impl IntoIterator<Item = S>) -> Result<Self, VerifyError> {
        let keys = secrets.into_iter().map(|secret| prepared(secret.as_ref().as_bytes())).collect();
        Self::with(keys, Scheme::Hmac)
    }

    /// The default scheme with keys that are bytes and not texts, such as those
    /// that a key store holds.
    pub fn from_keys<K: AsRef<[u8]>>(
        keys: impl IntoIterator<Item = K>,
    ) -> Result<Self, VerifyError> {
        let keys = keys.into_iter().map(|key| prepared(key.as_ref())).collect();
        Self::with(keys, Scheme::Hmac)
    }

    /// The Standard Webhooks scheme: HMAC-SHA256 over id, timestamp and body,
    /// keyed with the bytes of a `whsec_` secret. A timestamp further than
    /// `tolerance` from now, either way, is refused.
    pub fn standard<S: AsRef<str>>(
        secrets: impl IntoIterator<Item = S>,
        tolerance: Duration,
    ) -> Result<Self, VerifyError> {
        let keys = secrets
            .into_iter()
            .map(|secret| {
                let encoded =
                    secret.as_ref().strip_prefix("whsec_").ok_or(VerifyError::BadSecret)?;
                let key = Base64::decode_vec(encoded).map_err(|_| VerifyError::BadSecret)?;
                prepared(&Zeroizing::new(key))
            })
            .collect();
        Self::with(keys, Scheme::Standard { tolerance })
    }

    fn with(
        keys: Result<Vec<Hmac<Sha256>>, VerifyError>,
        scheme: Scheme,
    ) -> Result<Self, VerifyError> {
        let keys = keys?;
        if keys.is_empty() {
            return Err(VerifyError::BadSecret);
        }
        Ok(Self { keys, scheme })
    }

    /// Whether one of the secrets signed this delivery. `unix` is the time since
    /// 1970, which only the Standard Webhooks scheme needs.
    pub fn verify(&self, delivery: &Delivery<'_>, unix: Duration) -> Result<(), VerifyError> {
        if delivery.signature.values().all(|value| value.trim().is_empty()) {
            return Err(VerifyError::Missing);
        }
        match self.scheme {
            Scheme::Hmac => self.verify_hmac(delivery),
            Scheme::Standard { tolerance } => self.verify_standard(delivery, unix, tolerance),
        }
    }

    fn verify_hmac(&self, delivery: &Delivery<'_>) -> Result<(), VerifyError> {
        let mut values = delivery.signature.values();
        // Mostly it is one tag, and then it is nothing else.
        if let (Some(value), None) = (values.next(), values.next())
            && let Some(tag) = Tag::of(value)
        {
            return self.any(&mut iter::once(Some(tag)), &[delivery.body]);
        }
        if delivery.signature.values().any(looks_timestamped) {
            return Err(VerifyError::Timestamped);
        }
        let tags = || delivery.signature.values().flat_map(candidates);
        if tags().count() > signature::MOST_CANDIDATES {
            return Err(VerifyError::TooMany);
        }
        self.any(&mut tags().map(Tag::of), &[delivery.body])
    }

    fn verify_standard(
        &self,
        delivery: &Delivery<'_>,
        unix: Duration,
        tolerance: Duration,
    ) -> Result<(), VerifyError> {
        let id = delivery.event_id.ok_or(VerifyError::NoIdOrTimestamp)?;
        let timestamp = delivery.timestamp.ok_or(VerifyError::NoIdOrTimestamp)?;
        let plain = timestamp.bytes().all(|byte| byte.is_ascii_digit());
        let seconds = timestamp.parse().ok().filter(|_| plain).ok_or(VerifyError::Malformed)?;
        if Duration::from_secs(seconds).abs_diff(unix) > tolerance {
            return Err(VerifyError::Stale);
        }
        let versions = || delivery.signature.values().flat_map(str::split_ascii_whitespace);
        if versions().count() > signature::MOST_CANDIDATES {
            return Err(VerifyError::TooMany);
        }
        // A proxy that joins two headers writes a comma between them.
        let tag = |version: &'_ str| {
            Some(Tag::of_base64(version.strip_prefix("v1,")?.trim_end_matches(',')))
        };
        let mut tags = versions().filter_map(tag);
        let signed = [id.as_bytes(), b".", timestamp.as_bytes(), b".", delivery.body];
        self.any(&mut tags, &signed)
    }

    /// Tries every tag against every key; each comparison takes constant time.
    fn any(
        &self,
        tags: &mut dyn Iterator<Item = Option<Tag>>,
        signed: &[&[u8]],
    ) -> Result<(), VerifyError> {
        let mut found = [const { None }; signature::MOST_CANDIDATES];
        let mut well_formed = false;
        for (slot, tag) in found.iter_mut().zip(tags) {
            well_formed |= tag.is_some();
            *slot = tag;
        }
        if !well_formed {
            return Err(VerifyError::Malformed);
        }
        let genuine = self.keys.iter().any(|key| {
            let mut mac = key.clone();
            for part in signed {
                mac.update(part);
            }
            let expected = mac.finalize().into_bytes();
            found.iter().flatten().any(|tag| tag.matches(&expected.into()))
        });
        if genuine { Ok(()) } else { Err(VerifyError::Mismatch) }
    }
}

fn prepared(key: &[u8]) -> Result<Hmac<Sha256>, VerifyError> {
    if key.is_empty() {
        return Err(VerifyError::BadSecret);
    }
    Hmac::new_from_slice(key).map_err(|_| VerifyError::BadSecret)
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier").field("keys", &self.keys.len()).finish_non_exhaustive()
    }
}

/// Why a delivery does not verify. Respond with 400 and discard it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum VerifyError {
    /// There is no signature.
    Missing,
    /// The signature cannot be read, or another header cannot or is there twice.
    Malformed,
    /// More than 8 signatures.
    TooMany,
    /// No secret gives this signature: forged, altered, or another secret.
    Mismatch,
    /// The signature is of a scheme with a timestamp; the default scheme has none.
    Timestamped,
    /// The timestamp is too far from now.
    Stale,
    /// The Standard Webhooks scheme needs an id and a timestamp.
    NoIdOrTimestamp,
    /// There is no secret, an empty one, or one without `whsec_` for the
    /// Standard Webhooks scheme.
    BadSecret,
}

impl fmt::Display for VerifyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "the delivery has no signature",
            Self::Malformed => {
                "the signature cannot be read: it must be 32 bytes in hex or base64"
            }
            Self::TooMany => "the delivery has more than 8 signatures",
            Self::Mismatch => {
                "no secret gives this signature: it is forged, the body was altered, or the secret is another"
            }
            Self::Timestamped => {
                "the signature is of a scheme with a timestamp: choose the Standard Webhooks scheme explicitly if the bank agreed on it"
            }
            Self::Stale => "the timestamp is too far from now: a replay, or a wrong clock",
            Self::NoIdOrTimestamp => "the Standard Webhooks scheme needs an id and a timestamp",
            Self::BadSecret => {
                "there is no usable secret: none, an empty one, or one that is not whsec_ and base64 for the Standard Webhooks scheme"
            }
        })
    }
}

impl std::error::Error for VerifyError {}
