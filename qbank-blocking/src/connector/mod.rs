//! The connector of our own agent: TCP, a proxy if there is one, and TLS, within the limits of
//! the exchange, noting the first byte of the request that is written.
//!
//! ureq's errors alone are no evidence of "not sent": a failed TLS handshake is an I/O error
//! like any other. So the outermost connector, above TLS, notes what is written.

mod tls;
mod tunnel;

use std::sync::Arc;

use qbank_proto::Proxy;
use rustls::ClientConfig;
use ureq::unversioned::transport::time::Duration;
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, Connector, NextTimeout, TcpConnector, Transport,
};

use self::tls::TlsTransport;

use crate::in_flight::InFlight;

/// TCP, a proxy and TLS, tracked from outside.
#[derive(Debug)]
pub(crate) struct OwnConnector {
    tcp: TcpConnector,
    proxy: Option<Arc<Proxy>>,
    tls: Arc<ClientConfig>,
}

impl OwnConnector {
    pub(crate) fn new(proxy: Option<Arc<Proxy>>, tls: Arc<ClientConfig>) -> Self {
        Self { tcp: TcpConnector::default(), proxy, tls }
    }

    fn over(&self, details: &ConnectionDetails<'_>) -> Result<Box<dyn Transport>, ureq::Error> {
        let proxy = self.proxy.as_ref().filter(|proxy| proxy.is_for(details.uri));
        let tcp = if let Some(proxy) = proxy {
            tunnel::open(&self.tcp, proxy, details)
                .map_err(|error| ureq::Error::Other(Box::new(error)))?
        } else {
            let tcp = self.tcp.connect(details, None::<()>)?;
            Box::new(tcp.ok_or(ureq::Error::ConnectionFailed)?)
        };
        if details.needs_tls() {
            Ok(Box::new(TlsTransport::connect(&self.tls, tcp, details)?))
        } else {
            Ok(tcp)
        }
    }
}

impl Connector for OwnConnector {
    type Out = TrackedTransport;

    fn connect(
        &self,
        details: &ConnectionDetails<'_>,
        _: Option<()>,
    ) -> Result<Option<TrackedTransport>, ureq::Error> {
        let limited = ConnectionDetails {
            uri: details.uri,
            addrs: details.addrs.clone(),
            config: details.config,
            request_level: details.request_level,
            resolver: details.resolver,
            now: details.now,
            timeout: limited(
                details.timeout,
                InFlight::current().connect_left(),
                ureq::Timeout::Connect,
            ),
            current_time: details.current_time.clone(),
            run_connector: details.run_connector.clone(),
            register_shutdown: details.register_shutdown.clone(),
        };
        Ok(Some(TrackedTransport(self.over(&limited)?)))
    }
}

/// A connection, tracked from outside.
#[derive(Debug)]
pub(crate) struct TrackedTransport(Box<dyn Transport>);

impl Transport for TrackedTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        self.0.buffers()
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        let timeout = in_time(timeout, ureq::Timeout::SendRequest)?;
        if amount > 0 {
            // Before the write, which may fail after some of it has left.
            InFlight::set_written(true);
        }
        self.0.transmit_output(amount, timeout)
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        let timeout = in_time(timeout, ureq::Timeout::RecvResponse)?;
        self.0.await_input(timeout)
    }

    fn is_open(&mut self) -> bool {
        !InFlight::current().fresh_connection && self.0.is_open()
    }

    fn is_tls(&self) -> bool {
        self.0.is_tls()
    }
}

/// The time of the whole exchange limits each of its reads and writes.
fn in_time(timeout: NextTimeout, reason: ureq::Timeout) -> Result<NextTimeout, ureq::Error> {
    match InFlight::current().time_left() {
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
