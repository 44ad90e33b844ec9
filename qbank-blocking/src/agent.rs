//! The agents that exchanges go through.

use std::sync::Arc;

use qbank_proto::http::Uri;
use qbank_proto::{Error, TlsSettings, proxy_of_environment, proxy_url};
use rustls::ClientConfig;
use ureq::Agent;
use ureq::config::Config;

use crate::Ureq;
use crate::connector::OwnConnector;
use crate::in_flight::InFlight;
use crate::resolver::BoundedResolver;

#[derive(Clone)]
pub(crate) enum Agents {
    /// Ours: safe by its own configuration. `direct` is for loopback, which is
    /// never proxied.
    /// A proxy that cannot be used is why nothing else is reached.
    Own { direct: Agent, proxied: Result<Option<Agent>, String> },
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
    Given(ureq::Proxy),
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

    /// Goes through this HTTP proxy (`CONNECT`), such as
    /// `http://user:password@proxy.example:3128`, whatever the environment sets.
    /// Hosts that `NO_PROXY` names are reached directly, as is loopback.
    pub fn proxy(mut self, url: &str) -> Result<Self, Error> {
        self.proxy = Proxy::Given(exempting(&proxy_url("proxy", url)?)?);
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
        let proxy = match self.proxy {
            Proxy::OfEnvironment => of_environment(),
            Proxy::None => Ok(None),
            Proxy::Given(proxy) => Ok(Some(proxy)),
        };
        let agent = |proxy| {
            let config = Config::builder()
                .proxy(proxy)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .http_status_as_error(false)
                .accept_encoding("")
                .max_response_header_size(LARGEST_HEAD)
                .max_idle_age(IDLE)
                .max_idle_connections(64)
                .max_idle_connections_per_host(64)
                .build();
            let connector = OwnConnector::new(Arc::clone(&tls));
            Agent::with_parts(config, connector, BoundedResolver::default())
        };
        let proxied = proxy
            .map(|proxy| proxy.map(|proxy| agent(Some(proxy))))
            .map_err(|error| error.to_string());
        let agents = Agents::Own { direct: agent(None), proxied };
        Ureq { agents, supplier: None }
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

/// A proxy that leaves out the hosts of `NO_PROXY`.
fn exempting(url: &Uri) -> Result<ureq::Proxy, Error> {
    let unusable = |_| Error::invalid_input("proxy", "is not one that ureq takes");
    let given = ureq::Proxy::new(&url.to_string()).map_err(unusable)?;
    let mut builder = ureq::Proxy::builder(given.protocol()).host(given.host()).port(given.port());
    if let Some(user) = given.username() {
        builder = builder.username(user);
    }
    if let Some(password) = given.password() {
        builder = builder.password(password);
    }
    let exempt = ["NO_PROXY", "no_proxy"]
        .into_iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_default();
    for host in exempt.split(',').map(str::trim).filter(|host| !host.is_empty()) {
        builder = builder.no_proxy(host);
    }
    builder.build().map_err(unusable)
}

fn of_environment() -> Result<Option<ureq::Proxy>, Error> {
    let url = proxy_of_environment(|name| std::env::var_os(name))?;
    url.as_ref().map(exempting).transpose()
}

/// Common servers and load balancers close after 60 s or more; some after 15.
const IDLE: std::time::Duration = std::time::Duration::from_secs(10);

/// Gateways add fields of their own, and policies are long. How many fields there may be is
/// ureq's own limit: 128.
const LARGEST_HEAD: usize = 128 * 1024;
