//! CONNECT: what opens a tunnel through a proxy, and what a proxy says to it.

use std::fmt;

use http::Uri;

use super::Proxy;
use crate::error::PROXY_CREDENTIALS;
use crate::types::BoxError;

/// The most fields that the head of a response may have: gateways add fields of their own.
pub const MOST_HEAD_FIELDS: usize = 256;

/// The largest head of a response, in bytes: policies are long.
pub const LARGEST_HEAD: usize = 128 * 1024;

/// Why there is no tunnel. It names the proxy, without its user and password.
#[derive(Debug)]
pub struct ProxyError {
    proxy: String,
    what: What,
    source: Option<BoxError>,
}

#[derive(Debug)]
enum What {
    Unreachable,
    Status(u16),
    NotHttp,
    TooLarge,
    TooMuch,
}

impl fmt::Display for ProxyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let proxy = &self.proxy;
        match self.what {
            What::Unreachable => write!(f, "proxy {proxy} could not be used"),
            What::Status(407) => {
                write!(f, "proxy {proxy} responded 407 to CONNECT; {PROXY_CREDENTIALS}")
            }
            What::Status(status) => write!(f, "proxy {proxy} responded {status} to CONNECT"),
            What::NotHttp => write!(f, "proxy {proxy} did not respond in HTTP to CONNECT"),
            What::TooLarge => write!(
                f,
                "proxy {proxy} responded to CONNECT with a head of more than {MOST_HEAD_FIELDS} \
                 fields or {} KiB",
                LARGEST_HEAD / 1024
            ),
            What::TooMuch => write!(f, "proxy {proxy} sent more than its response to CONNECT"),
        }
    }
}

impl std::error::Error for ProxyError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| &**source as _)
    }
}

impl Proxy {
    /// The request that opens a tunnel to a URL's host.
    pub fn connect_request(&self, target: &Uri) -> Vec<u8> {
        let (host, port) = host_and_port(target);
        let agent = concat!("qbank-connect-rust/", env!("CARGO_PKG_VERSION"));
        let mut request = format!(
            "CONNECT {host}:{port} HTTP/1.1\r\nHost: {host}:{port}\r\nUser-Agent: {agent}\r\n"
        )
        .into_bytes();
        if let Some(authorization) = &self.authorization {
            request.extend_from_slice(b"Proxy-Authorization: ");
            request.extend_from_slice(authorization.as_bytes());
            request.extend_from_slice(b"\r\n");
        }
        request.extend_from_slice(b"\r\n");
        request
    }

    /// Reads what a proxy sent so far, of which `known` bytes were here before: how long its
    /// good response is, or `None` until all of that is here.
    pub fn connect_response(
        &self,
        bytes: &[u8],
        known: usize,
    ) -> Result<Option<usize>, ProxyError> {
        // Only where a head may have ended: a head that comes byte by byte is not parsed for
        // each of them.
        let new = bytes.get(known.saturating_sub(3)..).unwrap_or_default();
        if !new.windows(2).any(|it| it == b"\n\n") && !new.windows(3).any(|it| it == b"\n\r\n") {
            return self.unfinished(bytes);
        }
        let mut rest = bytes;
        loop {
            let mut fields = [httparse::EMPTY_HEADER; MOST_HEAD_FIELDS];
            let mut response = httparse::Response::new(&mut fields);
            let length = match response.parse(rest) {
                Ok(httparse::Status::Complete(length)) => length,
                Ok(httparse::Status::Partial) => return self.unfinished(bytes),
                Err(httparse::Error::TooManyHeaders) => {
                    return Err(self.error(What::TooLarge));
                }
                Err(_) => return Err(self.error(What::NotHttp)),
            };
            rest = rest.get(length..).unwrap_or_default();
            match response.code.unwrap_or_default() {
                100..=199 => {}
                200..=299 if rest.is_empty() => return Ok(Some(bytes.len())),
                // A server over TLS sends nothing before the client does.
                200..=299 => return Err(self.error(What::TooMuch)),
                status => return Err(self.error(What::Status(status))),
            }
        }
    }

    /// The proxy cannot be reached, or the connection to it broke.
    pub fn failed(&self, error: impl Into<BoxError>) -> ProxyError {
        ProxyError { source: Some(error.into()), ..self.error(What::Unreachable) }
    }

