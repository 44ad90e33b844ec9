//! The server does what its script has, down to the bytes: checked by a client that is a bare socket.

#![allow(clippy::unwrap_used)]

use std::{
    io::{ErrorKind, Read as _, Write as _},
    net::{SocketAddr, TcpStream},
    time::{Duration, Instant},
};

use qbank_conformance::{Script, Server};

const GET: &[u8] = b"GET /v1/accounts HTTP/1.1\r\nhost: x\r\n\r\n";
const POST: &[u8] = b"POST /v1/payments/ach HTTP/1.1\r\nhost: x\r\ncontent-length: 4\r\n\r\nbody";

fn playing(script: serde_json::Value) -> Server {
    let script: Script = serde_json::from_value(script).unwrap();
    Server::start(&script).unwrap()
}

fn address(url: &str) -> SocketAddr {
    url.split('/').nth(2).unwrap().parse().unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let tcp = TcpStream::connect(address(&server.target().base_url)).unwrap();
    tcp.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    tcp
}

fn rest(tcp: &mut TcpStream) -> String {
    let mut text = String::new();
    tcp.read_to_string(&mut text).unwrap();
    text
}

fn one_response(tcp: &mut TcpStream) -> String {
    let mut bytes = vec![0; 4096];
    let read = tcp.read(&mut bytes).unwrap();
    String::from_utf8(bytes[..read].to_vec()).unwrap()
}

#[test]
fn a_response_is_framed_and_the_connection_stays() {
    let server = playing(serde_json::json!({"api": [
        [{"respond": {"status": 202, "headers": {"location": "{base}/payments/1"}}}],
        [{"respond": {"status": 200, "json": []}}]
    ]}));
    let mut tcp = connect(&server);
    tcp.write_all(POST).unwrap();
    let base = &server.target().base_url;
    assert_eq!(
        one_response(&mut tcp),
        format!(
            "HTTP/1.1 202 Accepted\r\nlocation: {base}/payments/1\r\ncontent-length: 0\r\n\r\n"
        )
    );
    tcp.write_all(GET).unwrap();
    assert!(one_response(&mut tcp).ends_with("\r\n\r\n[]"));
    let log = server.log();
    assert_eq!(log.api.len(), 2);
    assert_eq!((log.api[0].body.as_str(), log.api[0].complete), ("body", true));
    assert_eq!((log.api[1].method.as_str(), log.api[1].connection), ("GET", 1));
}

#[test]
fn the_last_steps_serve_every_further_request() {
    let server = playing(serde_json::json!({"api": [[{"respond": {"status": 503}}]]}));
    let mut tcp = connect(&server);
    for _ in 0..3 {
        tcp.write_all(GET).unwrap();
        assert!(one_response(&mut tcp).starts_with("HTTP/1.1 503"));
    }
}

#[test]
fn a_reset_sends_a_rst() {
    let endings = [
        serde_json::json!([{"on": "connect"}, {"close": "rst"}]),
        serde_json::json!([{"read": {"bytes": 1}}, {"close": "rst"}]),
        serde_json::json!([{"read": "head"}, {"close": "rst"}]),
        serde_json::json!([{"send": "HTTP/1.1 202"}, {"stall_ms": 20}, {"close": "rst"}]),
    ];
    for ending in endings {
        let server = playing(serde_json::json!({"api": [ending]}));
        let mut tcp = connect(&server);
        let _ = tcp.write_all(POST);
        let error = tcp.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionReset, "{ending}");
    }
}

#[test]
fn a_request_cut_short_is_on_record_as_far_as_it_was_read() {
    let server = playing(serde_json::json!({"api": [[{"read": {"bytes": 9}}, {"close": "rst"}]]}));
    let mut tcp = connect(&server);
    let _ = tcp.write_all(POST);
    let _ = tcp.read_to_end(&mut Vec::new());
    let log = server.log();
    assert_eq!(log.api.len(), 1);
    assert!(!log.api[0].complete);
}

#[test]
fn raw_bytes_end_in_a_fin_wherever_they_stop() {
    let server = playing(serde_json::json!({"api": [
        [{"send": "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{"}],
        [{"send_hex": "48 54 54 50 00 ff"}, {"close": "cut"}]
    ]}));
    let mut tcp = connect(&server);
    tcp.write_all(GET).unwrap();
    assert!(rest(&mut tcp).ends_with("\r\n\r\n{"));
    let mut tcp = connect(&server);
    tcp.write_all(GET).unwrap();
    let mut bytes = Vec::new();
    tcp.read_to_end(&mut bytes).unwrap();
    assert_eq!(bytes, b"HTTP\x00\xff");
}

