//! The race of every keep-alive client: the server closes an idle connection at
//! the moment the next request goes out on it. Each payment still lands once,
//! and its caller sees nothing of it.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::collections::HashMap;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use qbank_hyper::http::StatusCode;
use qbank_hyper::{Fate, submit_all};
use support::{Random, ach, client_at, payment_id};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const PAYMENTS: u64 = 10_000;
const IN_FLIGHT: usize = 64;

/// A bank that is honest about money and careless about connections.
#[derive(Default)]
struct Bank {
    /// By key: how often it was paid, which is once, and the payment's number.
    ledger: Mutex<HashMap<String, Entry>>,
    connections: AtomicU64,
    /// Requests that were read in part, or met by nothing but a close.
    cut_off: AtomicU64,
    conflicts: AtomicU64,
    polls: AtomicU64,
}

struct Entry {
    number: u64,
    amount: String,
}

/// What happens on a connection after a response.
enum Next {
    Serve,
    /// Close at once, or so much later.
    Close(Duration),
    /// Close when so many bytes of the next request are here.
    CloseAfter(usize),
    /// Do what the next request says, then close without a response.
    CloseAfterDoing,
}

impl Next {
    fn random(random: &mut Random) -> Self {
        match random.below(100) {
            0..4 => Self::Close(Duration::ZERO),
            4..10 => Self::Close(Duration::from_micros(random.below(3_000))),
            10..16 => Self::CloseAfter(1 + random.below(400) as usize),
            16..22 => Self::CloseAfterDoing,
            _ => Self::Serve,
        }
    }
}

impl Bank {
    async fn start(mut random: Random) -> (u16, Arc<Self>) {
        let bank = Arc::new(Self::default());
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::clone(&bank);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let random = random.fork();
                let bank = Arc::clone(&shared);
                bank.connections.fetch_add(1, Ordering::Relaxed);
                // A reset connection is what this is about.
                tokio::spawn(async move { drop(bank.connection(stream, random).await) });
            }
        });
        (port, bank)
    }

    async fn connection(&self, mut stream: TcpStream, mut random: Random) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut buffer = Vec::new();
        loop {
            let Some(request) = Request::read(&mut stream, &mut buffer).await? else {
                return Ok(());
            };
            let response = self.respond(&request, &mut random);
            stream.write_all(response.as_bytes()).await?;
            match Next::random(&mut random) {
                Next::Serve => {}
                Next::Close(after) => {
                    // Shorter than the timer's tick: by the seed, not by the clock.
                    for _ in 0..after.as_micros() / 100 {
                        tokio::task::yield_now().await;
                    }
                    return Ok(());
                }
                Next::CloseAfter(bytes) => {
                    let mut part = vec![0; bytes];
                    let read = stream.read(&mut part).await?;
                    self.cut_off.fetch_add(u64::from(read > 0), Ordering::Relaxed);
                    return Ok(());
                }
                Next::CloseAfterDoing => {
                    if let Some(request) = Request::read(&mut stream, &mut buffer).await? {
                        self.respond(&request, &mut random);
                        self.cut_off.fetch_add(1, Ordering::Relaxed);
                    }
                    return Ok(());
                }
            }
        }
    }

    fn respond(&self, request: &Request, random: &mut Random) -> String {
        match request.path.as_str() {
            "/v1/token" => {
                let token = r#"{"access_token":"t","token_type":"Bearer","expires_in":3600}"#;
                response("200 OK", "application/json", "", token)
            }
            "/v1/payments/ach" => self.pay(request, random),
            path => {
                self.polls.fetch_add(1, Ordering::Relaxed);
                let id = path.strip_prefix("/v1/payments/").unwrap();
                let ledger = self.ledger.lock().unwrap();
                let entry = ledger
                    .values()
                    .find(|entry| payment_id(entry.number).to_string() == id)
                    .unwrap();
                let record = format!(
                    r#"{{"paymentId":"{id}","type":"ACH","amount":{},"status":"P_PROCESSING"}}"#,
                    entry.amount
                );
                response("200 OK", "application/json", "", &record)
            }
        }
    }

    /// The first time it is done; then it is in process, or accepted again.
    fn pay(&self, request: &Request, random: &mut Random) -> String {
        let mut ledger = self.ledger.lock().unwrap();
        let next = ledger.len() as u64;
        let amount = amount_of(&request.body);
        let known = ledger.contains_key(&request.key);
        let entry = ledger
            .entry(request.key.clone())
            .or_insert(Entry { number: next, amount: amount.clone() });
        assert_eq!(entry.amount, amount, "other bytes under the same key");
        let id = payment_id(entry.number);
        if known && random.percent(50) {
            self.conflicts.fetch_add(1, Ordering::Relaxed);
            let problem = format!(
                r#"{{"type":"https://docs.qbankconnect.com/problems/idempotency-conflict","title":"Idempotency Conflict","status":409,"transaction_id":"{id}"}}"#
            );
            return response("409 Conflict", "application/problem+json", "", &problem);
        }
        let location = format!("location: /v1/payments/{id}\r\n");
        response("202 Accepted", "text/plain", &location, "")
    }
}

