//! Bytes over a connection, TLS or not, with every wait bounded.

use std::{
    io::{self, Read, Write},
    net::{Shutdown, TcpStream},
    sync::{Arc, atomic::AtomicBool, atomic::Ordering},
    time::{Duration, Instant},
};

use rustls::{ServerConfig, ServerConnection, StreamOwned};
use socket2::SockRef;

use crate::Close;

/// How long one read or write blocks before it checks whether the server still runs.
const TICK: Duration = Duration::from_millis(20);
/// How long a connection may live, whatever happens.
const LIFETIME: Duration = Duration::from_secs(60);
/// How long a FIN waits for the other side's.
const LINGER: Duration = Duration::from_millis(500);

enum Io {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

/// A connection that stops when its server does.
pub(crate) struct Stream {
    io: Io,
    stopped: Arc<AtomicBool>,
    until: Instant,
}

impl Stream {
    pub(crate) fn plain(tcp: TcpStream, stopped: Arc<AtomicBool>) -> io::Result<Stream> {
        tcp.set_nonblocking(false)?;
        tcp.set_read_timeout(Some(TICK))?;
        tcp.set_write_timeout(Some(TICK))?;
        tcp.set_nodelay(true)?;
        Ok(Stream { io: Io::Plain(tcp), stopped, until: Instant::now() + LIFETIME })
    }

    /// The same connection, with TLS on top. The handshake happens with the first read.
    pub(crate) fn with_tls(self, config: Arc<ServerConfig>) -> io::Result<Stream> {
        let Io::Plain(tcp) = self.io else {
            return Ok(self);
        };
        let tls = ServerConnection::new(config).map_err(io::Error::other)?;
        Ok(Stream { io: Io::Tls(Box::new(StreamOwned::new(tls, tcp))), ..self })
    }

    /// Does the handshake until the client is verified or refused, and sends no alert.
    pub(crate) fn verify_client(&mut self, config: Arc<ServerConfig>) -> io::Result<()> {
        let mut tls = ServerConnection::new(config).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            self.retry(|io| if tls.wants_write() { tls.write_tls(tcp(io)) } else { Ok(0) })?;
            if tls.wants_write() {
                continue;
            }
            if self.retry(|io| tls.read_tls(tcp(io)))? == 0 || tls.process_new_packets().is_err() {
                break;
            }
        }
        Ok(())
    }

    /// Reads some bytes; 0 at the end.
    pub(crate) fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            self.may_go_on()?;
            let read = match &mut self.io {
                Io::Plain(tcp) => tcp.read(into),
                Io::Tls(tls) => tls.read(into),
            };
            match read {
                Err(error) if is_tick(&error) => {}
                done => return done,
            }
        }
    }

    /// Writes all of it.
    pub(crate) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        for mut piece in bytes.chunks(16 * 1024) {
            while !piece.is_empty() {
                let written = self.retry(|io| match io {
                    Io::Plain(tcp) => tcp.write(piece),
                    Io::Tls(tls) => tls.write(piece),
                })?;
                piece = &piece[written..];
            }
            self.retry(|io| match io {
                Io::Plain(tcp) => tcp.flush(),
                Io::Tls(tls) => tls.flush(),
            })?;
        }
        Ok(())
    }

    /// Sleeps, unless the server stops.
    pub(crate) fn sleep(&self, time: Duration) -> io::Result<()> {
        let until = Instant::now() + time;
        loop {
            self.may_go_on()?;
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(());
            }
            std::thread::sleep(left.min(TICK));
        }
    }

    pub(crate) fn close(mut self, how: Close) {
        match (how, &mut self.io) {
            (Close::Rst, io) => {
                // Dropping it now sends the RST.
                let _ = SockRef::from(&*tcp(io)).set_linger(Some(Duration::ZERO));
            }
            (Close::Fin, Io::Tls(tls)) => {
                tls.conn.send_close_notify();
                let _ = tls.flush();
                self.finish();
            }
            (Close::Fin | Close::Cut, _) => self.finish(),
        }
    }

    /// A FIN, and then the other side's: closing over unread bytes would send a RST.
    fn finish(&mut self) {
        let tcp = tcp(&mut self.io);
        let _ = tcp.shutdown(Shutdown::Write);
        let until = Instant::now() + LINGER;
        let mut sink = [0; 16 * 1024];
        while Instant::now() < until && !self.stopped.load(Ordering::Relaxed) {
            match tcp.read(&mut sink) {
                Ok(0) => return,
                Ok(_) => {}
                Err(error) if is_tick(&error) => {}
                Err(_) => return,
            }
        }
    }

    fn retry<T>(&mut self, mut act: impl FnMut(&mut Io) -> io::Result<T>) -> io::Result<T> {
        loop {
            self.may_go_on()?;
            match act(&mut self.io) {
                Err(error) if is_tick(&error) => {}
                done => return done,
            }
        }
    }

    fn may_go_on(&self) -> io::Result<()> {
        if self.stopped.load(Ordering::Relaxed) || Instant::now() > self.until {
            return Err(io::Error::other("the server stops"));
        }
        Ok(())
    }
}

fn tcp(io: &mut Io) -> &mut TcpStream {
    match io {
        Io::Plain(tcp) => tcp,
        Io::Tls(tls) => &mut tls.sock,
    }
}

/// Nothing happened within a tick.
fn is_tick(error: &io::Error) -> bool {
    use io::ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