#[test]
fn a_response_can_come_before_the_body() {
    let early = serde_json::json!([{"read": "head"}, {"respond": {"status": 401}}]);
    let server = playing(serde_json::json!({"api": [early]}));
    let mut tcp = connect(&server);
    tcp.write_all(&POST[..POST.len() - 4]).unwrap();
    assert!(one_response(&mut tcp).starts_with("HTTP/1.1 401"));
    tcp.write_all(b"body").unwrap();
    tcp.write_all(GET).unwrap();
    assert!(one_response(&mut tcp).starts_with("HTTP/1.1 401"));
    assert_eq!(server.log().api[1].method, "GET");
}

#[test]
fn a_drip_takes_its_time_and_an_open_connection_stays_open() {
    let server = playing(serde_json::json!({"api": [
        [{"drip": {"text": "HTTP/1.1 200 OK", "every_ms": 20, "bytes": 3}}, {"keep_open": true}]
    ]}));
    let mut tcp = connect(&server);
    tcp.set_read_timeout(Some(Duration::from_millis(300))).unwrap();
    tcp.write_all(GET).unwrap();
    let began = Instant::now();
    let mut bytes = [0; 15];
    tcp.read_exact(&mut bytes).unwrap();
    assert!(began.elapsed() >= Duration::from_millis(60));
    assert_eq!(tcp.read(&mut bytes).unwrap_err().kind(), ErrorKind::WouldBlock);
}

#[test]
fn a_flood_has_its_length() {
    let server = playing(serde_json::json!({"api": [
        [{"flood": {"before": "a", "text": "xy", "times": 500_000, "after": "z"}}]
    ]}));
    let mut tcp = connect(&server);
    tcp.write_all(GET).unwrap();
    assert_eq!(rest(&mut tcp).len(), 1_000_002);
}

#[test]
fn a_port_can_refuse_or_never_accept() {
    let server = playing(serde_json::json!({"listen": "refuse"}));
    let refused = TcpStream::connect(address(&server.target().base_url)).unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);

    let server = playing(serde_json::json!({"listen": "never_accept"}));
    let wait = Duration::from_millis(300);
    let hung = TcpStream::connect_timeout(&address(&server.target().base_url), wait).unwrap_err();
    assert_eq!(hung.kind(), ErrorKind::TimedOut);

    let server = playing(serde_json::json!({
        "listen": {"accept_after_ms": 200}, "api": [[{"respond": {"status": 200}}]]
    }));
    let at = address(&server.target().base_url);
    assert_eq!(TcpStream::connect(at).unwrap_err().kind(), ErrorKind::ConnectionRefused);
    std::thread::sleep(Duration::from_millis(400));
    TcpStream::connect(at).unwrap();
}

#[test]
fn tokens_are_issued_in_order_and_as_scripted() {
    let server = playing(serde_json::json!({}));
    let mut tcp = TcpStream::connect(address(&server.target().token_url)).unwrap();
    for token in ["conformance-token-t1", "conformance-token-t2"] {
        tcp.write_all(b"POST /v1/token HTTP/1.1\r\ncontent-length: 0\r\n\r\n").unwrap();
        let response = one_response(&mut tcp);
        assert!(
            response.contains(token) && response.contains(r#""expires_in":3600"#),
            "{response}"
        );
    }
    let server = playing(serde_json::json!({"token": [
        [{"issue_token": {"expires_in": null, "token_type": "mac"}}], [{"issue_token": {"expires_in": "60"}}]
    ]}));
    let mut tcp = TcpStream::connect(address(&server.target().token_url)).unwrap();
    tcp.write_all(b"POST /v1/token HTTP/1.1\r\ncontent-length: 0\r\n\r\n").unwrap();
    let response = one_response(&mut tcp);
    assert!(response.contains("mac") && !response.contains("expires_in"), "{response}");
    tcp.write_all(b"POST /v1/token HTTP/1.1\r\ncontent-length: 0\r\n\r\n").unwrap();
    assert!(one_response(&mut tcp).contains(r#""expires_in":"60""#));
}

#[test]
fn a_server_that_is_dropped_ends_its_connections() {
    let server = playing(serde_json::json!({"api": [[{"read": "body"}, {"stall_ms": 50_000}]]}));
    let mut tcp = connect(&server);
    tcp.write_all(GET).unwrap();
    std::thread::sleep(Duration::from_millis(50));
    let began = Instant::now();
    drop(server);
    assert!(began.elapsed() < Duration::from_secs(2));
    assert!(!matches!(tcp.read(&mut [0; 1]), Ok(1..)));
}