fn response(status: &str, content_type: &str, more: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\ncontent-length: {length}\r\n{more}\r\n{body}"
    )
}

fn amount_of(body: &str) -> String {
    let (_, amount) = body.split_once(r#""amount":"#).unwrap();
    amount.split(['}', ',']).next().unwrap().to_owned()
}

struct Request {
    path: String,
    key: String,
    body: String,
}

impl Request {
    /// None: the client closed the connection before a request.
    async fn read(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> io::Result<Option<Self>> {
        loop {
            if let Some(end) = buffer.windows(4).position(|bytes| bytes == b"\r\n\r\n") {
                let head = String::from_utf8_lossy(&buffer[..end]).into_owned();
                let field = |name: &str| {
                    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
                    lines
                        .find(|(n, _)| n.eq_ignore_ascii_case(name))
                        .map(|(_, value)| value.to_owned())
                };
                let length = field("content-length").map_or(0, |n| n.parse().unwrap());
                let whole = end + 4 + length;
                if buffer.len() >= whole {
                    let body = String::from_utf8_lossy(&buffer[end + 4..whole]).into_owned();
                    buffer.drain(..whole);
                    return Ok(Some(Self {
                        path: head.split(' ').nth(1).unwrap().to_owned(),
                        key: field("idempotency-key").unwrap_or_default(),
                        body,
                    }));
                }
            }
            if stream.read_buf(buffer).await? == 0 {
                return Ok(None);
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ten_thousand_payments_over_connections_that_close_land_once() {
    let (port, bank) = Bank::start(Random::new()).await;
    let client = client_at(port);
    let calls = (0..PAYMENTS).map(|number| {
        let dollars = format!("{}.{:02}", 1 + number / 100, number % 100);
        client.payments().create_ach(ach(&dollars)).call()
    });
    let (mut resends, mut followed, mut keys) = (0, 0, Vec::new());
    let mut results = submit_all(&client, calls, IN_FLIGHT);
    while let Some((position, result)) = results.next().await {
        let reply = result.unwrap_or_else(|error| panic!("{position}: {error}\n{error:?}"));
        assert_eq!(reply.fate, Fate::Accepted);
        assert!(reply.value.payment_id.is_some());
        // A resend goes over a fresh connection, which this bank serves.
        assert!(reply.attempts.len() <= 2, "{:?}", reply.attempts);
        if let [first, _] = &reply.attempts[..] {
            resends += 1;
            assert_eq!(first.status, None::<StatusCode>);
            assert_eq!(first.fate, Fate::Unknown);
        }
        followed += u64::from(reply.followed);
        keys.push(reply.key.unwrap().to_string());
    }
    let ledger = bank.ledger.lock().unwrap();
    assert_eq!(keys.len() as u64, PAYMENTS);
    assert_eq!(ledger.len() as u64, PAYMENTS, "one entry per intent");
    assert!(keys.iter().all(|key| ledger.contains_key(key)));
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    println!(
        "{PAYMENTS} payments over {} connections: {resends} resent, {} cut_off, {} conflicts, \
         {followed} followed with {} polls",
        count(&bank.connections),
        count(&bank.cut_off),
        count(&bank.conflicts),
        count(&bank.polls),
    );
    assert!(resends > 100 && followed > 10, "the seed does not cover it");
}
