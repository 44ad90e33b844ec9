//! What a transport does to a response.

use std::time::Duration;

use http::Extensions;

/// The part of a fault that the transport carries out.
///
/// The bank has no connection. It puts this into the extensions of a response, and the
/// transport, such as the server or a driver in the same process, carries it out:
///
/// ```
/// use std::time::Duration;
/// use bytes::Bytes;
/// use qbank_sandbox::{Bank, BankConfig, BankFault, WireFault};
///
/// let now = Duration::from_secs(1_767_621_600);
/// let mut bank = Bank::new(BankConfig::default());
/// bank.inject(BankFault::drop_after_commit().on("/accounts"));
///
/// let response = bank.handle(now, http::Request::get("/v1/accounts").body(Bytes::new())?);
/// assert_eq!(WireFault::of(response.extensions()), Some(WireFault::CloseWithoutResponse));
/// # Ok::<(), http::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum WireFault {
    /// The bank did what was asked: close the connection and send nothing.
    CloseWithoutResponse,
    /// The bank did nothing: close the connection, before reading if that is still possible.
    CloseBeforeReading,
    /// Send the head with the `Content-Length` of the whole body
    /// ([`WireFault::EMPTY_PROMISE`] if there is none), then half of the body, then close.
    Truncate,
    /// Send the response this much later.
    Delay(Duration),
    /// Send the head, then the body at this speed.
    Slow {
        /// Bytes of the body in a second, at least one.
        bytes_per_s: u32,
    },
}

impl WireFault {
    /// The `Content-Length` of a truncated response without a body.
    pub const EMPTY_PROMISE: usize = 64;

    /// The wire fault of a response.
    pub fn of(extensions: &Extensions) -> Option<Self> {
        extensions.get().copied()
    }
}
