//! `Fate::NeverSent` tells a caller that no money moved, who may then pay again under another
//! key. So it is claimed from what this side did, and the test of each source explains why it cannot be
//! wrong. What an HTTP/2 server claims is in `goaway.rs`.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioIo};
use qbank_conformance::{Proxy, Script, Server, Tls};
use qbank_hyper::http::Uri;
use qbank_hyper::{
    AccessToken, Client, Config, Credentials, Environment, Error, ErrorKind, Fate, Hyper,
    hyper_util,
};
use support::{Random, SOON, ach};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;
use tower_service::Service;

fn config(base_url: impl Into<String>) -> Config {
    let token = Credentials::Token(AccessToken::new("a-ready-made-token").unwrap());
    Config::new(Environment::custom(base_url), token)
        .allow_loopback_http()
        .max_retries(0)
        .timeout(Duration::from_secs(3))
}

fn at(port: u16) -> Config {
    config(format!("http://127.0.0.1:{port}/v1"))
}

async fn pay(driver: Hyper, config: Config) -> Error {
    let client = Client::with_driver(config, driver).unwrap();
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    paid.await.expect("it hangs").unwrap_err()
}

/// A port on which nothing listens.
fn dead_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_a_connection_nothing_was_sent() {
    // It cannot be wrong: the error is a connector's, whose work ends before hyper is given a
    // connection to write to. What it wrote itself is a handshake, or a CONNECT that names the
    // host and nothing of the payment.
    let error = pay(Hyper::default(), at(dead_port())).await;
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent), "{error}");

    let broken = [Tls::Plaintext, Tls::ClosesInHandshake, Tls::ResetsInHandshake, Tls::SelfSigned];
    for tls in broken {
        let server = Server::start(&Script { tls: Some(tls), ..Script::default() }).unwrap();
        let error = pay(Hyper::default(), config(server.target().base_url.clone())).await;
        assert_eq!(error.fate(), Fate::NeverSent, "{tls:?}: {error}");
        assert!(server.log().api.is_empty());
    }

    for response in
        ["HTTP/1.1 502 Bad Gateway\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\n", "garbage\r\n\r\n"]
    {
        let proxy = Proxy::start(response).unwrap();
        let url = format!("http://127.0.0.1:{}", proxy.port());
        let bank = format!("https://other.example:{}/v1", dead_port());
        let driver = Hyper::builder().proxy(&url).unwrap().build();
        let error = pay(driver, config(bank)).await;
        assert_eq!(error.fate(), Fate::NeverSent, "{response:?}: {error}");
        assert_eq!(proxy.heads().len(), 1);
        assert!(!proxy.heads()[0].contains("a-ready-made-token"));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn until_a_connection_is_captured_nothing_was_sent() {
    // It cannot be wrong: hyper-util captures the connection before it gives it the request.
    // Here the HTTP/2 handshake fails, which is no error of the connector.
    let http2 = HyperClient::builder(TokioExecutor::new()).http2_only(true).build(Stub::Broken);
    let error = pay(Hyper::with_client(http2), at(dead_port())).await;
    assert_eq!(error.fate(), Fate::NeverSent, "{error}");

    // And here the time to connect is up first.
    let config = at(dead_port()).timeout(Duration::from_millis(50));
    let error = pay(Hyper::with_connector(Stub::Silent), config).await;
    assert_eq!(error.fate(), Fate::NeverSent, "{error}");
}

/// A connector that never connects, or whose connections take no byte.
#[derive(Clone, Copy)]
enum Stub {
    Silent,
    Broken,
}

impl Service<Uri> for Stub {
    type Response = Broken;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Broken>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Uri) -> Self::Future {
        match self {
            Self::Silent => Box::pin(std::future::pending()),
            Self::Broken => Box::pin(std::future::ready(Ok(Broken))),
        }
    }
}

struct Broken;

impl Connection for Broken {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Broken {
    fn poll_read(
        self: Pin<&mut Self>,
        _: &mut Context<'_>,
        _: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Poll::Pending
    }
}

impl Write for Broken {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_sent_is_only_claimed_where_no_byte_was_written() {
    // Held against the bytes themselves, whatever hyper reports: a server that closes at any
    // moment (before the request, within it, after it, and while the connection is kept), and a
    // connector that counts what is written. This covers the request that hyper gives back as
    // cancelled.
    let mut random = Random::new();
    let port = closing_server(random.fork()).await;
    let recorder = Recorder { http: HttpConnector::new(), written: Arc::default() };
    let written = || recorder.written.load(Ordering::SeqCst);
    let (mut accepted, mut never_sent, mut unknown) = (0, 0, 0);
    let mut client = None;
    for round in 0..2_000 {
        // A new pool now and then: its first connection is not a reused one.
        if round % 3 == 0 {
            client = None;
        }
        let client = client.get_or_insert_with(|| {
            let driver = Hyper::with_connector(recorder.clone());
            Client::with_driver(at(port), driver).unwrap()
        });
        let before = written();
        let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
        match paid.await.expect("it hangs") {
            Ok(_) => accepted += 1,
            Err(error) if error.fate() == Fate::NeverSent => {
                never_sent += 1;
                assert_eq!(written(), before, "bytes of the request were written: {error}");
            }
            Err(error) => {
                unknown += 1;
                assert_eq!(error.fate(), Fate::Unknown, "{error}");
            }
        }
    }
    println!("{accepted} accepted, {never_sent} never sent, {unknown} unknown");
    assert!(accepted > 0 && never_sent > 0 && unknown > 0);
}

/// A server that accepts payments, and closes connections at any moment.
async fn closing_server(mut random: Random) -> u16 {
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A client that closes is expected.
            tokio::spawn(closing_at_any_moment(stream, random.fork()));
        }
    });
    port
}

async fn closing_at_any_moment(mut stream: TcpStream, mut random: Random) -> io::Result<()> {
    loop {
        match random.below(10) {
            // Before anything is read; with an unexpected message, or without.
            0 => return Ok(()),
            1 => return stream.write_all(b"HTTP/1.1 408 Request Timeout\r\n\r\n").await,
            2 => return stream.write_all(b"garbage\r\n\r\n").await,
            3 => {
                let mut part = vec![0; 1 + random.below(400) as usize];
                let _ = stream.read(&mut part).await?;
                return Ok(());
            }
            _ => {}
        }
        let mut request = Vec::new();
        while !request.ends_with(b"}") {
            if stream.read_buf(&mut request).await? == 0 {
                return Ok(());
            }
        }
        if random.percent(10) {
            return Ok(());
        }
        stream.write_all(b"HTTP/1.1 202 Accepted\r\ncontent-length: 0\r\n\r\n").await?;
    }
}

/// A connector whose connections count the bytes that are written to them.
#[derive(Clone)]
struct Recorder {
    http: HttpConnector,
    written: Arc<AtomicUsize>,
}

impl Service<Uri> for Recorder {
    type Response = Recorded;
    type Error = qbank_hyper::BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Recorded, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.http.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, uri: Uri) -> Self::Future {
        let connecting = self.http.call(uri);
        let written = Arc::clone(&self.written);
        Box::pin(async move { Ok(Recorded { stream: connecting.await?, written }) })
    }
}

struct Recorded {
    stream: TokioIo<TcpStream>,
    written: Arc<AtomicUsize>,
}

impl Connection for Recorded {
    fn connected(&self) -> Connected {
        Connected::new()
    }
}

impl Read for Recorded {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buffer)
    }
}

impl Write for Recorded {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        // Before the write, which may fail after some of it has left.
        self.written.fetch_add(bytes.len(), Ordering::SeqCst);
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }
}
