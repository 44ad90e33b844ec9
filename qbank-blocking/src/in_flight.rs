//! The exchange that this thread does: its limits, whether a byte of its request was written,
//! and whether the server asked for a client certificate.
//!
//! The resolver and the connector of our own agent read it. ureq works on the calling thread,
//! hence a thread-local: its connections move between threads, the exchange does not.

use std::cell::Cell;
use std::time::{Duration, Instant};

use qbank_proto::Exchange;

thread_local! {
    static CURRENT: Cell<InFlight> = const { Cell::new(InFlight::NONE) };
}

#[derive(Clone, Copy)]
pub(crate) struct InFlight {
    connect_by: Option<Instant>,
    done_by: Option<Instant>,
    pub(crate) fresh_connection: bool,
    written: bool,
    asked: bool,
}

impl InFlight {
    const NONE: Self = Self {
        connect_by: None,
        done_by: None,
        fresh_connection: false,
        written: false,
        asked: false,
    };

    /// An exchange begins.
    pub(crate) fn begin(exchange: &Exchange) {
        let now = Instant::now();
        CURRENT.set(Self {
            connect_by: now.checked_add(exchange.connect_timeout),
            done_by: now.checked_add(exchange.timeout),
            fresh_connection: exchange.fresh_connection,
            ..Self::NONE
        });
    }

    /// The body of a response is read, whose exchange began before.
    pub(crate) fn resume(done_by: Option<Instant>) {
        CURRENT.set(Self { done_by, written: true, ..Self::NONE });
    }

    pub(crate) fn end() {
        CURRENT.set(Self::NONE);
    }

    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// Whether a byte of the request was written.
    pub(crate) fn is_written(&self) -> bool {
        self.written
    }

    pub(crate) fn set_written(written: bool) {
        let mut current = CURRENT.get();
        if current.written != written {
            current.written = written;
            CURRENT.set(current);
        }
    }

    /// Whether a server asked for a client certificate.
    pub(crate) fn is_asked(&self) -> bool {
        self.asked
    }

    pub(crate) fn set_asked() {
        CURRENT.set(Self { asked: true, ..CURRENT.get() });
    }

    /// The server refused the client certificate before it read the request.
    pub(crate) fn set_refused() {
        CURRENT.set(Self { asked: true, written: false, ..CURRENT.get() });
    }

    /// Time left to connect.
    pub(crate) fn connect_left(&self) -> Option<Duration> {
        left(self.connect_by)
    }

    /// Time left for the whole exchange.
    pub(crate) fn time_left(&self) -> Option<Duration> {
        left(self.done_by)
    }
}

fn left(until: Option<Instant>) -> Option<Duration> {
    Some(until?.saturating_duration_since(Instant::now()))
}
