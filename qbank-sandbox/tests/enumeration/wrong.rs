//! Clients, and a bank, that are wrong on purpose: rules that no sequence can break prove
//! nothing.

use bytes::Bytes;
use http::Response;
use qbank_proto::{Fault, Sent};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wrong {
    /// Each resend has a key of its own.
    NewKeyPerAttempt,
    /// Whatever broke, nothing was sent.
    ClaimsNeverSent,
    /// The last attempt alone decides the fate.
    LastAttemptDecides,
    /// After a crash it starts anew instead of resuming.
    StartsAnewAfterCrash,
    /// A conflict of keys is a refusal.
    TakesConflictForRefusal,
    /// Pays again with a new key while the old one is in doubt.
    PaysAgainWhenUnknown,
    /// The bank's mistake: it forgets keys at once.
    BankForgetsKeys,
}

impl Wrong {
    pub const ALL: [Self; 7] = [
        Self::NewKeyPerAttempt,
        Self::ClaimsNeverSent,
        Self::LastAttemptDecides,
        Self::StartsAnewAfterCrash,
        Self::TakesConflictForRefusal,
        Self::PaysAgainWhenUnknown,
        Self::BankForgetsKeys,
    ];

    /// What a wrong driver makes of an outcome.
    pub fn spoils(self, outcome: Result<Response<Bytes>, Fault>) -> Result<Response<Bytes>, Fault> {
        match (self, outcome) {
            (Self::ClaimsNeverSent, Err(fault)) => Err(Fault { sent: Sent::No, ..fault }),
            (_, outcome) => outcome,
        }
    }
}
