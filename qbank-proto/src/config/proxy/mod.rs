//! The HTTP proxy that a driver goes through, and the hosts that it reaches without it. Decided
//! here for every driver.

mod exempt;
mod tunnel;

use std::ffi::OsString;
use std::fmt;

use base64ct::{Base64, Encoding};
use http::{HeaderValue, Uri};
use percent_encoding::percent_decode_str;

use self::exempt::Exempt;
use self::tunnel::host_and_port;
pub use self::tunnel::{LARGEST_HEAD, MOST_HEAD_FIELDS, ProxyError};
use super::urls::{absolute_url, is_loopback};
use crate::error::Error;

/// An HTTP proxy that opens tunnels (`CONNECT`). It is shown by host and port alone.
#[derive(Clone)]
pub struct Proxy {
    uri: Uri,
    authorization: Option<HeaderValue>,
    exempt: Exempt,
}

impl Proxy {
    /// The proxy at a URL such as `http://user:password@proxy.example:3128`, but not for the
    /// hosts of a list as in `NO_PROXY`: a name is exempt with its subdomains, with or without
    /// a dot or `*.` before it; so are addresses and networks (`10.0.0.0/8`); a name or an
    /// address also at one port only (`bank.example:8443`); and with `*` alone every host.
    ///
    /// ```
    /// use qbank_proto::Proxy;
    /// let proxy = Proxy::new("proxy", "http://user:password@proxy.example:3128", "bank.example")?;
    /// assert_eq!(proxy.to_string(), "proxy.example:3128");
    /// assert!(proxy.is_for(&"https://other.example/v1".parse().unwrap()));
    /// assert!(!proxy.is_for(&"https://api.bank.example/v1".parse().unwrap()));
    /// assert!(!proxy.is_for(&"https://127.0.0.1/v1".parse().unwrap()));
    /// # Ok::<(), qbank_proto::Error>(())
    /// ```
    pub fn new(field: &str, url: &str, no_proxy: &str) -> Result<Self, Error> {
        Self::at(field, &proxy_url(field, url)?, no_proxy)
    }

    /// The proxy at a URL, but not for the hosts that the environment's `NO_PROXY` or
    /// `no_proxy` names, where `variable` looks one up.
    pub fn exempting(
        field: &str,
        url: &str,
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Self, Error> {
        Self::new(field, url, &no_proxy_of_environment(variable))
    }

    /// The proxy that the environment names for https, see [`proxy_of_environment`], but not for
    /// the hosts that `NO_PROXY` or `no_proxy` names.
    pub fn of_environment(
        variable: impl Fn(&str) -> Option<OsString>,
    ) -> Result<Option<Self>, Error> {
        let url = proxy_of_environment(&variable)?;
        let exempt = no_proxy_of_environment(variable);
        url.map(|url| Self::at("proxy", &url, &exempt)).transpose()
    }

    fn at(field: &str, url: &Uri, no_proxy: &str) -> Result<Self, Error> {
        let (host, port) = host_and_port(url);
        let uri = Uri::builder().scheme("http").authority(format!("{host}:{port}"));
        let uri = uri.path_and_query("/").build();
        let uri = uri.map_err(|_| Error::invalid_input(field, "must name a host"))?;
        let user = url.authority().and_then(|it| it.as_str().rsplit_once('@'));
        let authorization = user.map(|(user, _)| basic(user));
        Ok(Self { uri, authorization, exempt: Exempt::parse(no_proxy) })
    }

    /// Whether a URL is reached through this proxy. Loopback never is.
    pub fn is_for(&self, target: &Uri) -> bool {
        let (host, port) = host_and_port(target);
        !is_loopback(host) && !self.exempt.has(host, port)
    }

    /// Where it is, without its user and password.
    pub const fn uri(&self) -> &Uri {
        &self.uri
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.uri.authority().map_or("", |authority| authority.as_str()))
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Proxy")
            .field("uri", &self.uri)
            .field("authorization", &self.authorization.is_some())
            .field("exempt", &self.exempt)
            .finish()
    }
}

/// The user and the password of a URL as HTTP Basic.
fn basic(user: &str) -> HeaderValue {
    let (user, password) = user.split_once(':').unwrap_or((user, ""));
    let mut pair: Vec<u8> = percent_decode_str(user).collect();
    pair.push(b':');
    pair.extend(percent_decode_str(password));
    let text = format!("Basic {}", Base64::encode_string(&pair));
    // Base64 has no character that a header cannot have.
    let mut header = HeaderValue::from_str(&text).unwrap_or(HeaderValue::from_static(""));
    header.set_sensitive(true);
    header
}

