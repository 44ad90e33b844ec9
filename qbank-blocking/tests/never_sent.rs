//! `Fate::NeverSent` tells a caller that no money moved, who may then pay again under another
//! key. So it is claimed from what this side did, and the test of each source explains why it cannot be
//! wrong.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::io::{ErrorKind as IoErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::ureq::middleware::MiddlewareNext;
use qbank_blocking::ureq::{self, Agent, Body, SendBody};
use qbank_blocking::{
    AccessToken, AccountId, Client, Config, Credentials, Environment, Error, ErrorKind, Fate, Ureq,
    http,
};
use qbank_conformance::{Proxy, Script, Server, Tls};

fn config(port: u16) -> Config {
    let token = Credentials::Token(AccessToken::new("a-ready-made-token").unwrap());
    Config::new(Environment::Sandbox { port }, token).max_retries(0).timeout(Duration::from_secs(3))
}

fn pay(driver: Ureq, config: Config) -> Error {
    let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
    let client = Client::with_driver(config, driver).unwrap();
    client.payments().create_ach(payment).send().unwrap_err()
}

/// A port on which nothing listens.
fn dead_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A server that reads up to so many bytes of each connection, then resets it.
fn resetting_after(bytes: usize) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let received = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&received);
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut buffer = vec![0; bytes];
            if let Ok(read) = stream.read(&mut buffer) {
                count.fetch_add(read, Ordering::SeqCst);
            }
            // Dropped with unread bytes, the connection is reset.
        }
    });
    (port, received)
}

#[test]
fn our_agent_without_a_connection_has_sent_nothing() {
    // It cannot be wrong: the connector notes the first byte that is given to a connection,
    // and there was no connection.
    let error = pay(Ureq::default(), config(dead_port()));
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent), "{error}");
}

#[test]
fn our_agent_that_failed_in_the_handshake_has_sent_nothing() {
    // It cannot be wrong: what is noted are bytes above TLS, and before the handshake has
    // ended no such byte can be encrypted.
    let broken = [Tls::Plaintext, Tls::ClosesInHandshake, Tls::ResetsInHandshake, Tls::SelfSigned];
    for tls in broken {
        let script = Script { tls: Some(tls), ..Script::default() };
        let server = Server::start(&script).unwrap();
        let mut config = config(0);
        config.environment = Environment::custom(server.target().base_url.clone());
        let error = pay(Ureq::default(), config);
        assert_eq!(error.fate(), Fate::NeverSent, "{tls:?}: {error}");
        assert!(server.log().api.is_empty());
    }
}

#[test]
fn our_agent_has_sent_nothing_as_long_as_a_proxy_has_only_its_connect() {
    // It cannot be wrong: a CONNECT names the host and nothing of the payment, and what is
    // noted begins with the tunnel. A proxy that accepts it and breaks off ends the handshake.
    for response in
        ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "garbage\r\n\r\n"]
    {
        let proxy = Proxy::start(response).unwrap();
        let url = format!("http://127.0.0.1:{}", proxy.port());
        let mut config = config(0);
        let host = format!("https://other.example:{}/v1", dead_port());
        config.environment = Environment::custom(host);
        let error = pay(Ureq::builder().proxy(&url).unwrap().build(), config);
        assert_eq!(error.fate(), Fate::NeverSent, "{response:?}: {error}");
        assert_eq!(proxy.heads().len(), 1);
        assert!(!proxy.heads()[0].contains("a-ready-made-token"));
    }
}

#[test]
fn our_agent_is_in_doubt_from_the_first_byte() {
    for bytes in [0, 1, 64, 100_000] {
        let (port, _) = resetting_after(bytes);
        let error = pay(Ureq::default(), config(port));
        assert_eq!(error.fate(), Fate::Unknown, "{bytes}: {error}");
    }
}

#[test]
fn a_given_agent_that_never_read_the_body_has_sent_no_payment() {
    // It cannot be wrong: without its body a request is incomplete, and the body is ours.
    let error = pay(Ureq::with_agent(Agent::new_with_defaults()), config(dead_port()));
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent), "{error}");

    // A middleware that refuses by itself.
    let refusing = |_: http::Request<SendBody<'_>>, _: MiddlewareNext<'_>| {
        Err::<http::Response<Body>, _>(ureq::Error::Io(IoErrorKind::BrokenPipe.into()))
    };
    let agent: Agent = Agent::config_builder().middleware(refusing).build().into();
    let error = pay(Ureq::with_agent(agent), config(dead_port()));
    assert_eq!(error.fate(), Fate::NeverSent, "{error}");
}

#[test]
fn a_given_agent_whose_middleware_retries_is_in_doubt_whatever_its_last_error_is() {
    /// What a second attempt may end with: each of them alone would be "not connected".
    fn last_error(number: usize) -> ureq::Error {
        match number {
            0 => ureq::Error::ConnectionFailed,
            1 => ureq::Error::HostNotFound,
            2 => ureq::Error::Timeout(ureq::Timeout::Connect),
            3 => ureq::Error::Io(IoErrorKind::ConnectionRefused.into()),
            _ => ureq::Error::Rustls(rustls::Error::NoCertificatesPresented),
        }
    }
    for number in 0..5 {
        let (port, received) = resetting_after(100_000);
        let retrying = move |request: http::Request<SendBody<'_>>, next: MiddlewareNext<'_>| {
            let (head, body) = request.into_parts();
            let mut kept = Vec::new();
            body.into_reader().read_to_end(&mut kept)?;
            let mut first = &kept[..];
            let sent =
                next.handle(http::Request::from_parts(head, SendBody::from_reader(&mut first)));
            assert!(sent.is_err());
            Err::<http::Response<Body>, _>(last_error(number))
        };
        let agent: Agent = Agent::config_builder().middleware(retrying).build().into();
        let error = pay(Ureq::with_agent(agent), config(port));
        assert!(received.load(Ordering::SeqCst) > 0, "the first attempt is at the bank");
        assert_eq!(error.fate(), Fate::Unknown, "{number}: {error}");
    }
}

#[test]
fn a_given_agent_is_in_doubt_once_a_request_is_complete() {
    for bytes in [0, 1, 64, 100_000] {
        let (port, _) = resetting_after(bytes);
        let error = pay(Ureq::with_agent(Agent::new_with_defaults()), config(port));
        assert_eq!(error.fate(), Fate::Unknown, "{bytes}: {error}");
    }
}

#[test]
fn a_kept_connection_that_the_server_closes_over_the_next_request_is_in_doubt() {
    // The race of every client that keeps connections: the server closed before it read.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || respond_once_then_close(stream));
        }
    });
    for given in [false, true] {
        let driver =
            if given { Ureq::with_agent(Agent::new_with_defaults()) } else { Ureq::default() };
        let client = Client::with_driver(config(port), driver.clone()).unwrap();
        client.accounts().list().send().unwrap();
        let error = pay(driver, config(port));
        assert_eq!(error.fate(), Fate::Unknown, "{error}");
    }
}

/// Responds to the first request of a connection, and closes it once the second begins.
fn respond_once_then_close(mut stream: TcpStream) -> std::io::Result<()> {
    let mut buffer = [0; 4096];
    let read = stream.read(&mut buffer)?;
    if buffer[..read].starts_with(b"GET") {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n";
        write!(stream, "{head}[]")?;
        let _ = stream.read(&mut [0])?;
    }
    Ok(())
}
