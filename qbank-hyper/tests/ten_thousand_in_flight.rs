//! Ten thousand calls at once on one session and one HTTP/2 connection.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::collections::HashSet;
use std::convert::Infallible;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use qbank_hyper::bytes::Bytes;
use qbank_hyper::http::{Request, Response, header};
use qbank_hyper::{Client, Fate, Hyper, hyper_util};
use support::{accepted, ach, config, is_token, payment_id, status, token};
use tokio::net::TcpListener;
use tokio::sync::Barrier;
use tokio::time::timeout;

const CALLS: usize = 10_000;
const REFUSED: usize = 500;
const LONG: Duration = Duration::from_secs(20);

/// A bank that responds to no request before all have arrived.
struct Bank {
    connections: AtomicUsize,
    tokens: AtomicUsize,
    payments: AtomicUsize,
    keys: Mutex<HashSet<String>>,
    /// All of them have arrived.
    all: Barrier,
    /// A token that is refused, once so many have come with it.
    stale: Option<(&'static str, Barrier)>,
}

impl Bank {
    async fn start(calls: usize, stale: Option<&'static str>) -> (Client, Arc<Self>) {
        let bank = Arc::new(Self {
            connections: AtomicUsize::new(0),
            tokens: AtomicUsize::new(0),
            payments: AtomicUsize::new(0),
            keys: Mutex::default(),
            all: Barrier::new(calls),
            stale: stale.map(|token| (token, Barrier::new(calls))),
        });
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&bank);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                shared.connections.fetch_add(1, Ordering::Relaxed);
                let bank = Arc::clone(&shared);
                let service = service_fn(move |request: Request<Incoming>| {
                    let bank = Arc::clone(&bank);
                    async move {
                        let (head, body) = request.into_parts();
                        // Read first: unread bodies close the connection's window.
                        let body = body.collect().await.unwrap().to_bytes();
                        let request = Request::from_parts(head, body);
                        Ok::<_, Infallible>(bank.respond(request).await)
                    }
                });
                let connection = http2::Builder::new(TokioExecutor::new())
                    .max_concurrent_streams(20_000)
                    // Room for all bodies. Without it the window closes, hyper
                    // sends them byte by byte, and h2 takes that for a flood.
                    .initial_connection_window_size(16 << 20)
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(async move { drop(connection.await) });
            }
        });
        let http2 =
            HyperClient::builder(TokioExecutor::new()).http2_only(true).build(HttpConnector::new());
        let driver = Hyper::with_client(http2);
        (Client::with_driver(config(port), driver).unwrap(), bank)
    }

    async fn respond(&self, request: Request<Bytes>) -> Response<Full<Bytes>> {
        if is_token(&request) {
            let number = 1 + self.tokens.fetch_add(1, Ordering::SeqCst);
            return token(&format!("t{number}"));
        }
        let bearer = request.headers()[header::AUTHORIZATION].to_str().unwrap();
        if let Some((stale, together)) = &self.stale
            && bearer == format!("Bearer {stale}")
        {
            together.wait().await;
            return status(401);
        }
        let key = request.headers()["idempotency-key"].to_str().unwrap();
        self.keys.lock().unwrap().insert(key.to_owned());
        let number = self.payments.fetch_add(1, Ordering::SeqCst);
        self.all.wait().await;
        accepted(payment_id(number as u64))
    }
}

/// Each a task of its own, all at once. Gives the attempts that each took.
async fn pay(client: &Client, calls: usize) -> Vec<usize> {
    let running = (0..calls).map(|_| tokio::spawn(client.payments().create_ach(ach("1")).send()));
    let all = timeout(LONG, join_all(running)).await.expect("some are stuck");
    all.into_iter()
        .map(|reply| {
            let reply = reply.unwrap().unwrap();
            assert_eq!(reply.fate, Fate::Accepted);
            reply.attempts.len()
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_calls_share_a_token_and_all_finish() {
    let (client, bank) = Bank::start(CALLS, None).await;
    let begun = Instant::now();
    let attempts = pay(&client, CALLS).await;
    println!("{CALLS} calls in flight at once took {:?}", begun.elapsed());
    assert!(attempts.into_iter().all(|attempts| attempts == 1));
    assert_eq!(bank.tokens.load(Ordering::SeqCst), 1);
    assert_eq!(bank.payments.load(Ordering::SeqCst), CALLS);
    assert_eq!(bank.keys.lock().unwrap().len(), CALLS);
    assert_eq!(bank.connections.load(Ordering::SeqCst), 1);
    assert_eq!(client.session().waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_refused_with_one_token_refreshes_once() {
    let (client, bank) = Bank::start(REFUSED, Some("t1")).await;
    let attempts = pay(&client, REFUSED).await;
    assert!(attempts.into_iter().all(|attempts| attempts == 2));
    assert_eq!(bank.tokens.load(Ordering::SeqCst), 2);
    assert_eq!(bank.payments.load(Ordering::SeqCst), REFUSED);
    assert_eq!(client.session().waiting(), 0);
}
