//! Which URLs name a payment of ours.

use http::Uri;

use crate::types::{PaymentId, find, hyphenated, replaced};

/// Reads a payment's id out of a `Location`, a `Link` or a problem's
/// `instance`: a uuid directly under our own `…/payments/`, on our own origin.
/// Nothing else counts, and nothing is ever fetched from such a URL: only the
/// id is taken.
#[derive(Debug, Clone)]
pub(crate) struct PaymentUrls<'a> {
    base: &'a Uri,
    /// What a relative reference is relative to: the URL of the request.
    request: &'a Uri,
}

impl<'a> PaymentUrls<'a> {
    pub(crate) fn new(base: &'a Uri, request: &'a Uri) -> Self {
        Self { base, request }
    }

    /// The path of a payment and nothing else, which needs no resolution.
    fn usual(&self, text: &str) -> Option<PaymentId> {
        let id = text
            .strip_prefix(self.base.path().trim_end_matches('/'))?
            .strip_prefix("/payments/")?;
        hyphenated(id).map(PaymentId::from_uuid)
    }

    /// A bare uuid, or a reference that resolves to one of our payments.
    pub(crate) fn id_of(&self, text: &str) -> Option<PaymentId> {
        if let Some(uuid) = hyphenated(text.strip_prefix("urn:uuid:").unwrap_or(text)) {
            return Some(PaymentId::from_uuid(uuid));
        }
        self.id_of_reference(text)
    }

    /// A reference that resolves to one of our payments.
    pub(crate) fn id_of_reference(&self, text: &str) -> Option<PaymentId> {
        if let Some(id) = self.usual(text) {
            return Some(id);
        }
        let resolved = resolved(text, self.request)?;
        let uri: Uri = resolved.parse().ok()?;
        if !same_origin(&uri, self.base) {
            return None;
        }
        let id = uri
            .path()
            .strip_prefix(self.base.path().trim_end_matches('/'))?
            .strip_prefix("/payments/")?;
        hyphenated(id).map(PaymentId::from_uuid)
    }
}

/// A reference as a URL (RFC 3986 §5.2). `None` for what is no reference, and for
/// one with a query or a fragment, which names something other than a payment.
fn resolved(reference: &str, request: &Uri) -> Option<String> {
    let (scheme, authority) = (request.scheme_str()?, request.authority()?.as_str());
    let base = request.path();
    if !is_plain(reference) || !is_plain(base) {
        return None;
    }
    let (scheme, rest) = match find(reference, "://").map(|at| reference.split_at(at)) {
        Some((scheme, rest)) if is_scheme(scheme) => (scheme, &rest[1..]),
        _ => (scheme, reference),
    };
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            (is_host(authority).then_some(authority)?, path.to_owned())
        }
        // `mailto:x` is of another scheme, and `a:b/c` is no reference.
        None if rest.split('/').next()?.contains(':') => return None,
        None if rest.is_empty() => return Some(format!("{scheme}://{authority}{base}")),
        None if rest.starts_with('/') => (authority, rest.to_owned()),
        None => {
            let above = base.rsplit_once('/').map_or("", |(above, _)| above);
            (authority, format!("{above}/{rest}"))
        }
    };
    // Brackets are for addresses.
    let fits = !has(&path, b"[]");
    fits.then(|| format!("{scheme}://{authority}{}", without_dots(&path)))
}

fn has(text: &str, letters: &[u8]) -> bool {
    text.bytes().any(|byte| letters.contains(&byte))
}

/// Only what may stand in a URL before a query, each `%` with its two digits.
fn is_plain(text: &str) -> bool {
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        let fits = match byte {
            b'%' => [bytes.next(), bytes.next()]
                .iter()
                .all(|digit| digit.is_some_and(|digit| digit.is_ascii_hexdigit())),
            _ => byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:@/[]".contains(&byte),
        };
        if !fits {
            return false;
        }
    }
    true
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
}

/// A host and perhaps a port, without a user.
fn is_host(authority: &str) -> bool {
    let host = authority.trim_end_matches(|last: char| last.is_ascii_digit());
    let host = host.strip_suffix(':').unwrap_or(authority);
    // Whether it is an address, the comparison with our own host tells.
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(address) => !has(address, b"@[]"),
        None => !has(host, b":@[]"),
    }
}

/// A path from the root with its `.` and `..` resolved (RFC 3986 §5.2.4).
fn without_dots(path: &str) -> String {
    let mut kept = String::with_capacity(path.len());
    let mut segments = path.split('/').skip(1).peekable();
    while let Some(segment) = segments.next() {
        let is_last = segments.peek().is_none();
        // An escaped dot is a dot.
        match replaced(&replaced(segment, "%2e", "."), "%2E", ".").as_str() {
            "." => {}
            ".." => kept.truncate(kept.rfind('/').unwrap_or(0)),
            _ => {
                kept.push('/');
                kept.push_str(segment);
                continue;
            }
        }
        if is_last {
            kept.push('/');
        }
    }
    kept
}

fn same_origin(a: &Uri, b: &Uri) -> bool {
    let (Some(left), Some(right)) = (a.authority(), b.authority()) else {
        return false;
    };
    let plain = |uri: &Uri| uri.authority().is_some_and(|it| !it.as_str().contains('@'));
    a.scheme() == b.scheme()
        && plain(a)
        && left.host().eq_ignore_ascii_case(right.host())
        && port(a) == port(b)
}

fn port(uri: &Uri) -> Option<u16> {
    uri.port_u16().or(match uri.scheme_str() {
        Some("https") => Some(443),
        Some("http") => Some(80),
        _ => None,
    })
}

#[cfg(test)]
mod reference;

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

    fn id_of(location: &str) -> Option<String> {
        let base = Uri::from_static("https://api.qbankconnect.com/v1");
        let request = Uri::from_static("https://api.qbankconnect.com/v1/payments/ach");
        PaymentUrls::new(&base, &request).id_of_reference(location).map(|id| id.to_string())
    }

    #[test]
    fn a_location_directly_under_our_own_payments_names_a_payment() {
        for location in [
            "https://api.qbankconnect.com/v1/payments/ID",
            "HTTPS://API.QBankConnect.com:443/v1/payments/ID",
            "//api.qbankconnect.com/v1/payments/ID",
            "/v1/payments/ID",
            "../payments/ID",
            "ID",
            "./ID",
        ] {
            let location = location.replace("ID", ID);
            assert_eq!(id_of(&location).as_deref(), Some(ID), "{location}");
        }
    }

    #[test]
    fn any_other_location_is_ignored_as_an_id() {
        for location in [
            "",
            "https://evil.example/v1/payments/ID",
            "https://api.qbankconnect.com.evil.example/v1/payments/ID",
            "https://user@api.qbankconnect.com/v1/payments/ID",
            "https://api.qbankconnect.com:8443/v1/payments/ID",
            "http://api.qbankconnect.com/v1/payments/ID",
            "//evil.example/v1/payments/ID",
            "/v2/payments/ID",
            "/payments/ID",
            "/v1/payments/ID/",
            "/v1/payments/ID/status",
            "/v1/payments/ach/ID",
            "/v1/payments/../transfers/ID",
            "/v1/payments/ID?x=1",
            "/v1/payments/ID#x",
            "/v1/payments/42",
            "/v1/payments/{ID}",
            "\u{0}",
            "http://[::1",
        ] {
            let location = location.replace("ID", ID);
            assert_eq!(id_of(&location), None, "{location}");
        }
    }
}
