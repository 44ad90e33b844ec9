//! Mutual TLS: what is shown to a server that asks for a certificate, and what cannot be. What
//! a server's refusal means is in the scenarios `client_certificate.json`.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::{
    AccountId, Client, Config, Credentials, Environment, Error, ErrorKind, Fate, Ureq,
};
use qbank_conformance::{ClientCertificate, Proxy, Response, Script, Server, Step, Tls, Values};

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
fn pay(server: &Server, driver: Ureq) -> Result<Fate, Error> {
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
    client.payments().create_ach(payment).send().map(|reply| reply.fate)
}

#[test]
fn a_certificate_is_shown_through_a_proxy_and_only_to_the_bank() {
    let server = bank(Some(ClientCertificate::Good));
    let proxy = Proxy::start(ESTABLISHED).unwrap();
    let target = server.target().clone();
    let builder = Ureq::builder()
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
    let builder = Ureq::builder()
        .root_certificates(server.target().ca_pem.clone().unwrap().as_bytes())
        .unwrap()
        .proxy(&format!("http://127.0.0.1:{}", proxy.port()))
        .unwrap();
    let error = pay(&server, builder.build()).unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent));
    assert!(error.is_client_certificate_error(), "{error}");
    assert!(error.to_string().contains("CertificateRequired"), "{error}");
}

#[test]
fn the_certificate_and_its_key_may_stand_in_one_text() {
    let (chain, key) = pair(ClientCertificate::Good);
    for both in [format!("{chain}{key}"), format!("{key}\n# ours\n{chain}")] {
        Ureq::builder().client_certificate(both.as_bytes(), both.as_bytes()).unwrap();
    }
}

/// The core reads both, for each driver.
#[test]
fn what_is_no_certificate_or_not_its_key_is_refused_by_name_and_not_repeated() {
    let (chain, key) = pair(ClientCertificate::Good);
    let (_, other_key) = pair(ClientCertificate::Good);
    let (first, rest) = chain.split_at(chain.find("-----END").unwrap() + 26);
    let pem = |label: &str, text: &str| {
        format!("-----BEGIN {label}-----\n{text}\n-----END {label}-----\n")
    };
    let turned = format!("{rest}{first}");
    let encrypted = pem("ENCRYPTED PRIVATE KEY", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=");
    let traditional = pem(
        "EC PRIVATE KEY",
        "Proc-Type: 4,ENCRYPTED\nDEK-Info: AES-256-CBC,00\n\nc2VjcmV0LXNlY3JldC1zZWNyZXQ=",
    );
    let openssh = pem("OPENSSH PRIVATE KEY", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=");
    let no_base64 = pem("PRIVATE KEY", "c2VjcmV0-*-!");
    let no_key = pem("PRIVATE KEY", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=");
    let no_certificate = pem("CERTIFICATE", "c2VjcmV0LXNlY3JldC1zZWNyZXQ=");
    for (chain, key, message) in [
        ("", &*key, "client certificate must hold a CERTIFICATE"),
        (&*key, &*key, "client certificate must hold a CERTIFICATE"),
        (&*pem("CERTIFICATE", "!!!!"), &*key, "client certificate cannot be read as PEM"),
        (&*no_certificate, &*key, "client certificate is not X.509"),
        (&*chain, "", "client key must hold a PRIVATE KEY in PEM"),
        (&*chain, &*chain, "client key must hold a PRIVATE KEY in PEM"),
        (&*chain, &*encrypted, "client key is encrypted"),
        (&*chain, &*traditional, "client key is encrypted"),
        (&*chain, &*openssh, "client key is an OpenSSH key"),
        (&*chain, &*no_base64, "client key cannot be read as PEM"),
        (&*chain, &*no_key, "client key is of a kind that is not supported"),
        (&*chain, &*other_key, "client key does not belong to the client certificate"),
        (&*turned, &*key, "client key does not belong to the client certificate"),
    ] {
        let refused = Ureq::builder().client_certificate(chain.as_bytes(), key.as_bytes());
        let Err(error) = refused else {
            panic!("taken, where it should be: {message}");
        };
        assert_eq!((error.kind(), error.fate()), (ErrorKind::InvalidInput, Fate::NeverSent));
        let shown = format!("{error} {error:?}");
        assert!(shown.starts_with(message), "{message}: {shown}");
        let secrets = key.lines().filter(|line| line.len() > 8 && !line.starts_with('-'));
        for secret in secrets {
            assert!(!shown.contains(&secret[..8]), "{shown}");
        }
    }
}

#[test]
fn nothing_shows_the_key() {
    let (chain, key) = pair(ClientCertificate::Good);
    let builder = Ureq::builder().client_certificate(chain.as_bytes(), key.as_bytes()).unwrap();
    let shown = format!("{builder:?} {:?}", builder.clone().build());
    assert!(shown.contains("client_certificate: true"), "{shown}");
    for line in key.lines().filter(|line| !line.starts_with('-')) {
        assert!(!shown.contains(&line[..8]), "{shown}");
    }
}
