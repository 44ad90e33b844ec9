//! The agents that exchanges go through.

use std::sync::Arc;

use qbank_proto::http::Uri;
use qbank_proto::{Error, proxy_of_environment, proxy_url};
use rustls::RootCertStore;
use ureq::Agent;
use ureq::config::Config;
use ureq::tls::{Certificate, PemItem, RootCerts, TlsConfig};

use crate::Ureq;
use crate::connector::TrackedConnector;
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
#[derive(Debug, Default, Clone)]
pub struct Builder {
    roots: Vec<Certificate<'static>>,
    proxy: Proxy,
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
        let before = self.roots.len();
        for item in ureq::tls::parse_pem(pem) {
            match item {
                Ok(PemItem::Certificate(certificate)) => {
                    // Found now, not when the first call fails over an unknown issuer.
                    RootCertStore::empty().add(certificate.der().into()).map_err(|_| {
                        Error::invalid_input("root certificates", "are not all X.509")
                    })?;
                    self.roots.push(certificate);
                }
                Ok(_) => {}
                Err(_) => {
                    return Err(Error::invalid_input("root certificates", "are not valid PEM"));
                }
            }
        }
        if self.roots.len() == before {
            return Err(Error::invalid_input(
                "root certificates",
                "must hold a CERTIFICATE in PEM",
            ));
        }
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
        let tls = self.tls();
        let proxy = match self.proxy {
            Proxy::OfEnvironment => of_environment(),
            Proxy::None => Ok(None),
            Proxy::Given(proxy) => Ok(Some(proxy)),
        };
        let agent = |proxy| {
            let config = Config::builder()
                .tls_config(tls.clone())
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
            Agent::with_parts(config, TrackedConnector::default(), BoundedResolver::default())
        };
        let proxied = proxy
            .map(|proxy| proxy.map(|proxy| agent(Some(proxy))))
            .map_err(|error| error.to_string());
        let agents = Agents::Own { direct: agent(None), proxied };
        Ureq { agents, supplier: None }
    }

    /// Without own roots ureq's default, which costs no copy.
    fn tls(&self) -> TlsConfig {
        if self.roots.is_empty() {
            return TlsConfig::default();
        }
        let mozilla = webpki_root_certs::TLS_SERVER_ROOT_CERTS
            .iter()
            .map(|der| Certificate::from_der(der).to_owned());
        let all: Vec<_> = mozilla.chain(self.roots.iter().cloned()).collect();
        TlsConfig::builder().root_certs(RootCerts::Specific(Arc::new(all))).build()
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
