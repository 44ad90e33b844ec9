//! Parsers of option values that have no type of their own.

use std::net::{SocketAddr, ToSocketAddrs};
use std::time::{Duration, SystemTime};

use qbank_proto::chrono::{DateTime, NaiveDate, Utc};

pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "must be a number of seconds, more than zero".to_owned())
}

/// A name such as `localhost` is looked up; IPv4 is preferred, as in the URLs that
/// are printed.
pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    let rule = || "must be an address and a port such as 127.0.0.1:8467".to_owned();
    let mut found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|_| rule())?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(rule)
}

pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("must be a name and a value such as audience=https://api.example".to_owned()),
    }
}

pub(super) fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "must be a date such as 2026-01-05".to_owned())
}

/// A moment of the past: with a typo in the year an expired key would look fresh.
pub(super) fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be a moment such as 2026-01-05T09:00:00Z".to_owned())?
        .to_utc();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let latest = now.saturating_add(CLOCKS_DIFFER_BY).as_secs();
    if u64::try_from(time.timestamp()).is_ok_and(|time| time > latest) {
        return Err("must not be in the future".to_owned());
    }
    Ok(time)
}

/// The first send may have been made on a machine with another clock.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(5 * 60);
