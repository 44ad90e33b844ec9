//! `webhooks listen`, `trigger` and `resend`, against the sandbox and against forged deliveries.

#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::Duration;

use hmac::{Hmac, KeyInit as _, Mac as _};
use program::scripted::ScriptedBank;
use program::{Bank, Program, Running, WIRE};
use serde_json::{Value, json};
use sha2::Sha256;

const SECRET: &str = "a-webhook-secret-of-ours";

/// A run of `webhooks listen`, and its URL.
fn listen(more: &str) -> (Running, String) {
    let running = Program::new("webhooks listen --addr 127.0.0.1:0")
        .args(more)
        .env("QBANK_WEBHOOK_SECRET", SECRET)
        .start();
    let message: Value = serde_json::from_str(&running.stderr_line()).unwrap();
    let url = message["listening"].as_str().unwrap().to_owned();
    (running, url)
}

fn line(running: &Running, n: usize) -> Value {
    serde_json::from_str(&running.stdout_lines(n + 1)[n]).unwrap()
}

/// It ends at once, and everything was printed.
#[track_caller]
fn ends(running: Running, signal: &str) {
    running.signal(signal);
    let ended = running.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.took < Duration::from_secs(5), "{ended:?}");
}

fn trigger(bank: &Bank, url: &str, more: &str) -> Value {
    let line = format!("webhooks trigger --receiver {url} {more}");
    bank.qbank(&line).env("QBANK_WEBHOOK_SECRET", SECRET).run().ok()
}

fn signature(body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(SECRET.as_bytes()).unwrap();
    let tag = mac.chain_update(body).finalize().into_bytes();
    tag.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().concat()
}

/// Sends a request by hand; gives the status line.
fn send(url: &str, head: &str, body: &str) -> String {
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    let mut stream = TcpStream::connect(addr).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let _ = stream.write_all(
        format!(
            "{head}\r\nhost: x\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        )
        .as_bytes(),
    );
    let mut response = String::new();
    let _ = stream.read_to_string(&mut response);
    response.split("\r\n").next().unwrap_or_default().to_owned()
}

#[test]
fn a_delivery_is_verified_acknowledged_and_printed_with_both_ids() {
    let bank = Bank::start();
    let (running, url) = listen("");
    let event = trigger(&bank, &url, "--type wire --amount 12.34 --status P_FAILED");
    assert_eq!(event["receivers"], 1);
    let delivery = line(&running, 0);
    assert_eq!(delivery["verified"], true);
    assert_eq!(delivery["status"], 200);
    assert_eq!(delivery["duplicate"], false);
    assert_eq!(delivery["event_id"], event["event_id"]);
    assert_ne!(delivery["webhook_event_id"], event["event_id"]);
    assert_eq!(delivery["event"]["data"]["paymentId"], event["paymentId"]);
    assert_eq!(delivery["event"]["data"]["status"], "P_FAILED");
    assert_eq!(delivery["error"], Value::Null);
    ends(running, "TERM");
}

#[test]
fn a_real_payment_is_told_of_and_resent() {
    let bank = Bank::start();
    let (running, url) = listen("");
    trigger(&bank, &url, "");
    let paid = bank.qbank(WIRE).run().ok();
    let id = paid["result"]["paymentId"].as_str().unwrap();
    let first = line(&running, 1);
    assert_eq!(first["event"]["data"]["paymentId"], id);
    assert_eq!(first["event"]["data"]["status"], "P_COMPLETED");

    let resent = bank.qbank(&format!("webhooks resend {id} --times 2")).run().ok();
    assert_eq!(resent["event_id"], first["event_id"]);
    for n in [2, 3] {
        let again = line(&running, n);
        assert_eq!((&again["duplicate"], &again["status"]), (&json!(true), &json!(200)));
        assert_eq!(again["event_id"], first["event_id"]);
        assert_ne!(again["webhook_event_id"], first["webhook_event_id"]);
    }
    ends(running, "INT");
}

#[test]
fn what_is_not_genuine_is_responded_to_with_400() {
    let (running, url) = listen("");
    let body = r#"{"event_id":"6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10"}"#;
    for (n, head) in [
        "POST / HTTP/1.1".to_owned(),
        format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature("another body")),
        "POST / HTTP/1.1\r\nwebhook-signature: t=1,v1=2".to_owned(),
    ]
    .iter()
    .enumerate()
    {
        assert_eq!(send(&url, head, body), "HTTP/1.1 400 Bad Request");
        let delivery = line(&running, n);
        assert_eq!((&delivery["verified"], &delivery["status"]), (&json!(false), &json!(400)));
        assert_eq!((&delivery["event_id"], &delivery["event"]), (&Value::Null, &Value::Null));
        assert!(delivery["error"].is_string());
    }
    let large = "x".repeat((1 << 20) + 1);
    let head = format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature(&large));
    assert_eq!(send(&url, &head, &large), "HTTP/1.1 400 Bad Request");
    assert_eq!(line(&running, 3)["verified"], false);
    assert_eq!(send(&url, "GET / HTTP/1.1", ""), "HTTP/1.1 405 Method Not Allowed");
    // Genuine, and no event of ours.
    let head = format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature("{}"));
    assert_eq!(send(&url, &head, "{}"), "HTTP/1.1 200 OK");
    assert_eq!(line(&running, 4)["event"], Value::Null);
    ends(running, "TERM");
}

