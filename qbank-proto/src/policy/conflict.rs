//! What to do with a conflict of keys.

/// What to do with a 409 that says "a request with this key is in process".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ConflictPolicy {
    /// Always report it.
    Report,
    /// Fetch the payment if the call's own earlier attempt was in doubt, since
    /// then the payment in process is our own; report it otherwise.
    #[default]
    FollowOwn,
    /// Fetch the payment whoever sent it.
    FollowAlways,
}
