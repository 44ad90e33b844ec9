//! Watches the exchange of this thread: its time limits, and whether a byte of
//! its request was written.
//!
//! ureq's errors alone do not tell "not sent": a failed TLS handshake is an I/O
//! error like any other. So the outermost connector of our own agent, above
//! TLS, notes the first byte that goes out. ureq works on the calling thread,
//! hence a thread-local; its connections move between threads, the exchange
//! does not.

use std::cell::Cell;
use std::time::Instant;

use qbank_proto::Exchange;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, DefaultConnector, NextTimeout, Transport,
};

thread_local! {
    static CURRENT: Cell<Watch> = const { Cell::new(Watch::NONE) };
}

/// What is watched about the exchange that this thread does.
#[derive(Clone, Copy)]
pub(crate) struct Watch {
    connect_by: Option<Instant>,
    done_by: Option<Instant>,
    pub(crate) fresh_connection: bool,
    written: bool,
}

impl Watch {
    const NONE: Self =
        Self { connect_by: None, done_by: None, fresh_connection: false, written: false };

    /// Begins to watch.
    pub(crate) fn begin(exchange: &Exchange) {
        let now = Instant::now();
        CURRENT.set(Self {
            connect_by: now.checked_add(exchange.connect_timeout),
            done_by: now.checked_add(exchange.timeout),
            fresh_connection: exchange.fresh_connection,
            written: false,
        });
    }

    /// Goes on with an exchange whose answer has begun.
    pub(crate) fn resume(done_by: Option<Instant>) {
        CURRENT.set(Self { done_by, written: true, ..Self::NONE });
    }

    pub(crate) fn end() {
        CURRENT.set(Self::NONE);
    }

    /// Whether a byte of the request was written.
    pub(crate) fn is_written(&self) -> bool {
        self.written
    }

    pub(crate) fn current() -> Self {
        CURRENT.get()
    }

    /// Time left to connect, for the resolver and the connectors.
    pub(crate) fn connect_left(&self) -> Option<std::time::Duration> {
        left(self.connect_by)
    }
}

fn left(until: Option<Instant>) -> Option<std::time::Duration> {
    Some(until?.saturating_duration_since(Instant::now()))
}

fn note_written(written: bool) {
    let mut watch = CURRENT.get();
    if watch.written != written {
        watch.written = written;
        CURRENT.set(watch);
    }
}

/// ureq's default chain, watched from outside.
#[derive(Debug, Default)]
pub(crate) struct WatchedConnector(DefaultConnector);

impl Connector for WatchedConnector {
    type Out = WatchedTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        chained: Option<()>,
    ) -> Result<Option<WatchedTransport>, ureq::Error> {
        let limited = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: limited(
                details.timeout,
                Watch::current().connect_left(),
                ureq::Timeout::Connect,
            ),
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        let connected = self.0.connect(&limited, chained);
        // What was written so far was to a proxy.
        note_written(false);
        Ok(connected?.map(WatchedTransport))
    }
}

/// A connection, watched from outside.
#[derive(Debug)]
pub(crate) struct WatchedTransport(Box<dyn Transport>);

impl Transport for WatchedTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = in_time(timeout, ureq::Timeout::SendRequest)?;
        if amount > 0 {
            note_written(true);
        }
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = in_time(timeout, ureq::Timeout::RecvResponse)?;
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        !Watch::current().fresh_connection && self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// The time of the whole exchange limits each of its reads and writes.
fn in_time(timeout: NextTimeout, reason: ureq::Timeout) -> Result<NextTimeout, ureq::Error> {
    match left(Watch::current().done_by) {
        Some(left) if left.is_zero() => Err(ureq::Error::Timeout(reason)),
        left => Ok(limited(timeout, left, reason)),
    }
}

fn limited(
    mut timeout: NextTimeout,
    left: Option<std::time::Duration>,
    reason: ureq::Timeout,
) -> NextTimeout {
    if let Some(left) = left {
        let shorter = timeout.after.is_not_happening() || left < *timeout.after;
        if shorter {
            timeout.after = Duration::Exact(left);
            timeout.reason = reason;
        }
    }
    timeout
}
