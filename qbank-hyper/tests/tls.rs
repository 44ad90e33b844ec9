//! TLS as the application configures it, instead of ring and Mozilla's roots.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::sync::Arc;

use qbank_conformance::{Response, Script, Server, Step, Tls, Values};
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::rustls::crypto::{CryptoProvider, ring};
use qbank_hyper::rustls::pki_types::CertificateDer;
use qbank_hyper::rustls::pki_types::pem::PemObject;
use qbank_hyper::rustls::{ClientConfig, RootCertStore};
use qbank_hyper::{AccountId, Client, Config, Credentials, Environment, Error, Fate, Hyper};

fn bank() -> Server {
    let location = "/v1/payments/5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11";
    let accepted = Response {
        status: 202,
        headers: [("location".to_owned(), Values::One(location.to_owned()))].into(),
        ..Response::default()
    };
    let script = Script {
        api: vec![vec![Step::Respond(accepted)]],
        tls: Some(Tls::Good),
        ..Script::default()
    };
    Server::start(&script).unwrap()
}

/// A provider with one cipher suite of TLS 1.3, and a protocol that no bank speaks.
fn configured(roots: RootCertStore) -> ClientConfig {
    let provider = CryptoProvider {
        cipher_suites: vec![ring::cipher_suite::TLS13_CHACHA20_POLY1305_SHA256],
        ..ring::default_provider()
    };
    let mut config = ClientConfig::builder_with_provider(Arc::new(provider))
        .with_protocol_versions(&[&qbank_hyper::rustls::version::TLS13])
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"spdy/1".to_vec()];
    config.enable_early_data = true;
    config
}

fn pay(server: &Server, driver: Hyper) -> Result<Fate, Error> {
    let target = server.target();
    let environment = Environment::Custom {
        base_url: target.base_url.clone(),
        token_url: Some(target.token_url.clone()),
    };
    let credentials = Credentials::client(&target.client_id, target.client_secret.as_str());
    let config = Config::new(environment, credentials).max_retries(0);
    let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
    let client = Client::with_driver(config, driver).unwrap();
    let paid = client.payments().create_ach(payment).send();
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(paid)
        .map(|reply| reply.fate)
}

#[test]
fn its_provider_and_its_roots_are_used() {
    let server = bank();
    let pem = server.target().ca_pem.clone().unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let driver = Hyper::builder().tls(configured(roots)).build();
    assert_eq!(pay(&server, driver).unwrap(), Fate::Accepted);
}

#[test]
fn what_it_does_not_trust_is_not_trusted() {
    let server = bank();
    let pem = server.target().ca_pem.clone().unwrap();
    let driver = Hyper::builder()
        .root_certificates(pem.as_bytes())
        .unwrap()
        .tls(configured(RootCertStore::empty()))
        .build();
    let error = pay(&server, driver).unwrap_err();
    assert!(error.is_certificate_error(), "{error}");
    assert_eq!(error.fate(), Fate::NeverSent);
}
