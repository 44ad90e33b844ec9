//! The agents that exchanges go through.

use std::sync::Arc;

use qbank_proto::{Error, LARGEST_HEAD, TlsSettings};
use rustls::ClientConfig;
use ureq::Agent;
use ureq::config::Config;

use crate::Ureq;
use crate::connector::OwnConnector;
use crate::in_flight::InFlight;
use crate::resolver::BoundedResolver;

#[derive(Clone)]
pub(crate) enum Agents {
    /// Ours: safe by its own configuration. A proxy that cannot be used is why nothing but
    /// loopback is reached.
    Own { agent: Agent, unusable_proxy: Option<String> },
    /// The application's: made safe on each request.
    Given(Agent),
}

/// Our own agent: Mozilla's root certificates, ring, the environment's proxy.
#[derive(Debug, Clone)]
pub struct Builder {
    tls: TlsSettings,
    proxy: Proxy,
}

impl Default for Builder {
    fn default() -> Self {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        Self { tls: TlsSettings::new(provider), proxy: Proxy::default() }
    }
}

#[derive(Debug, Default, Clone)]
enum Proxy {
    #[default]
    OfEnvironment,
    None,
    Given(Arc<qbank_proto::Proxy>),
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
        let proxy = qbank_proto::Proxy::exempting("proxy", url, |name| std::env::var_os(name))?;
        self.proxy = Proxy::Given(Arc::new(proxy));
        Ok(self)
    }

    /// Goes through no proxy, whatever the environment sets.
    #[must_use]
    pub fn no_proxy(mut self) -> Self {
        self.proxy = Proxy::None;
        self
    }

    /// The driver.
    pub fn build(self) -> Ureq {
        let tls = self.own_tls();
        let (proxy, unusable_proxy) = match self.proxy {
            Proxy::OfEnvironment => {
                match qbank_proto::Proxy::of_environment(|name| std::env::var_os(name)) {
                    Ok(proxy) => (proxy.map(Arc::new), None),
                    Err(error) => (None, Some(error.to_string())),
                }
            }
            Proxy::None => (None, None),
            Proxy::Given(proxy) => (Some(proxy), None),
        };
        let config = Config::builder()
            // The connector does it.
            .proxy(None)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .http_status_as_error(false)
            .accept_encoding("")
            .max_response_header_size(LARGEST_HEAD)
            .max_idle_age(IDLE)
            .max_idle_connections(64)
            .max_idle_connections_per_host(64)
            .build();
        let connector = OwnConnector::new(proxy.clone(), tls);
        let agent = Agent::with_parts(config, connector, BoundedResolver::new(proxy));
        Ureq { agents: Agents::Own { agent, unusable_proxy }, supplier: None }
    }

    fn own_tls(&self) -> Arc<ClientConfig> {
        #[expect(
            clippy::expect_used,
            reason = "ring has the default versions; no input is involved"
        )]
        let tls = self.tls.client_config(InFlight::set_asked).expect("ring has TLS 1.2 and 1.3");
        Arc::new(tls)
    }
}

/// Common servers and load balancers close after 60 s or more; some after 15.
const IDLE: std::time::Duration = std::time::Duration::from_secs(10);
