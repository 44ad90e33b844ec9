//! Our own connector: TCP, a proxy if there is one, and TLS with ALPN.

mod tcp;
mod tls;
mod tunnel;

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use http_body_util::Full;
use hyper_rustls::HttpsConnectorBuilder;
use hyper_util::client::legacy::connect::{Connect, HttpConnector};
use hyper_util::client::legacy::{Builder as ClientBuilder, Client};
use hyper_util::rt::{TokioExecutor, TokioTimer};
use qbank_proto::bytes::Bytes;
use qbank_proto::http::Uri;
use qbank_proto::{
    BoxError, Error, LARGEST_HEAD, MOST_HEAD_FIELDS, Proxy, TlsSettings, is_loopback,
};
use rustls::ClientConfig;
use tower_service::Service;

use self::tcp::Tcp;
use self::tls::Noting;
pub(crate) use self::tls::{Refused, refusal};

use crate::Hyper;
use crate::exchange::{Clients, StartRequest};

/// Our own connector: Mozilla's root certificates, ring, the environment's proxy.
#[derive(Debug, Clone)]
pub struct Builder {
    tls: TlsSettings,
    /// Or why the one that the environment names cannot be used.
    proxy: Result<Option<Arc<Proxy>>, Arc<str>>,
    http1_only: bool,
}

impl Default for Builder {
    fn default() -> Self {
        let proxy = Proxy::of_environment(|name| std::env::var_os(name))
            .map(|proxy| proxy.map(Arc::new))
            .map_err(|error| error.to_string().into());
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { tls: TlsSettings::new(provider), proxy, http1_only: false }
    }
}

impl Builder {
    /// Trusts these root certificates as well: one or more, in PEM.
    pub fn root_certificates(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.tls.add_roots(pem)?;
        Ok(self)
    }

    /// Trusts these root certificates, and those that were given before, but not Mozilla's.
    pub fn only_root_certificates(mut self, pem: &[u8]) -> Result<Self, Error> {
        self.tls.only_roots(pem)?;
        Ok(self)
    }

    /// Shows this certificate to a server that asks for one (mutual TLS): the certificate and
    /// what leads to its root, and its private key, each in PEM; both may stand in one text.
    /// A key that is encrypted, or is of another certificate, is refused here, and no error
    /// repeats any of it.
    pub fn client_certificate(mut self, chain: &[u8], key: &[u8]) -> Result<Self, Error> {
        self.tls.client_certificate(chain, key)?;
        Ok(self)
    }

    /// Does TLS with this configuration: its cryptography (aws-lc-rs, say), its roots or its
    /// verifier (the platform's, say), its client certificate. Roots and a client certificate
    /// that this builder is given are not used then. ALPN stays the driver's, and nothing is
    /// sent before the handshake ends.
    #[must_use]
    pub fn tls(mut self, config: ClientConfig) -> Self {
        self.tls.configure(config);
        self
    }

    /// Goes through this HTTP proxy (`CONNECT`), such as
    /// `http://user:password@proxy.example:3128`, whatever the environment sets.
    /// Hosts that `NO_PROXY` names are reached directly, as is loopback.
    pub fn proxy(mut self, url: &str) -> Result<Self, Error> {
        let proxy = Proxy::exempting("proxy", url, |name| std::env::var_os(name))?;
        self.proxy = Ok(Some(Arc::new(proxy)));
        Ok(self)
    }

    /// Goes through no proxy, whatever the environment sets.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Ok(None);
        self
    }

    /// Offers HTTP/1.1 only.
    #[must_use]
    pub fn http1_only(mut self) -> Self {
        self.http1_only = true;
        self
    }

    /// The driver.
    pub fn build(self) -> Hyper {
        let mut driver = Hyper::with_connector(self.connector());
        driver.clients.proxy = self.proxy.ok().flatten();
        driver
    }

    fn connector(&self) -> Noting {
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let tcp = Proxied { tcp, proxy: self.proxy.clone() };
        #[expect(
            clippy::expect_used,
            reason = "ring has the default versions; no input is involved"
        )]
        let tls = self.tls.client_config(tls::set_asked).expect("ring has TLS 1.2 and 1.3");
        let https =
            HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1();
        Noting(if self.http1_only {
            https.wrap_connector(tcp)
        } else {
            https.enable_http2().wrap_connector(tcp)
        })
    }
}

impl Hyper {
    /// A driver over a connector of the application's, with our own pools.
    #[expect(clippy::needless_pass_by_value, reason = "a connector is made to be given away")]
    pub fn with_connector<C>(connector: C) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let build = |most_idle: usize| {
            let client: Client<C, Full<Bytes>> =
                pool().pool_max_idle_per_host(most_idle).build(connector.clone());
            start(client)
        };
        let clients = Clients { pooled: build(MOST_IDLE), fresh: build(0), proxy: None };
        Self { clients, supplier: None }
    }

    /// A driver over a client of the application's. A fresh connection after a
    /// fault cannot be forced on it.
    pub fn with_client<C>(client: Client<C, Full<Bytes>>) -> Self
    where
        C: Connect + Clone + Send + Sync + 'static,
    {
        let start = start(client);
        let clients = Clients { pooled: Arc::clone(&start), fresh: start, proxy: None };
        Self { clients, supplier: None }
    }
}

fn pool() -> ClientBuilder {
    let mut builder = Client::builder(TokioExecutor::new());
    builder.pool_timer(TokioTimer::new()).timer(TokioTimer::new()).pool_idle_timeout(IDLE);
    // A connection that went silent is closed rather than given to the next call.
    builder.http2_keep_alive_interval(PING).http2_keep_alive_timeout(PING);
    builder.http1_max_headers(MOST_HEAD_FIELDS).http1_max_buf_size(LARGEST_HEAD);
    builder.http2_max_header_list_size(u32::try_from(LARGEST_HEAD).unwrap_or(u32::MAX));
    builder
}

fn start<C>(client: Client<C, Full<Bytes>>) -> Arc<StartRequest>
where
    C: Connect + Clone + Send + Sync + 'static,
{
    Arc::new(move |request| client.request(request))
}

/// Common servers and load balancers close after 60 s or more; some after 15.
const IDLE: Duration = Duration::from_secs(10);
const PING: Duration = Duration::from_secs(5);
const MOST_IDLE: usize = 256;

/// TCP to the bank, or through a proxy's tunnel. Loopback is never proxied.
#[derive(Debug, Clone)]
struct Proxied {
    tcp: HttpConnector,
    /// Or why the one that the environment names cannot be used.
    proxy: Result<Option<Arc<Proxy>>, Arc<str>>,
}

impl Service<Uri> for Proxied {
    type Response = Tcp;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, BoxError>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.tcp.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, target: Uri) -> Self::Future {
        let proxy = match &self.proxy {
            _ if is_loopback(target.host().unwrap_or_default()) => None,
            Ok(proxy) => proxy.clone().filter(|proxy| proxy.is_for(&target)),
            Err(rule) => {
                let rule = rule.to_string();
                return Box::pin(async move { Err(rule.into()) });
            }
        };
        if let Some(proxy) = proxy {
            let opening = tunnel::open(&mut self.tcp, proxy, target);
            return Box::pin(async move { Ok(Tcp::new(opening.await?)) });
        }
        let connecting = self.tcp.call(target);
        Box::pin(async move { Ok(Tcp::new(connecting.await?)) })
    }
}
