//! A CONNECT proxy that records the heads of its requests.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

/// A CONNECT proxy to loopback, whatever host it is asked for. It ends with the
/// process; every read of it is bounded.
#[derive(Debug)]
pub struct Proxy {
    port: u16,
    heads: Arc<Mutex<Vec<String>>>,
}

const LONGEST_READ: Duration = Duration::from_secs(30);

impl Proxy {
    /// `response` is the head of its response to CONNECT; other than 200 it ends there.
    pub fn start(response: &'static str) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let port = listener.local_addr()?.port();
        let heads: Arc<Mutex<Vec<String>>> = Arc::default();
        let shared = Arc::clone(&heads);
        thread::Builder::new().spawn(move || {
            for client in listener.incoming().flatten() {
                let heads = Arc::clone(&shared);
                thread::spawn(move || tunnel(client, &heads, response));
            }
        })?;
        Ok(Self { port, heads })
    }

    /// Where it listens, on loopback.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The heads of the requests that it read, in order.
    pub fn heads(&self) -> Vec<String> {
        self.heads.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

/// `None` where either side closes.
fn tunnel(mut client: TcpStream, heads: &Mutex<Vec<String>>, response: &str) -> Option<()> {
    client.set_read_timeout(Some(LONGEST_READ)).ok()?;
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        client.read_exact(&mut byte).ok()?;
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).ok()?;
    heads.lock().ok()?.push(head.clone());
    client.write_all(response.as_bytes()).ok()?;
    if !response.starts_with("HTTP/1.1 200") {
        return None;
    }
    let (_, port) = head.split(' ').nth(1)?.rsplit_once(':')?;
    let bank = TcpStream::connect(("127.0.0.1", port.parse().ok()?)).ok()?;
    bank.set_read_timeout(Some(LONGEST_READ)).ok()?;
    let (from, to) = (bank.try_clone().ok()?, client.try_clone().ok()?);
    let downstream = thread::spawn(move || pump(from, to));
    pump(client, bank);
    downstream.join().ok()
}

fn pump(mut from: TcpStream, mut to: TcpStream) {
    // Either side may close.
    let _ = io::copy(&mut from, &mut to);
    let _ = to.shutdown(Shutdown::Write);
}
