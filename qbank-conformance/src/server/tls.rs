//! Certificates, good and bad, made when they are first needed.

use std::{
    collections::HashMap,
    io,
    sync::{Arc, Mutex, PoisonError},
};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    RootCertStore, ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
    version::{TLS12, TLS13},
};

use crate::{ClientCertificate, Tls};

/// The CA that the client trusts, another that it does not, and what they signed.
pub(crate) struct Authority {
    ca: CertifiedIssuer<'static, KeyPair>,
    untrusted: CertifiedIssuer<'static, KeyPair>,
    made: Mutex<HashMap<Tls, Arc<ServerConfig>>>,
}

impl Authority {
    pub(crate) fn new() -> io::Result<Authority> {
        Ok(Authority {
            ca: root("QBank conformance CA")?,
            untrusted: root("Some other CA")?,
            made: Mutex::default(),
        })
    }

    /// The root to trust.
    pub(crate) fn pem(&self) -> String {
        self.ca.pem()
    }

    /// A certificate for the client to present, with its chain, and its key; both in PEM.
    pub(crate) fn client(&self, which: ClientCertificate) -> io::Result<(String, String)> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let mut params = CertificateParams::new(Vec::<String>::new()).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "QBank conformance client");
        let chain = match which {
            ClientCertificate::Good => {
                let mut middle = CertificateParams::default();
                middle.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
                middle.distinguished_name.push(DnType::CommonName, "An intermediate CA");
                let middle_key = KeyPair::generate().map_err(io::Error::other)?;
                let middle = CertifiedIssuer::signed_by(middle, middle_key, &self.ca);
                let middle = middle.map_err(io::Error::other)?;
                params.signed_by(&key, &middle).map(|leaf| leaf.pem() + &middle.pem())
            }
            ClientCertificate::Expired => {
                params.not_before = rcgen::date_time_ymd(2000, 1, 1);
                params.not_after = rcgen::date_time_ymd(2001, 1, 1);
                params.signed_by(&key, &self.ca).map(|leaf| leaf.pem())
            }
            ClientCertificate::UnknownCa => {
                params.signed_by(&key, &self.untrusted).map(|leaf| leaf.pem())
            }
        };
        Ok((chain.map_err(io::Error::other)?, key.serialize_pem()))
    }

    /// The configuration of a server that shows this certificate.
    pub(crate) fn config(&self, tls: Tls) -> io::Result<Arc<ServerConfig>> {
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(config) = made.get(&tls) {
            return Ok(Arc::clone(config));
        }
        let config = Arc::new(self.make(tls)?);
        made.insert(tls, Arc::clone(&config));
        Ok(config)
    }

    fn make(&self, tls: Tls) -> io::Result<ServerConfig> {
        let key = KeyPair::generate().map_err(io::Error::other)?;
        let names: &[&str] = match tls {
            Tls::OtherName => &["other.example"],
            Tls::WantsClientCertificate => &["127.0.0.1", "localhost", "other.example"],
            _ => &["127.0.0.1", "localhost"],
        };
        let names: Vec<String> = names.iter().map(ToString::to_string).collect();
        let mut params = CertificateParams::new(names).map_err(io::Error::other)?;
        params.distinguished_name.push(DnType::CommonName, "QBank conformance server");
        match tls {
            Tls::Expired => {
                params.not_before = rcgen::date_time_ymd(2000, 1, 1);
                params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            }
            Tls::NotYetValid => {
                params.not_before = rcgen::date_time_ymd(2090, 1, 1);
                params.not_after = rcgen::date_time_ymd(2091, 1, 1);
            }
            _ => {}
        }
        let certificate = match tls {
            Tls::SelfSigned => params.self_signed(&key),
            Tls::UnknownCa => params.signed_by(&key, &self.untrusted),
            _ => params.signed_by(&key, &self.ca),
        }
        .map_err(io::Error::other)?;
        self.configure(tls, certificate.der().clone(), &key).map_err(io::Error::other)
    }

    fn configure(
        &self,
        tls: Tls,
        certificate: CertificateDer<'static>,
        key: &KeyPair,
    ) -> Result<ServerConfig, rustls::Error> {
        let versions: &[_] = match tls {
            Tls::Good12 | Tls::WantsClientCertificate12 => &[&TLS12],
            Tls::WantsClientCertificateAndResets => &[&TLS13],
            _ => &[&TLS13, &TLS12],
        };
        let key = PrivatePkcs8KeyDer::from(key.serialize_der()).into();
        let provider = Arc::new(ring::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_protocol_versions(versions)?;
        let builder = match tls {
            Tls::WantsClientCertificate
            | Tls::WantsClientCertificate12
            | Tls::WantsClientCertificateH2
            | Tls::WantsClientCertificateAndResets => {
                let mut roots = RootCertStore::empty();
                roots.add(self.ca.der().clone())?;
                let verifier =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .map_err(|error| rustls::Error::General(error.to_string()))?;
                builder.with_client_cert_verifier(verifier)
            }
            _ => builder.with_no_client_auth(),
        };
        let mut config = builder.with_single_cert(vec![certificate], key)?;
        config.alpn_protocols = match tls {
            Tls::GoodH2 | Tls::WantsClientCertificateH2 => vec![b"h2".to_vec()],
            _ => vec![b"http/1.1".to_vec()],
        };
        Ok(config)
    }
}

fn root(name: &str) -> io::Result<CertifiedIssuer<'static, KeyPair>> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    let key = KeyPair::generate().map_err(io::Error::other)?;
    CertifiedIssuer::self_signed(params, key).map_err(io::Error::other)
}
