//! Each certificate fails for its own reason, and the good ones do not fail.

#![allow(clippy::unwrap_used)]

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    sync::Arc,
    time::Duration,
};

use qbank_conformance::{Script, Server, load};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned,
    crypto::ring,
    pki_types::{CertificateDer, pem::PemObject},
};

fn call(tls: &str, alpn: &[&str], request: &[u8]) -> Result<Vec<u8>, String> {
    let response = serde_json::json!([{"respond": {"status": 200, "json": []}}, {"close": "fin"}]);
    let script = serde_json::json!({"tls": tls, "api": [response]});
    play(&serde_json::from_value(script).unwrap(), alpn, request)
}

fn play(script: &Script, alpn: &[&str], request: &[u8]) -> Result<Vec<u8>, String> {
    let server = Server::start(script).unwrap();
    let mut roots = RootCertStore::empty();
    let pem = server.target().ca_pem.clone().unwrap();
    roots.add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
    let address = server.target().base_url.split('/').nth(2).unwrap().to_owned();
    assert!(server.target().base_url.starts_with("https://127.0.0.1:"));
    let tcp = TcpStream::connect(address).unwrap();
    tcp.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    let name = "127.0.0.1".try_into().unwrap();
    let client = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(client, tcp);
    stream.write_all(request).map_err(|error| error.to_string())?;
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    Ok(bytes)
}

const GET: &[u8] = b"GET /v1/accounts HTTP/1.1\r\n\r\n";

#[test]
fn good_certificates_are_good() {
    for tls in ["good", "good12"] {
        let response = call(tls, &["http/1.1"], GET).unwrap();
        assert!(response.starts_with(b"HTTP/1.1 200 OK\r\n"), "{tls}");
    }
}

#[test]
fn each_bad_certificate_fails_for_its_own_reason() {
    for (tls, reason) in [
        ("expired", "expired"),
        ("not_yet_valid", "not valid yet"),
        ("self_signed", "UnknownIssuer"),
        ("unknown_ca", "UnknownIssuer"),
        ("other_name", "not valid for name"),
        ("plaintext", "corrupt"),
        ("closes_in_handshake", "end of file"),
        ("resets_in_handshake", "reset"),
        ("stalls_in_handshake", "unavailable"),
    ] {
        let error = call(tls, &[], GET).unwrap_err();
        assert!(error.contains(reason), "{tls}: {error}");
    }
}

#[test]
fn a_server_for_http_2_only_turns_others_away() {
    let error = call("good_h2", &["http/1.1"], GET).unwrap_err();
    assert!(error.contains("NoApplicationProtocol"), "{error}");
}

#[test]
fn http_2_frames_are_sent_as_the_script_says() {
    let scenarios = load().unwrap();
    let refused = scenarios.iter().find(|one| one.name == "stream_refused_is_in_doubt").unwrap();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let frames = play(&refused.server, &["h2"], preface).unwrap();
    let settings_and_ack = [0, 0, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 4, 1, 0, 0, 0, 0];
    let refused_stream = [0, 0, 4, 3, 0, 0, 0, 0, 1, 0, 0, 0, 7];
    assert_eq!(frames, [&settings_and_ack[..], &refused_stream[..]].concat());
}
