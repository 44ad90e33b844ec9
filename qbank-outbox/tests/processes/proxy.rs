//! What is between a worker and Postgres, and ends their connection exactly at a COMMIT.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

/// Where a connection ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The COMMIT does not reach the server.
    Before,
    /// The server has done it, and its response is lost.
    After,
    /// The server gets it, and may not have done it yet.
    Meanwhile,
}

impl Cut {
    pub(crate) const ALL: [Self; 3] = [Self::Before, Self::After, Self::Meanwhile];
}

/// What becomes of the next commits. Those after the last are forwarded.
type Plan = Arc<Mutex<VecDeque<Option<Cut>>>>;

/// It has a thread for each direction of each connection; they end with the connection.
pub(crate) struct Proxy {
    address: SocketAddr,
    plan: Plan,
    stop: Arc<AtomicBool>,
    accepts: Option<JoinHandle<()>>,
}

impl Proxy {
    /// Before the server that listens on this socket.
    pub(crate) fn start(server: PathBuf) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (plan, stop) = (Plan::default(), Arc::new(AtomicBool::new(false)));
        let (of_thread, stopped) = (Arc::clone(&plan), Arc::clone(&stop));
        let accepts = thread::spawn(move || {
            for client in listener.incoming() {
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let Ok(client) = client else { continue };
                let Ok(server) = UnixStream::connect(&server) else { continue };
                let plan = Arc::clone(&of_thread);
                thread::spawn(move || {
                    // What fails is the connection, which ends with it.
                    let _ = connection(&client, &server, &plan);
                    let _ = client.shutdown(Shutdown::Both);
                    let _ = server.shutdown(Shutdown::Both);
                });
            }
        });
        Self { address, plan, stop, accepts: Some(accepts) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// What becomes of the next commits.
    pub(crate) fn plan(&self, commits: impl IntoIterator<Item = Option<Cut>>) {
        self.plan.lock().unwrap().extend(commits);
    }

    /// How much of its plan is left.
    pub(crate) fn left(&self) -> usize {
        self.plan.lock().unwrap().len()
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        // It waits for a connection.
        let _ = TcpStream::connect(self.address);
        let _ = self.accepts.take().map(JoinHandle::join);
    }
}

/// Forwards messages of the client until the connection ends, or is to end.
fn connection(mut client: &TcpStream, mut server: &UnixStream, plan: &Plan) -> io::Result<()> {
    client.set_nodelay(true)?;
    let swallow = Arc::new(AtomicBool::new(false));
    let back = {
        let (client, server) = (client.try_clone()?, server.try_clone()?);
        let swallow = Arc::clone(&swallow);
        thread::spawn(move || responses(&client, &server, &swallow))
    };
    // The first message has no type.
    let startup = message(&mut client, &[])?;
    server.write_all(&startup)?;
    loop {
        let mut kind = [0];
        client.read_exact(&mut kind)?;
        let message = message(&mut client, &kind)?;
        let commits = kind == *b"Q" && message.ends_with(b"\x0bCOMMIT\0");
        let cut = if commits { plan.lock().unwrap().pop_front().flatten() } else { None };
        match cut {
            None => server.write_all(&message)?,
            Some(Cut::Before) => return Ok(()),
            Some(cut) => {
                swallow.store(true, Ordering::SeqCst);
                server.write_all(&message)?;
                if cut == Cut::After {
                    let _ = back.join();
                }
                return Ok(());
            }
        }
    }
}

/// The rest of a message of this type, with its length before it.
fn message(client: &mut impl Read, kind: &[u8]) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    client.read_exact(&mut length)?;
    let rest = u64::from(u32::from_be_bytes(length)).saturating_sub(4);
    if rest > 16 << 20 {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut message = [kind, &length].concat();
    let read = client.take(rest).read_to_end(&mut message)?;
    if read as u64 == rest { Ok(message) } else { Err(io::ErrorKind::UnexpectedEof.into()) }
}

/// Forwards what the server sends, until the connection ends or the next response is to be lost.
fn responses(mut client: &TcpStream, mut server: &UnixStream, swallow: &AtomicBool) {
    let mut buffer = vec![0; 1 << 16];
    while let Ok(read @ 1..) = server.read(&mut buffer) {
        // A client that commits has read every response before.
        if swallow.load(Ordering::SeqCst) || client.write_all(&buffer[..read]).is_err() {
            break;
        }
    }
    let _ = client.shutdown(Shutdown::Both);
}
