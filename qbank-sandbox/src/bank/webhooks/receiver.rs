//! A receiver of webhooks: where it is, and the secret that signs for it.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use hmac::{Hmac, KeyInit, Mac};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, Uri};
use qbank_proto::Secret;
use serde::Serialize;
use sha2::Sha256;
use uuid::Uuid;

use super::delivery::Delivery;
use super::event::Event;
use crate::bank::access::ClientIndex;
use crate::config::fixtures::WEBHOOK_SECRET;
use crate::message::hex::hex;

/// Where the events of a client go.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Receiver {
    pub(crate) url: String,
    #[serde(rename = "client_id")]
    pub(crate) client_id: Box<str>,
    #[serde(skip)]
    pub(crate) client: ClientIndex,
    #[serde(skip)]
    pub(crate) secret: Secret,
}

impl Receiver {
    /// Stands in where no receiver is registered.
    pub(crate) fn unregistered(client: ClientIndex) -> Self {
        let secret = Secret::new(WEBHOOK_SECRET);
        Self { url: String::new(), client_id: Box::default(), client, secret }
    }

    /// Takes the deliveries of a bank in the process of a test.
    pub(crate) fn in_process(client: ClientIndex, client_id: Box<str>) -> Self {
        let secret = Secret::new(WEBHOOK_SECRET);
        Self { url: "http://localhost/webhooks".into(), client_id, client, secret }
    }

    /// One delivery attempt, the first or a later one.
    pub(crate) fn delivery(&self, event: &Event, attempt: u32, attempt_id: Uuid) -> Delivery {
        let mut headers = HeaderMap::with_capacity(3);
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        for (name, text) in [
            ("webhook-event-id", attempt_id.to_string()),
            ("webhook-signature", sign(&self.secret, &event.body)),
        ] {
            if let Ok(value) = HeaderValue::try_from(text) {
                headers.insert(name, value);
            }
        }
        Delivery {
            url: self.url.clone(),
            headers,
            body: event.body.clone(),
            event_id: event.id,
            payment_id: event.payment_id,
            attempt_id,
            attempt,
        }
    }
}

/// HMAC-SHA256 over the raw body, key = the secret's bytes, in hexadecimal.
fn sign(secret: &Secret, body: &[u8]) -> String {
    // An HMAC takes a key of any length.
    Hmac::<Sha256>::new_from_slice(secret.expose().as_bytes())
        .map(|mac| hex(&mac.chain_update(body).finalize().into_bytes()))
        .unwrap_or_default()
}

pub(crate) fn is_loopback(url: &str) -> bool {
    url.parse().is_ok_and(|uri| loopback_address(&uri).is_some())
}

/// Where a receiver listens, if that is on loopback: a sandbox must not be
/// made to send requests to other hosts. No name is resolved, for the same reason.
pub fn loopback_address(uri: &Uri) -> Option<SocketAddr> {
    let authority = uri.authority()?;
    if uri.scheme_str() != Some("http") || authority.as_str().contains('@') {
        return None;
    }
    let host = authority.host();
    let ip = if host.eq_ignore_ascii_case("localhost") {
        Ipv4Addr::LOCALHOST.into()
    } else {
        host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>().ok()?
    };
    ip.is_loopback().then(|| SocketAddr::new(ip, authority.port_u16().unwrap_or(80)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_receivers_are_taken() {
        for url in
            ["http://127.0.0.1:9/x", "http://localhost", "http://[::1]:80/", "http://127.9.9.9/"]
        {
            assert!(is_loopback(url), "{url}");
        }
        for url in [
            "https://127.0.0.1/",
            "http://example.com/",
            "http://127.0.0.1@example.com/",
            "http://localhost@127.0.0.1/",
            "http://127.0.0.1.example.com/",
            "http://0.0.0.0/",
            "/hook",
            "127.0.0.1:80",
            "",
        ] {
            assert!(!is_loopback(url), "{url}");
        }
    }

    #[test]
    fn the_signature_is_the_hmac_of_rfc_4231() {
        // RFC 4231, test case 2.
        let tag = sign(&Secret::new("Jefe"), b"what do ya want for nothing?");
        assert_eq!(tag, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }
}
