//! A tunnel through a proxy. ureq's own takes no head of more than 20 fields, and its errors
//! do not name the proxy.

use std::io::{self, Write as _};
use std::sync::Arc;

use qbank_proto::{Proxy, ProxyError};
use ureq::unversioned::transport::{
    ConnectionDetails, Connector, TcpConnector, Transport, TransportAdapter,
};

use super::limited;
use crate::in_flight::InFlight;

/// Connects to the proxy, and has it connect to the target.
pub(super) fn open(
    tcp: &TcpConnector,
    proxy: &Proxy,
    details: &ConnectionDetails<'_>,
) -> Result<Box<dyn Transport>, ProxyError> {
    let to_proxy = connect(tcp, proxy, details).map_err(|error| proxy.failed(error))?;
    let left =
        || limited(details.timeout, InFlight::current().connect_left(), ureq::Timeout::Connect);
    let mut adapter = TransportAdapter::new(to_proxy, Arc::clone(&details.current_time));
    adapter.set_timeout(left());
    let asked = adapter.write_all(&proxy.connect_request(details.uri));
    asked.map_err(|error| proxy.failed(ureq::Error::from(error)))?;
    let mut transport = adapter.into_inner();
    let mut known = 0;
    loop {
        let more = transport.await_input(left()).map_err(|error| proxy.failed(error))?;
        let head = transport.buffers().input();
        if let Some(length) = proxy.connect_response(head, known)? {
            transport.buffers().input_consume(length);
            return Ok(transport);
        }
        if !more {
            return Err(proxy.failed(io::Error::from(io::ErrorKind::UnexpectedEof)));
        }
        known = head.len();
    }
}

fn connect(
    tcp: &TcpConnector,
    proxy: &Proxy,
    details: &ConnectionDetails<'_>,
) -> Result<Box<dyn Transport>, ureq::Error> {
    let addrs = details.resolver.resolve(proxy.uri(), details.config, details.timeout)?;
    // The proxy's name took some of the time.
    let left = InFlight::current().connect_left();
    let to_proxy = ConnectionDetails {
        uri: proxy.uri(),
        addrs,
        config: details.config,
        request_level: details.request_level,
        resolver: details.resolver,
        now: details.now,
        timeout: limited(details.timeout, left, ureq::Timeout::Connect),
        current_time: Arc::clone(&details.current_time),
        run_connector: Arc::clone(&details.run_connector),
        register_shutdown: Arc::clone(&details.register_shutdown),
    };
    let connected = tcp.connect(&to_proxy, None::<()>)?.ok_or(ureq::Error::ConnectionFailed)?;
    Ok(Box::new(connected))
}
