//! Where the bank is, checked.

use std::net::IpAddr;

use http::Uri;

use crate::config::{Config, Environment};
use crate::error::Error;

/// The two URLs of a bank, checked.
#[derive(Debug, Clone)]
pub(crate) struct Urls {
    pub(crate) base: Uri,
    /// Without a slash at its end: what paths are appended to.
    pub(crate) base_text: String,
    pub(crate) token: Uri,
}

impl Urls {
    pub(crate) fn of(config: &Config) -> Result<Self, Error> {
        let (base, token, http_allowed) = match &config.environment {
            Environment::Production => ("https://api.qbankconnect.com/v1".to_owned(), None, false),
            Environment::Sandbox { port } => (format!("http://127.0.0.1:{port}/v1"), None, true),
            Environment::Custom { base_url, token_url } => {
                (base_url.clone(), token_url.clone(), config.allow_loopback_http)
            }
        };
        let base = base.trim_end_matches('/');
        let token = token.unwrap_or_else(|| format!("{base}/token"));
        if base.contains('?') {
            return Err(Error::invalid_input("base URL", "must not have a query"));
        }
        Ok(Self {
            base: checked("base URL", base, http_allowed)?,
            base_text: base.to_owned(),
            token: checked("token URL", &token, http_allowed)?,
        })
    }

    /// What an operation appends its path and query to.
    pub(crate) fn start(&self) -> String {
        let mut url = String::with_capacity(self.base_text.len() + USUAL_TARGET);
        url.push_str(&self.base_text);
        url
    }
}

/// Room for `/payments/` and an id.
const USUAL_TARGET: usize = 64;

/// HTTPS anywhere; plain HTTP to a loopback address only, and only when asked.
fn checked(field: &str, text: &str, http_allowed: bool) -> Result<Uri, Error> {
    let rule = |rule: &str| Err(Error::invalid_input(field, rule));
    let uri = absolute_url(field, text)?;
    let authority = uri.authority().map_or("", |authority| authority.as_str());
    if authority.contains('@') {
        return rule("must not have a user name or password");
    }
    if text.contains('#') {
        return rule("must not have a fragment");
    }
    match uri.scheme_str() {
        Some("http") if !is_loopback(uri.host().unwrap_or_default()) => {
            rule("must be https; plain http is for loopback addresses only")
        }
        Some("http") if !http_allowed => {
            rule("is plain http; allow it explicitly for a loopback address")
        }
        Some("https" | "http") => Ok(uri),
        _ => rule("must be https"),
    }
}

/// Reads a URL that somebody configured, for whatever: absolute, with a host, and with no
/// port or one from 1 to 65535. A port that does not exist would otherwise be taken for
/// none, and the request sent to the scheme's own.
///
/// ```
/// use qbank_proto::absolute_url;
/// assert!(absolute_url("proxy", "http://proxy.example:3128").is_ok());
/// let error = absolute_url("proxy", "http://proxy.example:99999").unwrap_err();
/// assert!(error.to_string().starts_with("proxy must have a port from 1 to 65535"));
/// ```
pub fn absolute_url(field: &str, text: &str) -> Result<Uri, Error> {
    let rule = |rule: &str| Err(Error::invalid_input(field, rule));
    let Ok(uri) = text.parse::<Uri>() else {
        return rule(ABSOLUTE);
    };
    let Some(authority) = uri.authority().filter(|_| uri.scheme().is_some()) else {
        return rule(ABSOLUTE);
    };
    if authority.host().is_empty() {
        return rule("must name a host");
    }
    // What comes after the user and the host: nothing, or a colon and the port.
    let after_user = authority.as_str().rsplit('@').next().unwrap_or_default();
    let port = after_user.get(authority.host().len()..).unwrap_or_default();
    let usable = match port.strip_prefix(':') {
        None => port.is_empty(),
        Some(digits) => {
            digits.len() <= 5
                && digits.bytes().all(|byte| byte.is_ascii_digit())
                && digits.parse::<u16>().is_ok_and(|port| port > 0)
        }
    };
    if usable { Ok(uri) } else { rule("must have a port from 1 to 65535, or none") }
}

const ABSOLUTE: &str = "must be an absolute URL such as https://bank.example/v1";

