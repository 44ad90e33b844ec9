//! Clients that are wrong on purpose: a simulator that cannot fail proves nothing.

/// A mistake that the simulated client makes. The mistakes are made around the
/// machine of `qbank-proto`, in what its driver or its application does, or in what
/// the machine is told: the machine itself has no switch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Mutant {
    /// Breaks the same-key rule: each resend has a key of its own.
    NewKeyPerAttempt,
    /// Sends other bytes with each attempt.
    OtherBytesPerAttempt,
    /// Breaks the 409 rule: resends under a new key what is in process.
    ResendsConflict,
    /// Breaks the 409 rule: takes a conflict of keys for a refusal.
    TakesConflictForRefusal,
    /// Breaks the join rule: the last attempt alone decides the fate.
    LastAttemptDecides,
    /// Breaks the single flight: a session for every call.
    SessionPerCall,
    /// Throws a good token away whenever a request is refused.
    TakesRefusalForBadToken,
    /// Follows a payment in process whatever its amount and type are.
    FollowsAnyPayment,
    /// Takes an id from a `Location` of any origin.
    TrustsForeignLocation,
    /// Goes where a redirect points.
    FollowsRedirects,
    /// Sends first and never saves the key: after a crash it makes another.
    NeverSavesKey,
    /// Starts anew after a crash instead of resuming at unknown.
    RestartsAtNeverSent,
    /// Resumes however old the key is.
    IgnoresKeyAge,
    /// Pays again with a new key while the old one is in doubt.
    PaysAgainWhenUnknown,
    /// Does not stop at the deadline.
    IgnoresDeadline,
    /// Sends more often than it may.
    IgnoresRetryLimit,
    /// Claims that nothing was sent whenever no answer came.
    ClaimsNeverSent,
}

impl Mutant {
    /// All of them.
    pub const ALL: [Self; 17] = [
        Self::NewKeyPerAttempt,
        Self::OtherBytesPerAttempt,
        Self::ResendsConflict,
        Self::TakesConflictForRefusal,
        Self::LastAttemptDecides,
        Self::SessionPerCall,
        Self::TakesRefusalForBadToken,
        Self::FollowsAnyPayment,
        Self::TrustsForeignLocation,
        Self::FollowsRedirects,
        Self::NeverSavesKey,
        Self::RestartsAtNeverSent,
        Self::IgnoresKeyAge,
        Self::PaysAgainWhenUnknown,
        Self::IgnoresDeadline,
        Self::IgnoresRetryLimit,
        Self::ClaimsNeverSent,
    ];
}
