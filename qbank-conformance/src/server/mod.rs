//! The misbehaving server: three ports of the loopback address, driven by a script.

mod connection;
mod endpoint;
mod listener;
mod placeholder;
mod request;
mod response;
mod stream;
mod tls;

use std::{
    io,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering},
    },
    thread::JoinHandle,
};

use endpoint::Endpoint;
use listener::Port;
use placeholder::Placeholders;
pub use request::ReceivedRequest;
pub(crate) use request::TOKEN_PREFIX;
use tls::Authority;

use crate::{Close, Listen, Response, Script, Step, Target, Tls, TokenResponse};

/// A running server. It stops, with all its threads, when it is dropped.
pub struct Server {
    target: Target,
    api: Arc<Endpoint>,
    token: Arc<Endpoint>,
    elsewhere: Arc<Endpoint>,
    stopped: Arc<AtomicBool>,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts playing a script.
    pub fn start(script: &Script) -> io::Result<Server> {
        let authority = authority()?;
        let stopped = Arc::new(AtomicBool::new(false));
        let secure = script.tls.is_some() || script.token_tls.is_some();
        let tls = |own: Option<Tls>| own.or(secure.then_some(Tls::Good));
        let scheme = if secure { "https" } else { "http" };
        let api_port = Port::open(script.listen)?;
        let token_port = Port::open(script.token_listen)?;
        let other_port = Port::open(Listen::Accept)?;
        let placeholders = Placeholders {
            base: format!("{scheme}://{}/v1", api_port.host()),
            elsewhere: format!("http://{}", other_port.host()),
        };
        let endpoint = |steps, tls| {
            let (authority, stopped) = (Arc::clone(&authority), Arc::clone(&stopped));
            Arc::new(Endpoint::new(steps, tls, placeholders.clone(), authority, stopped))
        };
        let good_tokens = vec![vec![Step::IssueToken(TokenResponse::default())]];
        let token = if script.token.is_empty() { good_tokens } else { script.token.clone() };
        let nothing = Response { status: 404, ..Response::default() };
        let elsewhere = vec![vec![Step::Respond(nothing), Step::Close(Close::Fin)]];
        let api = endpoint(script.api.clone(), tls(script.tls));
        let token = endpoint(token, tls(script.token_tls));
        let elsewhere = endpoint(elsewhere, None);
        let presented = script.client_certificate.map(|it| authority.client(it)).transpose()?;
        let (client_certificate_pem, client_key_pem) = presented.unzip();
        let target = Target {
            token_url: format!("{scheme}://{}/v1/token", token_port.host()),
            base_url: placeholders.base.clone(),
            ca_pem: secure.then(|| authority.pem()),
            client_certificate_pem,
            client_key_pem,
            client_id: "conformance".to_owned(),
            client_secret: "conformance-secret-b7Qz&=+ %/".to_owned(),
        };
        let threads =
            vec![api.start(api_port), token.start(token_port), elsewhere.start(other_port)];
        Ok(Server { target, api, token, elsewhere, stopped, threads })
    }

    /// Where a client is to call.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The requests so far.
    pub fn log(&self) -> Log {
        Log {
            api: self.api.received(),
            token: self.token.received(),
            elsewhere: self.elsewhere.received(),
            api_connections: self.api.connections(),
            elsewhere_connections: self.elsewhere.connections(),
        }
    }

    /// Stops, without waiting: every read, write and accept ends at its next poll.
    pub fn stop(&self) {
        self.stopped.store(true, Ordering::Relaxed);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

/// Every request that was received.
#[derive(Debug, Clone, Default)]
pub struct Log {
    /// At the API, in the order of each request's first byte.
    pub api: Vec<ReceivedRequest>,
    /// At the token endpoint.
    pub token: Vec<ReceivedRequest>,
    /// At the other host, which must not get any.
    pub elsewhere: Vec<ReceivedRequest>,
    /// Connections that the API accepted.
    pub api_connections: usize,
    /// Connections to the other host.
    pub elsewhere_connections: usize,
}

/// One authority for the whole process: making keys takes time.
fn authority() -> io::Result<Arc<Authority>> {
    static AUTHORITY: OnceLock<Arc<Authority>> = OnceLock::new();
    if let Some(authority) = AUTHORITY.get() {
        return Ok(Arc::clone(authority));
    }
    let made = Arc::new(Authority::new()?);
    Ok(Arc::clone(AUTHORITY.get_or_init(|| made)))
}
