//! A port of the loopback address, and how it listens.

use std::{
    io,
    net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream},
    time::{Duration, Instant},
};

use socket2::{Domain, SockAddr, Socket, Type};

use crate::Listen;

/// The pause between two polls of a listener without a connection.
const TICK: Duration = Duration::from_millis(2);

/// A port that is ours as long as this lives.
pub(crate) struct Port {
    pub(crate) address: SocketAddr,
    socket: Socket,
    listen: Listen,
    opened: Instant,
    /// What fills the backlog of a listener that never accepts.
    _fillers: Vec<Socket>,
}

impl Port {
    pub(crate) fn open(listen: Listen) -> io::Result<Port> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
        socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
        let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::AddrNotAvailable)?;
        let mut fillers = Vec::new();
        match listen {
            Listen::Accept => socket.listen(128)?,
            Listen::NeverAccept => {
                socket.listen(0)?;
                fillers = fill(address)?;
            }
            // Bound without listening: connections are refused, and the port stays taken.
            Listen::Refuse | Listen::NoSuchHost | Listen::AcceptAfterMs(_) => {}
        }
        socket.set_nonblocking(true)?;
        Ok(Port { address, socket, listen, opened: Instant::now(), _fillers: fillers })
    }

    /// The host name by which a client is to call it.
    pub(crate) fn host(&self) -> String {
        match self.listen {
            Listen::NoSuchHost => format!("qbank.invalid:{}", self.address.port()),
            _ => self.address.to_string(),
        }
    }

    /// Hands every connection to `serve` until `stopped`.
    pub(crate) fn accept(
        self,
        stopped: &dyn Fn() -> bool,
        serve: &mut dyn FnMut(TcpStream),
    ) -> io::Result<()> {
        if let Listen::AcceptAfterMs(ms) = self.listen {
            let opens = self.opened + Duration::from_millis(ms);
            while Instant::now() < opens && !stopped() {
                std::thread::sleep(TICK);
            }
            self.socket.listen(128)?;
        }
        if !matches!(self.listen, Listen::Accept | Listen::AcceptAfterMs(_)) {
            // The socket stays bound, so that nothing else can listen on the port.
            while !stopped() {
                std::thread::sleep(TICK);
            }
            return Ok(());
        }
        let listener = TcpListener::from(self.socket);
        while !stopped() {
            match listener.accept() {
                Ok((connection, _)) => serve(connection),
                Err(_) => std::thread::sleep(TICK),
            }
        }
        Ok(())
    }
}

/// Connects until the backlog is full, so that a further connect stays pending.
fn fill(address: SocketAddr) -> io::Result<Vec<Socket>> {
    (0..16)
        .map(|_| {
            let filler = Socket::new(Domain::IPV4, Type::STREAM, None)?;
            filler.set_nonblocking(true)?;
            // Most of them stay pending, which keeps the backlog full.
            let _ = filler.connect(&SockAddr::from(address));
            Ok(filler)
        })
        .collect()
}
