//! Which URLs name a payment of ours.

use http::Uri;

use crate::types::{PaymentId, hyphenated};

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
        let uri = resolved(text, self.request)?;
        if !same_origin(&uri, self.base) {
            return None;
        }
        let path = plain(uri.path());
        let id = path
            .strip_prefix(self.base.path().trim_end_matches('/'))?
            .strip_prefix("/payments/")?;
        hyphenated(id).map(PaymentId::from_uuid)
    }
}

/// A reference as a URL (RFC 3986 §5.2). `None` for what is no reference, and for
/// one with a query or a fragment, which names something other than a payment.
///
/// By hand: `iri-string`, with which it is compared below, is 4 KB of the npm package, gzipped.
fn resolved(reference: &str, request: &Uri) -> Option<Uri> {
    let (scheme, authority) = (request.scheme_str()?, request.authority()?);
    let has_scheme = reference.split('/').next().is_some_and(|start| start.contains(':'));
    let absolute = if has_scheme {
        reference.to_owned()
    } else if reference.starts_with("//") {
        format!("{scheme}:{reference}")
    } else {
        let path = request.path();
        let folder = path.get(..=path.rfind('/')?)?;
        let folder = if reference.starts_with('/') { "" } else { folder };
        format!("{scheme}://{authority}{folder}{reference}")
    };
    if reference.is_empty() || absolute.contains(['?', '#']) { None } else { absolute.parse().ok() }
}

/// A path without `.` and `..` (RFC 3986 §5.2.4). One that ends in either names no payment.
fn plain(path: &str) -> String {
    let mut plain: Vec<&str> = Vec::new();
    for segment in path.split('/').skip(1) {
        match segment {
            "." => {}
            ".." => {
                plain.pop();
            }
            _ => plain.push(segment),
        }
    }
    let ends_in_dots = path.ends_with("/.") || path.ends_with("/..");
    format!("/{}{}", plain.join("/"), if ends_in_dots { "/" } else { "" })
}

fn same_origin(a: &Uri, b: &Uri) -> bool {
    let (Some(left), Some(right)) = (host_and_port(a), host_and_port(b)) else {
        return false;
    };
    a.scheme() == b.scheme() && left.eq_ignore_ascii_case(right)
}

/// The authority as it is written, without the scheme's own port. Not by `Uri::port`, which
/// takes what is no port as if none were there.
fn host_and_port(uri: &Uri) -> Option<&str> {
    let written = uri.authority()?.as_str();
    let usual = if uri.scheme_str() == Some("http") { ":80" } else { ":443" };
    Some(written.strip_suffix(usual).unwrap_or(written))
}

#[cfg(test)]
mod tests {
    use super::*;
    use iri_string::types::{UriAbsoluteStr, UriReferenceStr};
    use proptest::prelude::*;

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
            "/v1/x/../payments/./ID",
            "/v1/payments/ach/../ID",
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
            "https://api.qbankconnect.com:(43/v1/payments/ID",
            "https://api.qbankconnect.com:+443/v1/payments/ID",
            "https://api.qbankconnect.com:/v1/payments/ID",
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

    /// The same by a library for the standard.
    fn by_iri_string(reference: &str, request: &Uri) -> Option<String> {
        let reference = UriReferenceStr::new(reference).ok()?;
        let text = request.to_string();
        let resolved = reference.resolve_against(UriAbsoluteStr::new(&text).ok()?).to_string();
        let resolved: Uri = resolved.parse().ok()?;
        let id = resolved.path().strip_prefix("/v1/payments/")?;
        (same_origin(&resolved, request) && hyphenated(id).is_some()).then(|| id.to_owned())
    }

    proptest! {
        #[test]
        fn references_name_the_payment_that_iri_string_finds(
            start in prop_oneof![
                Just("https://api.qbankconnect.com/"), Just("//api.qbankconnect.com/"), Just("/"),
                Just("./"), Just("../"), Just("a"), Just("https:"),
            ],
            segments in prop::collection::vec(
                prop_oneof![Just("v1"), Just("payments"), Just("."), Just(".."), Just(""), Just("a:b")],
                0..6,
            ),
        ) {
            let request = Uri::from_static("https://api.qbankconnect.com/v1/payments/ach");
            let reference = format!("{start}{}/{ID}", segments.join("/"));
            prop_assert_eq!(id_of(&reference), by_iri_string(&reference, &request), "{}", reference);
        }
    }
}
