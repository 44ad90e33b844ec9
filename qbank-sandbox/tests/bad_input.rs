//! Bad input over a real socket: the contract's error with the right status, never a
//! server error, never a hang, and the next client is served.

#![cfg(feature = "server")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may fail")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use qbank_sandbox::{BankConfig, Server};
use serde_json::Value;

/// Sends bytes, and reads to the end of the connection.
fn exchange(server: &Server, bytes: &[u8]) -> String {
    let mut line = TcpStream::connect(server.addr()).unwrap();
    line.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    line.set_write_timeout(Some(Duration::from_secs(10))).unwrap();
    // The server may have heard enough before the end.
    let _ = line.write_all(bytes);
    let mut all = Vec::new();
    let _ = line.read_to_end(&mut all);
    String::from_utf8_lossy(&all).into_owned()
}

/// The standard error of the contract, with this status and code.
#[track_caller]
fn refused(response: &str, status: u16, code: &str) {
    let (head, body) = response.split_once("\r\n\r\n").expect(response);
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{response:?}");
    let head = head.to_ascii_lowercase();
    assert!(head.contains("content-type: application/json"), "{response:?}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{response:?}");
    assert_eq!(head.matches("content-length").count(), 1, "{response:?}");
    let error: Value = serde_json::from_str(body).unwrap();
    assert_eq!(error["error_code"], code);
    assert!(error["message"].is_string());
    assert_eq!(error["request_id"].as_str().unwrap().len(), 36);
}

fn start() -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap()
}

#[test]
fn heads_that_cannot_be_read_get_the_standard_error() {
    let server = start();
    let many = "x-1: y\r\n".repeat(5_000);
    let large = "y".repeat(3 << 20);
    let long = "a".repeat(80_000);
    let (read, flood) = ("ERR_REQ_001", "ERR_REQ_006");
    for (bytes, status, code) in [
        ("\u{16}\u{3}\u{1} nonsense\r\n\r\n".to_owned(), 400, read),
        ("GET\r\n\r\n".to_owned(), 400, read),
        ("GET / HTTP/9.9\r\n\r\n".to_owned(), 400, read),
        ("GET / HTTP/1.1\r\nno colon\r\n\r\n".to_owned(), 400, read),
        ("POST / HTTP/1.1\r\ncontent-length: -1\r\n\r\n".to_owned(), 400, read),
        ("POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n".to_owned(), 400, read),
        (format!("GET /v1/accounts HTTP/1.1\r\n{many}\r\n"), 431, flood),
        (format!("GET /v1/accounts HTTP/1.1\r\nx: {large}\r\n\r\n"), 431, flood),
    ] {
        let asked = Instant::now();
        refused(&exchange(&server, bytes.as_bytes()), status, code);
        assert!(asked.elapsed() < Duration::from_secs(5));
    }
    let response = exchange(&server, format!("GET /{long} HTTP/1.1\r\n\r\n").as_bytes());
    assert!(response.starts_with("HTTP/1.1 4"), "{}", &response[..40]);
}

#[test]
fn requests_that_make_no_sense_get_the_standard_error() {
    let server = start();
    let with = |method: &str, path: &str, rest: &str| {
        format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{rest}")
    };
    let empty = "content-length: 0\r\n\r\n";
    for (bytes, status, code) in [
        (with("GET", "/nowhere", "\r\n"), 404, "ERR_REQ_003"),
        (with("GET", "/v1/payments/ach", "\r\n"), 405, "ERR_REQ_002"),
        (with("DELETE", "/v1/accounts", "\r\n"), 405, "ERR_REQ_002"),
        (with("PUT", "/_sandbox/advance", empty), 405, "ERR_REQ_002"),
        (with("POST", "/_sandbox/advance", empty), 400, "ERR_REQ_001"),
        (with("GET", "/v1/accounts", "\r\n"), 401, "ERR_AUTH_001"),
        (with("GET", "/v1/accounts", "authorization: Bearer sbx_x\r\n\r\n"), 401, "ERR_AUTH_001"),
        (with("GET", "/v1/accounts", "authorization: \u{1f600}\r\n\r\n"), 401, "ERR_AUTH_001"),
    ] {
        let response = exchange(&server, bytes.as_bytes());
        refused(&response, status, code);
        assert_eq!(
            response.to_ascii_lowercase().contains("\r\nallow: "),
            status == 405,
            "{response}"
        );
    }
    let (head, body) = ("transfer-encoding: chunked\r\n\r\n", "ffffffffffffffffff\r\n");
    let response =
        exchange(&server, with("POST", "/v1/token", &format!("{head}{body}")).as_bytes());
    assert!(!response.starts_with("HTTP/1.1 5"), "{response}");
    // After all of it the bank serves the next one.
    let ledger = exchange(&server, with("GET", "/_sandbox/ledger", "\r\n").as_bytes());
    assert!(ledger.starts_with("HTTP/1.1 200"), "{ledger}");
}
