//! The server on a real socket, asked by a client that is nothing but a `TcpStream`.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::{Duration, Instant};

use qbank_sandbox::server::ServerConfig;
use qbank_sandbox::{BankConfig, OPERATING, PAYROLL, Server};

const KEY: &str = "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11";

#[test]
fn one_connection_carries_many_requests() {
    let server = start();
    let mut line = connect(&server);
    for _ in 0..3 {
        let response = exchange(&mut line, "GET", "/_sandbox/ledger", &[], "").unwrap();
        assert_eq!(response.status, 200);
        assert_eq!(response.headers("date").len(), 1);
    }
}

#[test]
fn a_payment_goes_over_the_wire() {
    let server = start();
    let response = pay(&server).unwrap();
    assert_eq!(response.status, 202);
    assert!(response.header("location").starts_with("/v1/payments/"));
    assert_eq!(response.header("content-length"), "0");
    assert_eq!(server.bank().lock().entries().len(), 1);
}

#[test]
fn refuse_closes_and_nothing_is_done() {
    let server = start();
    fault(&server, r#"{"path":"/payments/ach","kind":"refuse"}"#);
    assert!(pay(&server).is_err());
    assert!(server.bank().lock().entries().is_empty());
    assert_eq!(server.bank().lock().requests().last().unwrap().status, None);
}

#[test]
fn drop_after_commit_closes_without_a_byte_and_it_is_done() {
    let server = start();
    fault(&server, r#"{"path":"/payments/ach","kind":"drop_after_commit"}"#);
    let error = pay(&server).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionReset, "{error}");
    assert_eq!(server.bank().lock().entries().len(), 1);
}

#[test]
fn truncate_sends_the_head_and_half_of_the_body() {
    let server = start();
    fault(&server, r#"{"path":"/accounts","kind":"truncate"}"#);
    let bearer = token(&server);
    let mut line = connect(&server);
    send(&mut line, "GET", "/v1/accounts", &[("authorization", &bearer)], "");
    let mut all = Vec::new();
    line.read_to_end(&mut all).unwrap();
    let response = BankResponse::parse(&all).unwrap();
    let promised: usize = response.header("content-length").parse().unwrap();
    assert_eq!(response.status, 200);
    assert_eq!(response.body.len(), promised / 2);
}

#[test]
fn a_truncated_empty_response_has_its_location_and_a_longer_content_length() {
    let server = start();
    fault(&server, r#"{"path":"/payments/ach","kind":"truncate"}"#);
    let bearer = token(&server);
    let mut line = connect(&server);
    send(&mut line, "POST", "/v1/payments/ach", &write_headers(&bearer), &ach());
    let mut all = Vec::new();
    line.read_to_end(&mut all).unwrap();
    let response = BankResponse::parse(&all).unwrap();
    assert!(response.header("location").starts_with("/v1/payments/"));
    assert_eq!((response.header("content-length"), response.body.len()), ("64", 0));
}

#[test]
fn delay_responds_later_and_slow_arrives_in_parts() {
    let server = start();
    fault(&server, r#"{"path":"/accounts","kind":"delay","ms":200}"#);
    let bearer = token(&server);
    let mut line = connect(&server);
    let headers = [("authorization", &*bearer)];
    let asked = Instant::now();
    let whole = exchange(&mut line, "GET", "/v1/accounts", &headers, "").unwrap();
    assert!(asked.elapsed() >= Duration::from_millis(200));

    fault(&server, r#"{"path":"/accounts","kind":"slow","bytes_per_s":4000}"#);
    let asked = Instant::now();
    let slow = exchange(&mut line, "GET", "/v1/accounts", &headers, "").unwrap();
    assert_eq!(slow.body, whole.body);
    let least = Duration::from_secs(1) * u32::try_from(whole.body.len()).unwrap() / 4000;
    assert!(asked.elapsed() >= least.mul_f32(0.8), "{:?}", asked.elapsed());
}

#[test]
fn a_body_that_is_too_large_gets_413() {
    let server = start();
    let bearer = token(&server);
    let body = " ".repeat(3 * 1024 * 1024);
    let mut line = connect(&server);
    let headers = write_headers(&bearer);
    let response = exchange(&mut line, "POST", "/v1/payments/ach", &headers, &body).unwrap();
    assert_eq!(response.status, 413);
    assert_eq!(response.header("connection"), "close");
}

#[test]
fn clients_that_stop_halfway_hold_up_no_other_and_stop_is_quick() {
    let server = start();
    let idle: Vec<TcpStream> = (0..50)
        .map(|_| {
            let mut line = connect(&server);
            line.write_all(b"POST /v1/token HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n").unwrap();
            line
        })
        .collect();
    assert_eq!(pay(&server).unwrap().status, 202);
    let (addr, asked) = (server.addr(), Instant::now());
    server.stop();
    assert!(asked.elapsed() < Duration::from_secs(2));
    drop(idle);
    assert!(TcpStream::connect(addr).is_err());
}

#[test]
fn bytes_that_are_no_http_are_400() {
    let server = start();
    let mut line = connect(&server);
    line.write_all(b"\x16\x03\x01 nonsense\r\n\r\n").unwrap();
    let mut all = Vec::new();
    line.read_to_end(&mut all).unwrap();
    assert!(all.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&all));
}

#[test]
fn only_loopback_is_listened_on_unless_asked_for() {
    let any: SocketAddr = ([0, 0, 0, 0], 0).into();
    let error = Server::start(any, BankConfig::default()).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
    let config = ServerConfig { allow_remote: true, ..ServerConfig::default() };
    let server = Server::start(any, config).unwrap();
    assert!(server.base_url().starts_with("http://127.0.0.1:"));
}

#[test]
fn a_receiver_gets_a_payment_that_is_final() {
    let server = start();
    let receiver = TcpListener::bind("127.0.0.1:0").unwrap();
    let hook = format!(r#"{{"url":"http://{}/hook"}}"#, receiver.local_addr().unwrap());
    let mut line = connect(&server);
    let registered = exchange(&mut line, "POST", "/_sandbox/webhooks", &[], &hook).unwrap();
    assert_eq!(registered.status, 201);
    pay(&server).unwrap();
    // Settled by then, over weekends and holidays.
    server.bank().advance(Duration::from_secs(7 * 24 * 3600));

    let mut call = accepted(&receiver);
    call.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let mut delivered = Vec::new();
    while !delivered.ends_with(b"}") {
        let mut buffer = [0; 4096];
        let n = call.read(&mut buffer).unwrap();
        assert!(n > 0);
        delivered.extend_from_slice(&buffer[..n]);
    }
    let delivered = String::from_utf8(delivered).unwrap();
    assert!(delivered.starts_with("POST /hook HTTP/1.1\r\n"), "{delivered}");
    assert!(
        delivered.contains("webhook-signature: ") && delivered.contains("P_COMPLETED"),
        "{delivered}"
    );
    call.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").unwrap();

    let deadline = Instant::now() + Duration::from_secs(5);
    while server.bank().lock().deliveries().len() == 0 && Instant::now() < deadline {
        std::thread::sleep(Duration::from_millis(10));
    }
    assert_eq!(server.bank().lock().deliveries().next().unwrap().status, Some(200));
}

/// A call that comes within some seconds.
fn accepted(receiver: &TcpListener) -> TcpStream {
    receiver.set_nonblocking(true).unwrap();
    let deadline = Instant::now() + Duration::from_secs(10);
    loop {
        match receiver.accept() {
            Ok((call, _)) => {
                call.set_nonblocking(false).unwrap();
                return call;
            }
            Err(error) => assert!(Instant::now() < deadline, "no delivery: {error}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn start() -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap()
}

fn connect(server: &Server) -> TcpStream {
    let line = TcpStream::connect(server.addr()).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    line
}

fn fault(server: &Server, fault: &str) {
    let response = exchange(&mut connect(server), "POST", "/_sandbox/faults", &[], fault).unwrap();
    assert_eq!(response.status, 201);
}

fn token(server: &Server) -> String {
    let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
    let headers = [("content-type", "application/x-www-form-urlencoded")];
    let response = exchange(&mut connect(server), "POST", "/v1/token", &headers, form).unwrap();
    let token: serde_json::Value = serde_json::from_slice(&response.body).unwrap();
    format!("Bearer {}", token["access_token"].as_str().unwrap())
}

fn pay(server: &Server) -> io::Result<BankResponse> {
    let bearer = token(server);
    let headers = write_headers(&bearer);
    exchange(&mut connect(server), "POST", "/v1/payments/ach", &headers, &ach())
}

fn ach() -> String {
    format!(
        r#"{{"source_account_id":"{OPERATING}","destination_account_id":"{PAYROLL}","amount":1.00}}"#
    )
}

fn write_headers(bearer: &str) -> [(&str, &str); 3] {
    [("authorization", bearer), ("content-type", "application/json"), ("idempotency-key", KEY)]
}

/// An response as it stood on the wire.
#[derive(Debug)]
struct BankResponse {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl BankResponse {
    fn parse(bytes: &[u8]) -> Option<Self> {
        let end = bytes.windows(4).position(|window| window == b"\r\n\r\n")?;
        let head = String::from_utf8_lossy(&bytes[..end]).to_lowercase();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Self { status, head, body: bytes[end + 4..].to_vec() })
    }

    fn headers(&self, name: &str) -> Vec<&str> {
        self.head
            .lines()
            .filter_map(|line| line.split_once(": "))
            .filter_map(|(key, value)| (key == name).then_some(value))
            .collect()
    }

    fn header(&self, name: &str) -> &str {
        self.headers(name).first().copied().unwrap_or_default()
    }
}

fn send(line: &mut TcpStream, method: &str, path: &str, headers: &[(&str, &str)], body: &str) {
    let lines: String =
        headers.iter().map(|(name, value)| [*name, ": ", *value, "\r\n"].concat()).collect();
    let length = body.len();
    let request = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\n{lines}content-length: {length}\r\n\r\n{body}"
    );
    // A server that closes early is the point of some tests.
    let _ = line.write_all(request.as_bytes());
}

fn exchange(
    line: &mut TcpStream,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &str,
) -> io::Result<BankResponse> {
    send(line, method, path, headers, body);
    let mut bytes = Vec::new();
    loop {
        if let Some(response) = BankResponse::parse(&bytes) {
            let length = response.header("content-length").parse().unwrap_or(0);
            if response.body.len() >= length {
                return Ok(response);
            }
        }
        let mut buffer = [0; 16 * 1024];
        match line.read(&mut buffer)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            n => bytes.extend_from_slice(&buffer[..n]),
        }
    }
}