/// Whether a URL's host is this machine: `localhost`, `127.0.0.0/8` or `[::1]`.
///
/// ```
/// assert!(qbank_proto::is_loopback("127.0.0.1"));
/// assert!(qbank_proto::is_loopback("[::1]"));
/// assert!(!qbank_proto::is_loopback("localhost.example"));
/// ```
pub fn is_loopback(host: &str) -> bool {
    let bare = host.strip_prefix('[').and_then(|h| h.strip_suffix(']')).unwrap_or(host);
    host.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Credentials;

    #[test]
    fn loopback_is_what_the_standard_library_says() {
        for host in [
            "127.0.0.1",
            "127.1.2.3",
            "127.255.255.255",
            "127.0.0.256",
            "127.0.0.01",
            "127.0.0",
            "127.0.0.1.1",
            "127.0.0.",
            "127..0.1",
            "127.0.0.0001",
            "127.0.0.+1",
            "128.0.0.1",
            "",
            "::1",
            "0:0:0:0:0:0:0:1",
            "0::1",
            "::0001",
            "::10",
            "1::",
            "::1:1",
            "1",
            "0001",
            "::2",
            "::",
            "::ffff:127.0.0.1",
            "127.0.0.1 ",
            "0127.0.0.1",
        ] {
            let known = host.parse::<std::net::IpAddr>().is_ok_and(|it| it.is_loopback());
            assert_eq!(is_loopback(host), known, "{host}");
        }
    }

    fn base(url: &str, allow: bool) -> Result<String, String> {
        let mut config = Config::new(Environment::custom(url), Credentials::Supplier);
        config.allow_loopback_http = allow;
        match Urls::of(&config) {
            Ok(urls) => Ok(urls.token.to_string()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn plain_http_is_for_loopback_and_only_when_asked() {
        assert!(base("http://127.0.0.1:8080/v1", true).is_ok());
        assert!(base("http://localhost:8080/v1", true).is_ok());
        assert!(base("http://[::1]:8080/v1", true).is_ok());
        assert!(base("http://127.0.0.1:8080/v1", false).unwrap_err().contains("explicitly"));
        for url in ["http://bank.example/v1", "http://127.0.0.1.example/v1", "http://10.0.0.1/v1"] {
            assert!(base(url, true).unwrap_err().contains("must be https"), "{url}");
        }
    }

    #[test]
    fn a_url_that_is_no_base_is_refused_by_rule() {
        for (url, rule) in [
            ("", "absolute"),
            ("bank.example/v1", "absolute"),
            ("/v1", "absolute"),
            ("ftp://bank.example", "must be https"),
            ("https://user:pw@bank.example/v1", "user name"),
            ("https://bank.example/v1?x=1", "query"),
            ("https://bank.example/v1#x", "fragment"),
            ("http://127.0.0.1:99999/v1", "port from 1 to 65535"),
            ("http://127.0.0.1:65536/v1", "port from 1 to 65535"),
            ("http://127.0.0.1:084670/v1", "port from 1 to 65535"),
            ("http://127.0.0.1:0/v1", "port from 1 to 65535"),
            ("http://127.0.0.1:/v1", "port from 1 to 65535"),
            ("http://[::1]:70000/v1", "port from 1 to 65535"),
            ("http://127.0.0.1:+80/v1", ""),
            ("http://127.0.0.1:8o/v1", ""),
        ] {
            let message = base(url, true).unwrap_err();
            assert!(message.contains(rule), "{url}: {message}");
            assert!(!message.contains("pw"), "a password must not be echoed");
        }
    }

    #[test]
    fn every_port_that_exists_is_taken() {
        for url in ["http://127.0.0.1:1/v1", "http://127.0.0.1:65535/v1", "http://[::1]:8080/v1"] {
            assert!(base(url, true).is_ok(), "{url}");
        }
        assert!(absolute_url("proxy", "http://user:pw@proxy.example:3128").is_ok());
        assert!(absolute_url("proxy", "http://user:99999@proxy.example").is_ok());
    }

    #[test]
    fn the_token_endpoint_is_below_the_base_unless_told() {
        assert_eq!(
            base("https://bank.example/v1/", false).unwrap(),
            "https://bank.example/v1/token"
        );
    }
}
