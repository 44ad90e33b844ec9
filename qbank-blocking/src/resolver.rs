//! Name resolution within the time to connect, without a thread per call.
//!
//! The system's resolver cannot be cut off, so a bounded look-up takes a thread;
//! ureq looks up before it knows whether a pooled connection will do. Addresses
//! are therefore remembered for a moment, and only a miss takes the thread.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{DefaultResolver, ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, time};

use crate::in_flight::InFlight;

/// Long enough to cover a burst of calls, short enough for a failover by DNS.
const REMEMBERED: Duration = Duration::from_secs(10);
/// Far more hosts than a client of one bank meets.
const MOST_HOSTS: usize = 64;

#[derive(Debug, Default)]
pub(crate) struct BoundedResolver {
    system: DefaultResolver,
    known: Mutex<BTreeMap<String, (Instant, ResolvedSocketAddrs)>>,
}

impl Resolver for BoundedResolver {
    fn resolve(
        &self,
        uri: &Uri,
        config: &Config,
        timeout: NextTimeout,
    ) -> Result<ResolvedSocketAddrs, ureq::Error> {
        if is_address(uri) {
            return self.system.resolve(uri, config, NextTimeout::default());
        }
        let in_flight = InFlight::current();
        let key = uri.authority().map(ToString::to_string).unwrap_or_default();
        if !in_flight.fresh_connection
            && let Some(addresses) = self.remembered(&key)
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
        self.remember(key, addresses.clone());
        Ok(addresses)
    }
}

impl BoundedResolver {
    fn remembered(&self, key: &str) -> Option<ResolvedSocketAddrs> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, addresses) = known.get(key)?;
        (at.elapsed() < REMEMBERED).then(|| addresses.clone())
    }

    fn remember(&self, key: String, addresses: ResolvedSocketAddrs) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MOST_HOSTS {
            known.clear();
        }
        known.insert(key, (Instant::now(), addresses));
    }
}

/// Needs no look-up, or none that leaves this machine.
fn is_address(uri: &Uri) -> bool {
    let host = uri.host().unwrap_or_default();
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    bare.parse::<IpAddr>().is_ok() || host.eq_ignore_ascii_case("localhost")
}
