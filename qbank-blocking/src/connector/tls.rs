//! TLS over any transport, as ureq's own does it, with a configuration that a builder checked.

use std::io::{self, Write as _};
use std::sync::Arc;

use qbank_proto::refused_in_handshake;
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use ureq::unversioned::transport::{
    Buffers, ConnectionDetails, LazyBuffers, NextTimeout, Transport, TransportAdapter,
};

use super::limited;
use crate::in_flight::InFlight;

/// A connection over TLS.
pub(super) struct TlsTransport {
    buffers: LazyBuffers,
    stream: StreamOwned<ClientConnection, TransportAdapter>,
    /// The server asked for a client certificate.
    asked: bool,
    /// Something came over the connection.
    answered: bool,
}

impl TlsTransport {
    /// Does the handshake.
    pub(super) fn connect(
        config: &Arc<ClientConfig>,
        transport: Box<dyn Transport>,
        details: &ConnectionDetails<'_>,
    ) -> Result<Self, ureq::Error> {
        let host = details.uri.host().unwrap_or_default();
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let name = ServerName::try_from(bare.to_owned())
            .map_err(|_| ureq::Error::Tls("the host is no name for TLS"))?;
        let mut conn = ClientConnection::new(Arc::clone(config), name)?;
        let mut sock = TransportAdapter::new(transport, Arc::clone(&details.current_time));
        // TCP and a proxy took some of the time.
        let left = InFlight::current().connect_left();
        sock.set_timeout(limited(details.timeout, left, ureq::Timeout::Connect));
        conn.complete_io(&mut sock)?;
        Ok(Self {
            buffers: LazyBuffers::new(
                details.config.input_buffer_size(),
                details.config.output_buffer_size(),
            ),
            stream: StreamOwned { conn, sock },
            asked: InFlight::current().is_asked(),
            answered: false,
        })
    }

    /// What broke the connection. Over TLS 1.3 the server may refuse the client certificate
    /// when the request is written already; it has read none of it then.
    fn broken(&mut self, error: io::Error, writing: bool) -> ureq::Error {
        if !self.asked {
            return error.into();
        }
        let inner = error.get_ref();
        let refusal = match inner.and_then(|it| it.downcast_ref::<rustls::Error>()) {
            Some(tls) => Some(tls.clone()),
            // A write can fail before the alert that says why is read; not if time is up,
            // which is an error of ureq's.
            None if writing && inner.is_none() => self.alert(),
            None => None,
        };
        let Some(refusal) = refusal else {
            return error.into();
        };
        if refused_in_handshake(&refusal, &mut self.stream.conn, self.answered) {
            InFlight::set_refused();
        }
        ureq::Error::Rustls(refusal)
    }

    /// An alert that has arrived.
    fn alert(&mut self) -> Option<rustls::Error> {
        while self.stream.conn.read_tls(&mut self.stream.sock).ok()? > 0 {
            if let Err(error) = self.stream.conn.process_new_packets() {
                return Some(error);
            }
        }
        None
    }
}

impl Transport for TlsTransport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, timeout: NextTimeout) -> Result<(), ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let output = self.buffers.output().get(..amount).unwrap_or_default();
        self.stream.write_all(output).map_err(|error| self.broken(error, true))
    }

    fn await_input(&mut self, timeout: NextTimeout) -> Result<bool, ureq::Error> {
        self.stream.sock.set_timeout(timeout);
        let input = self.buffers.input_append_buf();
        match io::Read::read(&mut self.stream, input) {
            Ok(amount) => {
                self.answered |= amount > 0;
                self.buffers.input_appended(amount);
                Ok(amount > 0)
            }
            Err(error) => Err(self.broken(error, false)),
        }
    }

    fn is_open(&mut self) -> bool {
        self.stream.sock.get_mut().is_open()
    }

    fn is_tls(&self) -> bool {
        true
    }
}

impl std::fmt::Debug for TlsTransport {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TlsTransport")
            .field("over", self.stream.sock.inner())
            .finish_non_exhaustive()
    }
}
