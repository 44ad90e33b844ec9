//! Identifiers: a uuid that knows what it identifies.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer};
use serde::ser::{Serialize, Serializer};
use uuid::Uuid;

/// The uuid of a `K`. An `Id<Account>` cannot stand where an `Id<Payment>` is
/// needed.
///
/// Only the hyphenated form of 36 characters is read, in either case; it is
/// written in lower case.
///
/// ```
/// use qbank_proto::AccountId;
/// let id: AccountId = "6F1C0E9A-52A5-4C86-9C1F-0A4B7D3E2F10".parse()?;
/// assert_eq!(id.to_string(), "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10");
/// # Ok::<(), qbank_proto::IdError>(())
/// ```
pub struct Id<K>(Uuid, PhantomData<fn() -> K>);

/// What an [`Id`] can identify; never a value.
pub mod kind {
    /// An account of ours.
    #[derive(Debug)]
    pub enum Account {}
    /// A payment (ACH or wire).
    #[derive(Debug)]
    pub enum Payment {}
    /// A posted or pending transaction.
    #[derive(Debug)]
    pub enum Transaction {}
    /// An issued check.
    #[derive(Debug)]
    pub enum CheckIssue {}
    /// A positive pay exception.
    #[derive(Debug)]
    pub enum CheckException {}
    /// A request, as the bank names it in its audit fields and errors.
    #[derive(Debug)]
    pub enum Request {}
    /// A webhook event.
    #[derive(Debug)]
    pub enum Event {}
}

/// Identifies an account.
pub type AccountId = Id<kind::Account>;
/// Identifies a payment.
pub type PaymentId = Id<kind::Payment>;
/// Identifies a transaction.
pub type TransactionId = Id<kind::Transaction>;
/// Identifies a check issue.
pub type IssueId = Id<kind::CheckIssue>;
/// Identifies a positive pay exception.
pub type ExceptionId = Id<kind::CheckException>;
/// Identifies a request at the bank; quote it to the bank's support.
pub type RequestId = Id<kind::Request>;
/// Identifies a webhook event.
pub type EventId = Id<kind::Event>;

impl<K> Id<K> {
    /// From a uuid that is known to identify a `K`.
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self(uuid, PhantomData)
    }

    /// The uuid.
    pub const fn as_uuid(self) -> Uuid {
        self.0
    }

    pub(crate) fn append_to(self, text: &mut String) {
        text.push_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()));
    }
}

/// The text is not a hyphenated uuid.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct IdError;

impl fmt::Display for IdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be a uuid such as 6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10")
    }
}

impl std::error::Error for IdError {}

/// `Uuid::try_parse` also reads braced, URN and bare forms; the bank documents only this one.
pub(crate) fn hyphenated(text: &str) -> Option<Uuid> {
    (text.len() == 36).then(|| Uuid::try_parse(text).ok())?
}

impl<K> FromStr for Id<K> {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        hyphenated(text).map(Self::from_uuid).ok_or(IdError)
    }
}

impl<K> Clone for Id<K> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<K> Copy for Id<K> {}
impl<K> PartialEq for Id<K> {
    fn eq(&self, other: &Self) -> bool {
        self.0 == other.0
    }
}
impl<K> Eq for Id<K> {}
impl<K> PartialOrd for Id<K> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}
impl<K> Ord for Id<K> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.cmp(&other.0)
    }
}
impl<K> Hash for Id<K> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.hash(state);
    }
}
impl<K> fmt::Debug for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
impl<K> fmt::Display for Id<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.hyphenated().encode_lower(&mut Uuid::encode_buffer()))
    }
}
impl<K> Serialize for Id<K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut buffer = Uuid::encode_buffer();
        serializer.serialize_str(self.0.hyphenated().encode_lower(&mut buffer))
    }
}
impl<'de, K> Deserialize<'de> for Id<K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}