/// What 250 bodies of a megabyte took was 250 MB: large ones have to share some places, and
/// small ones have theirs.
#[test]
fn large_bodies_share_a_bound_and_small_ones_are_taken_all_the_while() {
    let (running, url) = listen("");
    let addr = url.trim_start_matches("http://").trim_end_matches('/');
    let half_of_a_large_body = format!(
        "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1000000\r\n\r\n{}",
        "x".repeat(500_000)
    );
    let stalled: Vec<TcpStream> = (0..16)
        .map(|_| {
            let mut stream = TcpStream::connect(addr).unwrap();
            stream.write_all(half_of_a_large_body.as_bytes()).unwrap();
            stream
        })
        .collect();
    // The program may take a moment to read them all.
    let large = "x".repeat(1_000_000);
    let status = (0..200).map(|_| send(&url, "POST / HTTP/1.1", &large)).find(|status| {
        assert!(status.starts_with("HTTP/1.1 400 ") || status.starts_with("HTTP/1.1 503 "));
        status.starts_with("HTTP/1.1 503 ")
    });
    assert!(status.is_some(), "a seventeenth large body was taken");
    let head = format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature("{}"));
    assert_eq!(send(&url, &head, "{}"), "HTTP/1.1 200 OK");
    drop(stalled);
    ends(running, "TERM");
}

#[test]
fn an_address_that_others_can_reach_is_warned_of() {
    let running = Program::new("webhooks listen --addr 0.0.0.0:0")
        .env("QBANK_WEBHOOK_SECRET", SECRET)
        .start();
    let listening: Value = serde_json::from_str(&running.stderr_line()).unwrap();
    assert!(listening["listening"].is_string(), "{listening}");
    let warning: Value = serde_json::from_str(&running.stderr_lines(2)[1]).unwrap();
    let warning = warning["warning"].as_str().unwrap();
    assert!(warning.contains("--addr 0.0.0.0:"), "{warning}");
    ends(running, "TERM");

    let (running, _) = listen("");
    running.signal("TERM");
    assert_eq!(running.end().stderr.lines().count(), 1);
}

#[test]
fn what_is_genuine_is_forwarded_and_a_failure_there_makes_the_bank_try_again() {
    let bank = Bank::start();
    let status = Arc::new(AtomicU16::new(500));
    let response = Arc::clone(&status);
    let inner =
        ScriptedBank::responding(move |_| (response.swap(200, Ordering::SeqCst), "{}".to_owned()));
    let (running, url) = listen(&format!("--forward-to {}", inner.base_url));
    let event = trigger(&bank, &url, "");
    let (first, second) = (line(&running, 0), line(&running, 1));
    assert_eq!((&first["status"], &first["forwarded"]), (&json!(502), &json!(500)));
    assert_eq!((&second["status"], &second["forwarded"]), (&json!(200), &json!(200)));
    assert_eq!(second["duplicate"], false);
    assert_eq!((&first["event_id"], &second["event_id"]), (&event["event_id"], &event["event_id"]));
    assert_ne!(first["webhook_event_id"], second["webhook_event_id"]);

    let received = inner.received();
    assert_eq!(received.len(), 2);
    assert_eq!(received[0].body, received[1].body);
    assert!(received[1].head.contains(&signature(&received[1].body)), "{:?}", received[1]);
    assert!(received[1].head.contains(second["webhook_event_id"].as_str().unwrap()));
    ends(running, "TERM");
}