    fn unfinished(&self, bytes: &[u8]) -> Result<Option<usize>, ProxyError> {
        if bytes.len() < LARGEST_HEAD { Ok(None) } else { Err(self.error(What::TooLarge)) }
    }

    fn error(&self, what: What) -> ProxyError {
        ProxyError { proxy: self.to_string(), what, source: None }
    }
}

/// Where a URL leads.
pub(super) fn host_and_port(target: &Uri) -> (&str, u16) {
    let default = if target.scheme_str() == Some("http") { 80 } else { 443 };
    (target.host().unwrap_or_default(), target.port_u16().unwrap_or(default))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn proxy(url: &str) -> Proxy {
        Proxy::new("proxy", url, "").unwrap()
    }

    #[test]
    fn a_tunnel_is_asked_for_by_host_and_port_with_the_credentials_decoded() {
        let request = |proxy: &str, target: &str| {
            let request = self::proxy(proxy).connect_request(&target.parse().unwrap());
            String::from_utf8(request).unwrap()
        };
        let plain = request("http://p.example:3128", "https://bank.example/v1");
        assert!(
            plain.starts_with("CONNECT bank.example:443 HTTP/1.1\r\nHost: bank.example:443\r\n")
        );
        assert!(plain.ends_with("\r\n\r\n") && !plain.contains("Authorization"), "{plain}");
        let v6 = request("http://p.example:3128", "https://[2001:db8::1]:8443/v1");
        assert!(v6.starts_with("CONNECT [2001:db8::1]:8443 HTTP/1.1\r\n"), "{v6}");
        for (user, basic) in [
            ("user:pa%40ss-word-7", "dXNlcjpwYUBzcy13b3JkLTc="),
            ("user", "dXNlcjo="),
            ("a+b:c", "YStiOmM="),
        ] {
            let request = request(&format!("http://{user}@p.example:3128"), "https://b.example/");
            let field = format!("\r\nProxy-Authorization: Basic {basic}\r\n\r\n");
            assert!(request.ends_with(&field), "{request}");
        }
    }

    #[test]
    fn what_a_proxy_responds_is_read_once_it_is_whole() {
        let proxy = proxy("http://u:hush-hush@p.example:3128");
        let good =
            "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Connection established\r\nA: b\r\n\r\n";
        for end in 0..good.len() {
            let known = end.saturating_sub(1);
            let read = proxy.connect_response(&good.as_bytes()[..end], known).unwrap();
            assert_eq!(read, None, "{end}");
        }
        let whole = proxy.connect_response(good.as_bytes(), good.len() - 1).unwrap();
        assert_eq!(whole, Some(good.len()));
        let fields = |count: usize| format!("HTTP/1.0 200 OK\n{}\n", "x: y\n".repeat(count));
        let most = fields(MOST_HEAD_FIELDS);
        assert_eq!(proxy.connect_response(most.as_bytes(), 0).unwrap(), Some(most.len()));
        let long = format!("HTTP/1.1 200 OK\r\nx: {}\r\n\r\n", "y".repeat(100 * 1024));
        assert_eq!(proxy.connect_response(long.as_bytes(), 9).unwrap(), Some(long.len()));
        for (response, message) in [
            (
                "HTTP/1.1 407 Wanted\r\nContent-Length: 3\r\n\r\nnot".to_owned(),
                "proxy p.example:3128 responded 407 to CONNECT; a proxy on the way wants credentials",
            ),
            ("HTTP/1.1 502 Gone\r\n\r\n".into(), "proxy p.example:3128 responded 502 to CONNECT"),
            ("SSH-2.0 hello\r\n\r\n".into(), "proxy p.example:3128 did not respond in HTTP"),
            ("HTTP/1.1 200 OK\r\n\r\nmore".into(), "proxy p.example:3128 sent more than"),
            (fields(MOST_HEAD_FIELDS + 1), "a head of more than 256 fields or 128 KiB"),
            ("x".repeat(LARGEST_HEAD), "a head of more than 256 fields or 128 KiB"),
        ] {
            let error = proxy.connect_response(response.as_bytes(), 0).unwrap_err();
            assert!(error.to_string().contains(message), "{message}: {error}");
            assert!(!format!("{error} {error:?} {proxy:?}").contains("hush"), "{error:?}");
        }
    }
}
