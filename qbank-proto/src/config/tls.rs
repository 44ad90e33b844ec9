//! Whom a driver over rustls trusts, what it shows to a server that asks who it is, and what
//! an error of rustls means. rustls does no I/O either; the cryptography is the driver's.

mod pem;

use std::fmt;
use std::io::BufRead as _;
use std::sync::Arc;

use rustls::client::ResolvesClientCert;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
use rustls::{
    ClientConfig, ClientConnection, InconsistentKeys, ProtocolVersion, RootCertStore,
    SignatureScheme,
};

use crate::error::Error;
use crate::types::FaultKind;

/// The TLS settings of a driver's builder, checked when they are given.
#[derive(Clone)]
pub struct TlsSettings {
    provider: Arc<CryptoProvider>,
    roots: Vec<CertificateDer<'static>>,
    only_given_roots: bool,
    client: Option<Arc<CertifiedKey>>,
    given: Option<ClientConfig>,
}

impl TlsSettings {
    /// Mozilla's roots, no client certificate.
    pub const fn new(provider: Arc<CryptoProvider>) -> Self {
        Self { provider, roots: Vec::new(), only_given_roots: false, client: None, given: None }
    }

    /// Trusts these root certificates as well: one or more, in PEM.
    pub fn add_roots(&mut self, pem: &[u8]) -> Result<(), Error> {
        self.roots.extend(pem::certificates("root certificates", pem)?);
        Ok(())
    }

    /// Trusts these root certificates, and those that were given before, but not Mozilla's.
    pub fn only_roots(&mut self, pem: &[u8]) -> Result<(), Error> {
        self.add_roots(pem)?;
        self.only_given_roots = true;
        Ok(())
    }

    /// Shows this certificate to a server that asks for one: the certificate and what leads to
    /// its root, and its private key, in PEM. No error repeats any of the key.
    pub fn client_certificate(&mut self, chain: &[u8], key: &[u8]) -> Result<(), Error> {
        let chain = pem::certificates(CERTIFICATE, chain)?;
        let key = pem::private_key(KEY, key)?;
        let certified = CertifiedKey::from_der(chain, key, &self.provider);
        let certified = certified.map_err(|error| match error {
            rustls::Error::InconsistentKeys(InconsistentKeys::KeyMismatch) => Error::invalid_input(
                KEY,
                "does not belong to the client certificate; the chain must begin with the \
                 certificate of this key",
            ),
            rustls::Error::InvalidCertificate(_) => Error::invalid_input(CERTIFICATE, NOT_X509),
            _ => Error::invalid_input(
                KEY,
                "is of a kind that is not supported; RSA, ECDSA (P-256, P-384) and Ed25519 are",
            ),
        })?;
        self.client = Some(Arc::new(certified));
        Ok(())
    }

    /// Uses this configuration instead: its cryptography, its roots, its client certificate.
    /// ALPN stays the driver's.
    pub fn configure(&mut self, config: ClientConfig) {
        self.given = Some(config);
    }

    /// What a connection is configured with. `asked` is called where a server asks for a client
    /// certificate, by the thread that does the handshake.
    pub fn client_config(&self, asked: fn()) -> Result<ClientConfig, rustls::Error> {
        let mut config = match &self.given {
            Some(given) => given.clone(),
            None => self.own()?,
        };
        config.alpn_protocols.clear();
        // What is sent before the handshake ends can be replayed.
        config.enable_early_data = false;
        let inner = config.client_auth_cert_resolver;
        config.client_auth_cert_resolver = Arc::new(Noting { inner, asked });
        Ok(config)
    }

    fn own(&self) -> Result<ClientConfig, rustls::Error> {
        let builder = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(self.trusted());
        Ok(match &self.client {
            Some(certified) => {
                let certified = SingleCertAndKey::from(Arc::clone(certified));
                builder.with_client_cert_resolver(Arc::new(certified))
            }
            None => builder.with_no_client_auth(),
        })
    }

    fn trusted(&self) -> RootCertStore {
        let mozilla = if self.only_given_roots { &[] } else { webpki_roots::TLS_SERVER_ROOTS };
        let mut roots = RootCertStore { roots: mozilla.to_vec() };
        roots.add_parsable_certificates(self.roots.iter().cloned());
        roots
    }
}

impl fmt::Debug for TlsSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsSettings")
            .field("roots", &self.roots.len())
            .field("only_given_roots", &self.only_given_roots)
            .field("client_certificate", &self.client.is_some())
            .field("given", &self.given.is_some())
            .finish_non_exhaustive()
    }
}

const CERTIFICATE: &str = "client certificate";
const KEY: &str = "client key";
const NOT_X509: &str = "is not X.509";

/// Notes that a server asks for a client certificate.
struct Noting {
    inner: Arc<dyn ResolvesClientCert>,
    asked: fn(),
}

