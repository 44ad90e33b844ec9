//! What the wire should do with an answer.

use std::time::Duration;

use http::Extensions;

/// Asked for by a fault, carried in the extensions of a response.
///
/// The bank has no wire. Whoever carries its answers, the server or a transport
/// in the same process, looks for this and does it:
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use qbank_sandbox::{Bank, BankConfig, WireFault};
///
/// let now = Duration::from_secs(1_767_621_600);
/// let mut bank = Bank::new(BankConfig::default());
/// let fault = r#"{"path": "/accounts", "kind": "drop_after_commit"}"#;
/// let request = http::Request::post("/_sandbox/faults").body(Bytes::from(fault))?;
/// assert_eq!(bank.handle(now, request).status(), 201);
///
/// let response = bank.handle(now, http::Request::get("/v1/accounts").body(Bytes::new())?);
/// assert_eq!(WireFault::of(response.extensions()), Some(WireFault::CloseWithoutAnswer));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The bank did what was asked: close the connection and send nothing.
    CloseWithoutAnswer,
    /// The bank did nothing: close the connection, before reading if that is still possible.
    CloseBeforeReading,
    /// Send the head, which promises the whole body ([`WireFault::EMPTY_PROMISE`]
    /// bytes if there is none), then half of the body, then close.
    Truncate,
    /// Send the answer this much later.
    Delay(Duration),
    /// Send the head, then the body at this speed.
    Slow {
        /// Bytes of the body in a second, at least one.
        bytes_per_s: u32,
    },
}

impl WireFault {
    /// How many bytes a truncated answer without a body promises.
    pub const EMPTY_PROMISE: usize = 64;

    /// What a response asks for.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}