fn no_proxy_of_environment(variable: impl Fn(&str) -> Option<OsString>) -> String {
    let mut set = ["NO_PROXY", "no_proxy"].into_iter().filter_map(variable);
    let value = set.find(|value| !value.is_empty()).unwrap_or_default();
    value.to_string_lossy().into_owned()
}

/// Reads the URL of an HTTP proxy. The error does not repeat it, since it may have a password.
///
/// ```
/// use qbank_proto::proxy_url;
/// assert!(proxy_url("proxy", "http://user:password@proxy.example:3128").is_ok());
/// assert!(proxy_url("proxy", "socks5://proxy.example:1080").is_err());
/// ```
pub fn proxy_url(field: &str, text: &str) -> Result<Uri, Error> {
    let uri = absolute_url(field, text).ok().filter(|uri| {
        // After a second `@`, part of a password would be part of the host.
        let authority = uri.authority().map_or("", |authority| authority.as_str());
        uri.scheme_str() == Some("http") && authority.matches('@').count() <= 1
    });
    uri.ok_or_else(|| {
        let rule = "must be a URL such as http://proxy.example:3128; \
                    no other kind of proxy is supported";
        Error::invalid_input(field, rule)
    })
}

/// The proxy that the environment names for https: the first of `HTTPS_PROXY`, `https_proxy`,
/// `ALL_PROXY` and `all_proxy` that is not empty, where `variable` looks one up. White space
/// around it is dropped, and `http://` may be left out. One that cannot be used is an error:
/// going past it would send money by a way that is not allowed.
pub fn proxy_of_environment(
    variable: impl Fn(&str) -> Option<OsString>,
) -> Result<Option<Uri>, Error> {
    for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
        let Some(value) = variable(name).filter(|value| !value.is_empty()) else {
            continue;
        };
        // What is no text is no URL either.
        let text = value.to_str().unwrap_or_default().trim();
        let scheme = if text.contains("://") { "" } else { "http://" };
        return proxy_url(name, &format!("{scheme}{text}")).map(Some);
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_proxy_variable_that_is_set_counts_and_must_be_usable() {
        let of = |set: &[(&str, &str)]| {
            let set: Vec<_> = set.iter().map(|(name, value)| (*name, value.into())).collect();
            proxy_of_environment(|name| {
                set.iter()
                    .find(|(it, _)| *it == name)
                    .map(|(_, value): &(_, OsString)| value.clone())
            })
            .map(|uri| uri.map(|uri| uri.to_string()))
        };
        assert_eq!(of(&[]).unwrap(), None);
        assert_eq!(of(&[("HTTPS_PROXY", ""), ("NO_PROXY", "*")]).unwrap(), None);
        for (value, proxy) in [
            ("http://p.example:3128", "http://p.example:3128/"),
            (" http://p.example:3128\r\n", "http://p.example:3128/"),
            ("p.example:3128", "http://p.example:3128/"),
            ("http://u:pa%40ss@p.example", "http://u:pa%40ss@p.example/"),
        ] {
            for name in ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"] {
                assert_eq!(of(&[(name, value)]).unwrap().as_deref(), Some(proxy), "{name}");
            }
        }
        for value in [
            " ",
            "'http://p.example:3128'",
            "\"http://p.example:3128\"",
            "https://p.example:3128",
            "socks5://u:hush-hush@p.example:1080",
            "http://u:hush hush@p.example:3128",
            "http://u:hush@hush@p.example:3128",
            "http://p.example:99999",
            "http://:3128",
        ] {
            // Nor is another variable used in its place.
            let usable = ("ALL_PROXY", "http://p.example:3128");
            let error = of(&[("HTTPS_PROXY", value), usable]).unwrap_err();
            assert!(error.to_string().starts_with("HTTPS_PROXY must be a URL"), "{value}: {error}");
            assert!(!format!("{error} {error:?}").contains("hush"), "{error:?}");
        }
    }

    #[test]
    fn the_first_list_of_exempt_hosts_that_is_not_empty_counts() {
        for (upper, lower, exempt) in
            [("", "", false), ("", "b.example", true), ("b.example", "x", true), ("x", "*", false)]
        {
            let variable = |name: &str| match name {
                "HTTPS_PROXY" => Some("p.example:3128".into()),
                "NO_PROXY" => Some(upper.into()),
                "no_proxy" => Some(lower.into()),
                _ => None,
            };
            let target = "https://b.example/v1".parse().unwrap();
            let named = Proxy::of_environment(variable).unwrap().unwrap();
            let given = Proxy::exempting("proxy", "http://p.example:3128", variable).unwrap();
            for proxy in [named, given] {
                assert_eq!(!proxy.is_for(&target), exempt, "{upper:?} {lower:?}");
            }
        }
    }
}
