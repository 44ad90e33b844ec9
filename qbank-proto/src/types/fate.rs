//! What became of the money.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What became of the money: the join of all attempts of a call.
///
/// The variants are a ladder; the highest rung that any attempt reached stands.
/// Only the bank's own record of the payment can lower it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Fate {
    /// The call moves no money.
    NotApplicable,
    /// The bank read no byte of the intent; most often none left this computer.
    NeverSent,
    /// The bank said no, and nothing is in doubt.
    Refused,
    /// It may have happened. Resend only with the same key.
    Unknown,
    /// The bank works on a payment with this key; whether it is this one may not be known.
    InProgress,
    /// The bank accepted it.
    Accepted,
}

impl Fate {
    /// All of them, from the lowest to the highest.
    pub const ALL: [Self; 6] = [
        Self::NotApplicable,
        Self::NeverSent,
        Self::Refused,
        Self::Unknown,
        Self::InProgress,
        Self::Accepted,
    ];

    /// The name in every language, in the program's output and in JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotApplicable => "not_applicable",
            Self::NeverSent => "never_sent",
            Self::Refused => "refused",
            Self::Unknown => "unknown",
            Self::InProgress => "in_progress",
            Self::Accepted => "accepted",
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Fate {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        Self::ALL.into_iter().find(|fate| fate.as_str() == text).ok_or(NameError("fate"))
    }
}

/// The text is not the name of any value of an enumeration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NameError(pub(crate) &'static str);

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "is not the name of a {}", self.0)
    }
}

impl std::error::Error for NameError {}
