//! Which URLs name a payment of ours.

use http::Uri;
use iri_string::types::{UriAbsoluteStr, UriReferenceStr};

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
        let id = uri
            .path()
            .strip_prefix(self.base.path().trim_end_matches('/'))?
            .strip_prefix("/payments/")?;
        hyphenated(id).map(PaymentId::from_uuid)
    }
}

/// A reference as a URL (RFC 3986 §5.2). `None` for what is no reference, and for
/// one with a query or a fragment, which names something other than a payment.
fn resolved(reference: &str, request: &Uri) -> Option<Uri> {
    let reference = UriReferenceStr::new(reference).ok()?;
    let request = request.to_string();
    let request = UriAbsoluteStr::new(request.split('?').next()?).ok()?;
    let resolved = reference.resolve_against(request).to_string();
    if resolved.contains(['?', '#']) { None } else { resolved.parse().ok() }
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