#[test]
fn a_forged_delivery_is_not_forwarded_and_no_receiver_is_502() {
    let inner = ScriptedBank::responding(|_| (200, "{}".to_owned()));
    let (running, url) = listen(&format!("--forward-to {}", inner.base_url));
    assert_eq!(send(&url, "POST / HTTP/1.1", "{}"), "HTTP/1.1 400 Bad Request");
    assert!(inner.received().is_empty());
    ends(running, "TERM");

    let (running, url) = listen("--forward-to http://127.0.0.1:1/");
    let head = format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature("{}"));
    assert_eq!(send(&url, &head, "{}"), "HTTP/1.1 502 Bad Gateway");
    assert_eq!(line(&running, 0)["forwarded"], Value::Null);
    ends(running, "TERM");
}

#[test]
fn a_redirect_is_not_followed_but_a_failure() {
    let inner = ScriptedBank::responding(|_| (302, String::new()));
    let (running, url) = listen(&format!("--forward-to {}", inner.base_url));
    let head = format!("POST / HTTP/1.1\r\nwebhook-signature: {}", signature("{}"));
    assert_eq!(send(&url, &head, "{}"), "HTTP/1.1 502 Bad Gateway");
    assert_eq!(inner.received().len(), 1);
    ends(running, "TERM");
}

#[test]
fn only_loopback_is_forwarded_to_or_registered() {
    for url in ["http://example.com/", "https://127.0.0.1/", "127.0.0.1:80", "http://10.0.0.1/"] {
        let listen = format!("webhooks listen --addr 127.0.0.1:0 --forward-to {url}");
        let ended = Program::new(&listen).env("QBANK_WEBHOOK_SECRET", SECRET).run();
        assert_eq!(ended.error(2)["kind"], "invalid_input");
        let trigger = format!("webhooks trigger --receiver {url}");
        assert_eq!(Program::new(&trigger).run().error(2)["kind"], "invalid_input");
    }
}

#[test]
fn without_a_secret_an_address_or_a_sandbox() {
    let listen = "webhooks listen --addr 127.0.0.1:0";
    let error = Program::new(listen).run().error(2);
    assert!(error["message"].as_str().unwrap().contains("QBANK_WEBHOOK_SECRET"), "{error}");
    assert_eq!(Program::new("webhooks listen").run().error(2)["fate"], "not_applicable");
    for base in [None, Some("https://api.qbankconnect.com/v1"), Some("http://example.com/v1")] {
        let mut program = Program::new("webhooks trigger");
        if let Some(base) = base {
            program = program.env("QBANK_BASE_URL", base);
        }
        let error = program.run().error(2);
        assert!(error["message"].as_str().unwrap().contains("QBANK_BASE_URL"), "{error}");
    }
    let closed = Program::new("webhooks trigger").env("QBANK_BASE_URL", "http://127.0.0.1:1/v1");
    assert_eq!(closed.run().error(3)["kind"], "transport");
}

#[test]
fn what_the_sandbox_refuses_is_said_with_its_code() {
    let bank = Bank::start();
    let error = bank.qbank("webhooks trigger").run().error(3);
    assert_eq!((&error["kind"], &error["http_status"]), (&json!("invalid_request"), &json!(422)));
    assert_eq!(error["error_code"], "ERR_SBX_004");
    assert_eq!(error["fate"], "not_applicable");
    let unknown = "webhooks resend 0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
    assert_eq!(bank.qbank(unknown).run().error(3)["kind"], "not_found");
    let bad = bank.qbank("webhooks trigger --status DONE").run().error(3);
    assert!(bad["message"].as_str().unwrap().contains("`status`"), "{bad}");
}
