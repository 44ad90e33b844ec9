//! The bank on a socket: HTTP/1.1 on loopback, every wait and every size bounded.
//!
//! ```no_run
//! use qbank_sandbox::{BankConfig, Server};
//!
//! let server = Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default())?;
//! println!("{}", server.base_url());
//! let total = server.bank().lock().total();
//! server.stop();
//! # Ok::<(), std::io::Error>(())
//! ```

mod body;
mod connection;
mod deliver;
mod error_responses;
mod loopback;
mod stall;

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::pin;
use std::sync::mpsc::{Receiver, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinSet;

use crate::bank::Bank;
use crate::config::BankConfig;
use crate::message::route::BASE;

pub use loopback::{post, post_for_status};

/// More connections than this wait in the listener's queue.
const MOST_CONNECTIONS: usize = 1_024;
/// How long [`Server::stop`] waits for the thread; it has nothing long to do.
const STOP_WITHIN: Duration = Duration::from_secs(5);

/// How a server starts. A [`BankConfig`] alone will do.
#[derive(Debug, Clone, Default)]
pub struct ServerConfig {
    /// The bank behind it. Its `start` is set from the system's clock.
    pub bank: BankConfig,
    /// Listen where others can connect, too, under any `Host`. The sandbox protects nothing
    /// from them: its secrets are public and its control surface is open to programs.
    pub allow_remote: bool,
}

impl From<BankConfig> for ServerConfig {
    fn from(bank: BankConfig) -> Self {
        Self { bank, allow_remote: false }
    }
}

/// A bank on a socket, in a thread of its own. Dropping it stops it.
#[derive(Debug)]
pub struct Server {
    addr: SocketAddr,
    bank: BankHandle,
    stop: Option<oneshot::Sender<()>>,
    stopped: Receiver<()>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Listens on `addr`; port 0 is any free port.
    pub fn start(addr: SocketAddr, config: impl Into<ServerConfig>) -> io::Result<Self> {
        let config = config.into();
        if !addr.ip().is_loopback() && !config.allow_remote {
            let message = "the sandbox listens on loopback unless `allow_remote` is set";
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, message));
        }
        let listener = std::net::TcpListener::bind(addr)?;
        listener.set_nonblocking(true)?;
        let addr = listener.local_addr()?;

        let mut opened = BankConfig { start: unix_now(), ..config.bank };
        opened.control.any_host |= config.allow_remote;
        let bank = BankHandle::new(Bank::new(opened));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stop, stop_asked) = oneshot::channel();
        let (has_stopped, stopped) = channel();
        let served = bank.clone();
        let thread = std::thread::Builder::new().name("qbank-sandbox".into()).spawn(move || {
            runtime.block_on(async {
                let Ok(listener) = TcpListener::from_std(listener) else {
                    return;
                };
                tokio::select! {
                    _ = stop_asked => {}
                    () = serve(listener, served) => {}
                }
            });
            drop(runtime);
            drop(has_stopped);
        })?;
        Ok(Self { addr, bank, stop: Some(stop), stopped, thread: Some(thread) })
    }

    /// Where it listens.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// The base URL for a client, such as `http://127.0.0.1:8080/v1`.
    pub fn base_url(&self) -> String {
        let ip = match self.addr.ip() {
            IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
            ip => ip,
        };
        format!("http://{}{BASE}", SocketAddr::new(ip, self.addr.port()))
    }

    /// The bank behind it.
    pub fn bank(&self) -> BankHandle {
        self.bank.clone()
    }

    /// Closes every connection and waits, within a bound, until that is done.
    pub fn stop(self) {
        drop(self);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(stop) = self.stop.take() {
            // It may have stopped already.
            let _ = stop.send(());
        }
        // The thread never sends: it hangs up when it is done.
        let timed_out = matches!(
            self.stopped.recv_timeout(STOP_WITHIN),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout)
        );
        if let Some(thread) = self.thread.take().filter(|_| !timed_out) {
            // A panic of the thread has been reported where it happened.
            let _ = thread.join();
        }
    }
}

/// Shares a bank between its server and its observers.
#[derive(Debug, Clone)]
pub struct BankHandle(Arc<Mutex<Bank>>);

impl BankHandle {
    /// Shares a bank.
    pub fn new(bank: Bank) -> Self {
        Self(Arc::new(Mutex::new(bank)))
    }

    /// Reads the bank, or drives it. The server waits meanwhile.
    pub fn lock(&self) -> MutexGuard<'_, Bank> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Moves the bank's clock ahead of the system's.
    pub fn advance(&self, by: Duration) {
        self.lock().advance(unix_now(), by);
    }
}

/// Serves until it is dropped, and with it every connection.
pub async fn serve(listener: TcpListener, bank: BankHandle) {
    let mut connections = JoinSet::new();
    let mut deliveries = pin!(deliver::forever(bank.clone()));
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < MOST_CONNECTIONS => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection::run(stream, bank.clone()));
                }
                // Out of file descriptors, most likely: some will come back.
                Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
            },
            Some(_) = connections.join_next() => {}
            () = &mut deliveries => {}
        }
    }
}

fn unix_now() -> Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}
