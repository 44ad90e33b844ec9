//! Mutual TLS: what is shown to a server that asks for a certificate, and what cannot be. What
//! a server's refusal means is in the scenarios `client_certificate.json`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_conformance::{ClientCertificate, Proxy, Response, Script, Server, Step, Tls, Values};
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::{
    AccountId, Client, Config, Credentials, Environment, Error, ErrorKind, Fate, Hyper,
};

const ESTABLISHED: &str = "HTTP/1.1 200 Connection established\r\n\r\n";

/// A bank that wants a client certificate.
fn bank(presented: Option<ClientCertificate>) -> Server {
    let location = "/v1/payments/5f0c7d52-3e7b-4f0e-9a51-2b8f1c9d0a11";
    let accepted = Response {
        status: 202,
        headers: [("location".to_owned(), Values::One(location.to_owned()))].into(),
        ..Response::default()
    };
    let script = Script {
        api: vec![vec![Step::Respond(accepted)]],
        tls: Some(Tls::WantsClientCertificate),
        token_tls: Some(Tls::WantsClientCertificate),
        client_certificate: presented,
        ..Script::default()
    };
    Server::start(&script).unwrap()
}

/// A certificate and its key, in PEM.
fn pair(which: ClientCertificate) -> (String, String) {
    let target = bank(Some(which)).target().clone();
    (target.client_certificate_pem.unwrap(), target.client_key_pem.unwrap())
}

/// A payment to the bank under a name that only the proxy knows.
fn pay(server: &Server, driver: Hyper) -> Result<Fate, Error> {
    let target = server.target();
    let elsewhere = |url: &str| url.replace("127.0.0.1", "other.example");
    let environment = Environment::Custom {
        base_url: elsewhere(&target.base_url),
        token_url: Some(elsewhere(&target.token_url)),
    };
    let credentials = Credentials::client(&target.client_id, target.client_secret.as_str());
    let config = Config::new(environment, credentials).timeout(Duration::from_secs(3));
    let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
    let client = Client::with_driver(config, driver)?;
    let sending = client.payments().create_ach(payment).send();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(sending).map(|reply| reply.fate)
}

#[test]
fn a_certificate_is_shown_through_a_proxy_and_only_to_the_bank() {
    let server = bank(Some(ClientCertificate::Good));
    let proxy = Proxy::start(ESTABLISHED).unwrap();
    let target = server.target().clone();
    let builder = Hyper::builder()
        .only_root_certificates(target.ca_pem.unwrap().as_bytes())
        .unwrap()
        .client_certificate(
            target.client_certificate_pem.unwrap().as_bytes(),
            target.client_key_pem.unwrap().as_bytes(),
        )
        .unwrap()
        .proxy(&format!("http://127.0.0.1:{}", proxy.port()))
        .unwrap();
    assert_eq!(pay(&server, builder.build()).unwrap(), Fate::Accepted);
    assert_eq!(proxy.heads().len(), 2, "a tunnel to the API, and one to the token endpoint");
}

#[test]
fn a_certificate_that_is_missing_is_named_through_a_proxy() {
    let server = bank(None);
    let proxy = Proxy::start(ESTABLISHED).unwrap();
    let builder = Hyper::builder()
        .root_certificates(server.target().ca_pem.clone().unwrap().as_bytes())
        .unwrap()
        .proxy(&format!("http://127.0.0.1:{}", proxy.port()))
        .unwrap();
    let error = pay(&server, builder.build()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent));
    assert!(error.is_client_certificate_error(), "{error}");
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
}

/// The core reads both; every case is tried over the blocking driver.
#[test]
fn a_key_of_another_certificate_is_refused_before_anything_is_sent() {
    let (chain, _) = pair(ClientCertificate::Good);
    let (_, other_key) = pair(ClientCertificate::Good);
    let refused = Hyper::builder().client_certificate(chain.as_bytes(), other_key.as_bytes());
    let error = refused.err().unwrap();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidInput, Fate::NeverSent));
    assert!(error.to_string().contains("does not belong to the client certificate"), "{error}");
}

#[test]
fn nothing_shows_the_key() {
    let (chain, key) = pair(ClientCertificate::Good);
    let builder = Hyper::builder().client_certificate(chain.as_bytes(), key.as_bytes()).unwrap();
    let shown = format!("{builder:?} {:?}", builder.clone().build());
    assert!(shown.contains("client_certificate: true"), "{shown}");
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(&line[..8]), "{shown}");
    }
}