impl ResolvesClientCert for Noting {
    fn resolve(
        &self,
        root_hint_subjects: &[&[u8]],
        sigschemes: &[SignatureScheme],
    ) -> Option<Arc<CertifiedKey>> {
        (self.asked)();
        self.inner.resolve(root_hint_subjects, sigschemes)
    }

    fn only_raw_public_keys(&self) -> bool {
        self.inner.only_raw_public_keys()
    }

    fn has_certs(&self) -> bool {
        self.inner.has_certs()
    }
}

impl fmt::Debug for Noting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Noting").finish_non_exhaustive()
    }
}

/// What an error of rustls means, where the server asked for a client certificate in this
/// handshake, and where it did not.
pub fn of_tls_error(error: &rustls::Error, asked: bool) -> FaultKind {
    match error {
        rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented => {
            FaultKind::Certificate
        }
        rustls::Error::AlertReceived(alert) => FaultKind::of_tls_alert(u8::from(*alert), asked),
        _ => FaultKind::Tls,
    }
}

/// Whether this error shows that a server, which asked for a client certificate, refused it
/// instead of ending its handshake, so that it cannot have read a request. Over TLS 1.3 the
/// client's own handshake has ended by then. `answered`: something was read from the connection.
///
/// It is the peer's word that the certificate was the reason. So only the alerts count that
/// are about certificates and nothing else, and only where nothing shows that the server's
/// handshake ended. A server that sends no tickets, reads a request and then one of these
/// alerts, which no standard has it do, is believed wrongly.
pub fn refused_in_handshake(
    error: &rustls::Error,
    connection: &mut ClientConnection,
    answered: bool,
) -> bool {
    let rustls::Error::AlertReceived(alert) = error else { return false };
    // A response that came in one piece with the alert was not read by anybody yet.
    let answered = answered || connection.reader().fill_buf().is_ok_and(|it| !it.is_empty());
    FaultKind::is_alert_about_a_certificate(u8::from(*alert))
        && has_not_ended(
            connection.protocol_version(),
            connection.tls13_tickets_received(),
            answered,
        )
}

/// Over TLS 1.2 the client's handshake ends after the server's. A server sends session tickets
/// and responses only after the client's last message (RFC 8446 §4.6.1).
fn has_not_ended(version: Option<ProtocolVersion>, tickets: u32, answered: bool) -> bool {
    version == Some(ProtocolVersion::TLSv1_3) && tickets == 0 && !answered
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a CA made for this test.
    const ROOT: &[u8] = b"\
-----BEGIN CERTIFICATE-----
MIIBbzCCARWgAwIBAgIUO9weILPQAPBr0ax26Q2wML1vR5EwCgYIKoZIzj0EAwIw
DDEKMAgGA1UEAwwBcjAgFw0yNjExMzAwMjQ1NTZaGA8yMTI2MTEwNjAyNDU1Nlow
DDEKMAgGA1UEAwwBcjBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABO0asUfOm+Qm
uXXKsVuQ07SXnik2TdbFDfBjZRIvr/7oKgo66saWHzAMaB5u++tdmES9ehfc4PSV
f56wowoHrsajUzBRMB0GA1UdDgQWBBSo4/SLJSMXGEoFdHQAZWeYyrGyATAfBgNV
HSMEGDAWgBSo4/SLJSMXGEoFdHQAZWeYyrGyATAPBgNVHRMBAf8EBTADAQH/MAoG
CCqGSM49BAMCA0gAMEUCIQCuDKBQTlS2Zb7CEOsMObNXkB9uHqZNVHzaZRCUD6dd
xwIgCWmpsteiTqZ6I2NLMK3e0p7TAdiQB5UxGsmo3iPH8jE=
-----END CERTIFICATE-----
";

    #[test]
    fn only_the_given_roots_are_trusted_where_that_was_asked_for() {
        let mozilla = webpki_roots::TLS_SERVER_ROOTS.len();
        let mut settings = TlsSettings::new(Arc::new(rustls::crypto::ring::default_provider()));
        settings.add_roots(ROOT).unwrap();
        assert_eq!(settings.trusted().len(), mozilla + 1);
        settings.only_roots(ROOT).unwrap();
        assert_eq!(settings.trusted().len(), 2);
        assert!(settings.only_roots(b"").is_err(), "none at all would refuse every server");
    }

    #[test]
    fn a_server_that_sent_anything_has_ended_its_handshake() {
        use ProtocolVersion::{TLSv1_2, TLSv1_3};
        assert!(has_not_ended(Some(TLSv1_3), 0, false));
        for (version, tickets, answered) in [
            (Some(TLSv1_2), 0, false),
            (None, 0, false),
            (Some(TLSv1_3), 1, false),
            (Some(TLSv1_3), 0, true),
        ] {
            assert!(!has_not_ended(version, tickets, answered));
        }
    }
}
