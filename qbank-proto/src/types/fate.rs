//! What became of the money.

use std::fmt;

/// What became of the money: the join of all attempts of a call.
///
/// The variants are a ladder; the highest rung that any attempt reached stands.
/// Only the bank's own record of the payment can lower it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Fate {
    /// The call moves no money.
    NotApplicable,
    /// No byte of the intent left this machine.
    NeverSent,
    /// The bank said no, and nothing is in doubt.
    Refused,
    /// It may have happened. Resend only with the same key.
    Unknown,
    /// The bank has it; it is not final.
    InProgress,
    /// The bank accepted it.
    Accepted,
}

impl Fate {
    /// The name in the program's output and in JavaScript.
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
