//! Name resolution within the time to connect, without a thread per call.
//!
//! The system's resolver cannot be cut off, so a bounded lookup takes a thread, and
//! ureq resolves before it checks for a pooled connection. Addresses are therefore
//! cached for a moment, and only a miss takes the thread.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use qbank_proto::Proxy;
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, time};

use crate::in_flight::InFlight;

/// Long enough to cover a burst of calls, short enough for a failover by DNS.
const CACHED_FOR: Duration = Duration::from_secs(10);
/// Far more hosts than a client of one bank meets.
const MOST_HOSTS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct BoundedResolver {
    system: DefaultResolver,
    proxy: Option<Arc<Proxy>>,
    cache: Mutex<BTreeMap<String, (Instant, ResolvedSocketAddrs)>>,
}

impl Resolver for BoundedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        // A proxy resolves the names of the hosts that it is for.
        if self.proxy.as_ref().is_some_and(|proxy| proxy.uri() != uri && proxy.is_for(uri)) {
            return Ok(self.empty());
        }
        if is_address(uri) {
            return self.system.resolve(uri, config, NextTimeout::default());
        }
        let in_flight = InFlight::current();
        let key = uri.authority().map(ToString::to_string).unwrap_or_default();
        if !in_flight.fresh_connection
            && let Some(addresses) = self.cached(&key)
        {
            return Ok(addresses);
        }
        let timeout = match in_flight.connect_left() {
            Some(left) => NextTimeout {
                after: time::Duration::Exact(left),
                reason: ureq::Timeout::Resolve,
                ..timeout
            },
            None => timeout,
        };
        let addresses = self.system.resolve(uri, config, timeout)?;
        self.cache(key, addresses.clone());
        Ok(addresses)
    }
}

impl BoundedResolver {
    pub(crate) fn new(proxy: Option<Arc<Proxy>>) -> Self {
        Self { proxy, ..Self::default() }
    }

    fn cached(&self, key: &str) -> Option<ResolvedSocketAddrs> {
        let cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, addresses) = cache.get(key)?;
        (at.elapsed() < CACHED_FOR).then(|| addresses.clone())
    }

    fn cache(&self, key: String, addresses: ResolvedSocketAddrs) {
        let mut cache = self.cache.lock().unwrap_or_else(PoisonError::into_inner);
        if cache.len() >= MOST_HOSTS {
            cache.clear();
        }
        cache.insert(key, (Instant::now(), addresses));
    }
}

/// Needs no lookup, or none that leaves this machine.
fn is_address(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}
