//! `demo` and `sandbox`: a bank on this machine, without network or credentials.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

mod program;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::Duration;

use program::document::assert_members;
use program::{ACH, Program};
use serde_json::Value;

#[test]
fn the_demo_holds() {
    let ended = Program::new("demo").run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    assert!(ended.stdout.ends_with("All of it held.\n"), "{ended:?}");
    assert_eq!(ended.stderr, "");
    for word in ["followed", "P_COMPLETED", "refused", "the total is unchanged"] {
        assert!(ended.stdout.contains(word), "{word}: {ended:?}");
    }
}

#[test]
fn the_demo_ignores_the_environment() {
    let ended = Program::new("demo")
        .env("QBANK_BASE_URL", "https://api.invalid/v1")
        .env("QBANK_ACCESS_TOKEN", "a-token-of-some-length")
        .env("HTTPS_PROXY", "http://127.0.0.1:1")
        .env("ALL_PROXY", "http://127.0.0.1:1")
        .run();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_sandbox_refuses_what_others_can_reach() {
    for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:0"] {
        let error = Program::new("sandbox --addr").arg(address).run().error(2);
        assert_eq!(error["kind"], "invalid_input");
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("--addr") && message.contains("--allow-remote"), "{message}");
    }
    for address in ["localhost", "127.0.0.1", "127.0.0.1:99999", "nowhere:80"] {
        let error = Program::new("sandbox --addr").arg(address).run().error(2);
        let message = error["message"].as_str().unwrap_or_default();
        assert!(message.contains("--addr"), "{message}");
    }
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let error = Program::new("sandbox --addr").arg(&address).run().error(2);
    let message = error["message"].as_str().unwrap_or_default();
    assert!(message.contains(&address), "{message}");
}

#[cfg(unix)]
#[test]
fn a_page_uses_the_control_surface_only_if_its_origin_is_allowed() {
    let error = Program::new("sandbox --allow-origin localhost:3000").run().error(2);
    assert!(error["message"].as_str().unwrap_or_default().contains("an origin"), "{error}");

    let line = "sandbox --addr 127.0.0.1:0 --allow-origin http://localhost:3000 \
                --allow-origin https://app.example";
    let sandbox = Program::new(line).start();
    let message: Value = serde_json::from_str(&sandbox.stdout_line()).unwrap();
    let ledger = format!("{}/ledger", message["control_url"].as_str().unwrap());
    for (origin, status) in [
        ("http://localhost:3000", 200),
        ("https://app.example", 200),
        ("https://evil.example", 403),
        ("null", 403),
    ] {
        assert_eq!(status_of(&ledger, origin), status, "{origin}");
    }
    sandbox.signal("TERM");
    assert_eq!(sandbox.end().code, Some(0));
}

#[test]
fn the_sandbox_is_funded_for_large_files() {
    let line = "sandbox --addr 127.0.0.1:0 --fund 1000000.50 --constant-descriptions";
    let sandbox = Program::new(line).start();
    let message: Value = serde_json::from_str(&sandbox.stdout_line()).unwrap();
    let balance = Program::new("balances get acc00000-0000-4000-8000-000000000001")
        .env("QBANK_BASE_URL", message["base_url"].as_str().unwrap())
        .env("QBANK_CLIENT_ID", message["client_id"].as_str().unwrap())
        .env("QBANK_CLIENT_SECRET", message["client_secret"].as_str().unwrap())
        .run();
    assert!(balance.stdout.contains("\"availableBalance\":1250000.50"), "{balance:?}");
    sandbox.signal("TERM");
    assert_eq!(sandbox.end().code, Some(0));
    for fund in ["0", "-1", "1.001", "much"] {
        Program::new("sandbox --fund").arg(fund).run().error(2);
    }
}

/// The status of a request from a page of this origin.
fn status_of(url: &str, origin: &str) -> u16 {
    let (host, path) = url.trim_start_matches("http://").split_once('/').unwrap();
    let mut stream = TcpStream::connect(host).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    let head = format!("host: {host}\r\norigin: {origin}\r\nconnection: close");
    write!(stream, "GET /{path} HTTP/1.1\r\n{head}\r\n\r\n").unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    response[9..12].parse().unwrap()
}

#[cfg(unix)]
#[test]
fn the_sandbox_serves_until_it_is_told_to_end() {
    for signal in ["TERM", "INT"] {
        let sandbox = Program::new("sandbox --addr 127.0.0.1:0").start();
        let message: Value = serde_json::from_str(&sandbox.stdout_line()).unwrap();
        assert_members(
            &message,
            &["base_url", "control_url", "client_id", "client_secret", "webhook_secret"],
        );
        let word = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
        let paid = Program::new(ACH)
            .env("QBANK_BASE_URL", word("base_url"))
            .env("QBANK_CLIENT_ID", word("client_id"))
            .env("QBANK_CLIENT_SECRET", word("client_secret"))
            .run();
        assert_eq!(paid.ok()["fate"], "accepted");
        sandbox.signal(signal);
        let ended = sandbox.end();
        assert_eq!(ended.code, Some(0), "{ended:?}");
        assert!(ended.took.as_secs() < 2, "{ended:?}");
        assert_eq!(ended.stdout.lines().count(), 1);
    }
}

#[cfg(unix)]
#[test]
fn the_sandbox_says_what_to_export() {
    let sandbox = Program::new("sandbox --addr 127.0.0.1:0 --output table").start();
    assert!(sandbox.stdout_line().contains("http://127.0.0.1:"));
    sandbox.signal("TERM");
    let ended = sandbox.end();
    assert_eq!(ended.code, Some(0), "{ended:?}");
    for name in ["QBANK_BASE_URL", "QBANK_CLIENT_ID", "QBANK_CLIENT_SECRET", "QBANK_WEBHOOK_SECRET"]
    {
        assert!(ended.stdout.contains(&format!("export {name}=")), "{ended:?}");
    }
}

#[test]
fn help_and_version() {
    for line in ["--help", "-h", "payments --help", "payments ach --help", "sandbox -h"] {
        let ended = Program::new(line).run();
        assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""), "{ended:?}");
        assert!(ended.stdout.contains("Usage: qbank"), "{ended:?}");
    }
    for line in ["--version", "-V"] {
        let ended = Program::new(line).run();
        let version = concat!("qbank ", env!("CARGO_PKG_VERSION"), "\n");
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), version));
    }
    // What every command takes stands in one place.
    let ended = Program::new("payments ach --help").run();
    assert!(!ended.stdout.contains("--base-url"), "{ended:?}");
    let example = "Example: qbank payments ach --from ID --to ID";
    assert!(ended.stdout.contains(example), "{ended:?}");
    assert!(ended.stdout.ends_with("Global options: qbank --help\n"), "{ended:?}");
    // Help shows no value of the environment.
    let ended = Program::new("accounts list --help")
        .env("QBANK_CLIENT_ID", "a-client-id-of-ours")
        .env("QBANK_CLIENT_SECRET", "a-client-secret-of-ours")
        .run();
    assert!(!ended.stdout.contains("of-ours"), "{ended:?}");
}
