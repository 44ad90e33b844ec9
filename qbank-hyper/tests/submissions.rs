//! Many calls at once: never more than the limit, no faster than the reader.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use futures_util::{FutureExt, StreamExt};
use qbank_hyper::bytes::Bytes;
use qbank_hyper::endpoint::CreateAch;
use qbank_hyper::http::{HeaderValue, Request};
use qbank_hyper::{Call, Client, ErrorKind, Fate, submit_all};
use support::{SOON, accepted, ach, client_at, is_token, payment_id, serve, status, token, until};
use tokio::sync::Semaphore;
use tokio::time::timeout;

/// A bank that counts requests, and delays its responses.
struct CountingBank {
    /// Payments that have arrived.
    arrived: AtomicUsize,
    now: AtomicUsize,
    most: AtomicUsize,
    /// Responses that may be sent.
    gate: Semaphore,
}

impl CountingBank {
    async fn start(free: usize) -> (u16, Arc<Self>) {
        let bank = Arc::new(Self {
            arrived: AtomicUsize::new(0),
            now: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            gate: Semaphore::new(free),
        });
        let shared = Arc::clone(&bank);
        let port = serve(move |request| {
            let shared = Arc::clone(&shared);
            async move { shared.respond(request).await }
        })
        .await;
        (port, bank)
    }

    async fn respond(
        &self,
        request: Request<Bytes>,
    ) -> qbank_hyper::http::Response<http_body_util::Full<Bytes>> {
        if is_token(&request) {
            return token("t");
        }
        let now = self.now.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(now, Ordering::SeqCst);
        let number = self.arrived.fetch_add(1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        self.gate.acquire().await.unwrap().forget();
        self.now.fetch_sub(1, Ordering::SeqCst);
        if cents(&request).is_multiple_of(3) {
            status(422)
        } else {
            accepted(payment_id(number as u64))
        }
    }

    fn arrived(&self) -> usize {
        self.arrived.load(Ordering::SeqCst)
    }
}

/// The amount, which tells the calls apart.
fn cents(request: &Request<Bytes>) -> u64 {
    let body = std::str::from_utf8(request.body()).unwrap();
    let (_, amount) = body.split_once(r#""amount":"#).unwrap();
    let digits: String = amount
        .chars()
        .take_while(|c| *c != '}' && *c != ',')
        .filter(char::is_ascii_digit)
        .collect();
    digits.parse().unwrap()
}

/// Calls over 1, 2, 3 … cents; `pulled` counts those that were taken.
fn calls(
    client: &Client,
    many: u64,
    pulled: Arc<AtomicUsize>,
) -> impl Iterator<Item = Call<CreateAch>> {
    let client = client.clone();
    (1..=many).map(move |cents| {
        pulled.fetch_add(1, Ordering::SeqCst);
        let dollars = format!("{}.{:02}", cents / 100, cents % 100);
        client.payments().create_ach(ach(&dollars)).call()
    })
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn never_more_than_the_limit_and_every_result_has_its_position() {
    for limit in [1, 7, 64] {
        let (port, bank) = CountingBank::start(Semaphore::MAX_PERMITS).await;
        let client = client_at(port);
        let calls = calls(&client, 300, Arc::default());
        let results = submit_all(&client, calls, limit).collect::<Vec<_>>();
        let results = timeout(SOON * 3, results).await.unwrap();
        let most = bank.most.load(Ordering::SeqCst);
        assert!(most <= limit, "{most} at once, over the limit of {limit}");
        let positions: BTreeSet<usize> = results.iter().map(|(position, _)| *position).collect();
        assert!(positions.into_iter().eq(0..300));
        // The response belongs to the call at that position: a third is refused.
        for (position, result) in results {
            match result {
                Ok(reply) => assert_ne!((position + 1) % 3, 0, "{reply:?}"),
                Err(error) => {
                    assert_eq!((position + 1) % 3, 0, "{error}");
                    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
                    assert_eq!(error.fate(), Fate::Refused);
                }
            }
        }
        assert_eq!(bank.arrived(), 300);
    }
}

#[tokio::test]
async fn a_limit_of_nothing_is_one() {
    let (port, bank) = CountingBank::start(Semaphore::MAX_PERMITS).await;
    let client = client_at(port);
    let calls = calls(&client, 5, Arc::default());
    let results = submit_all(&client, calls, 0).collect::<Vec<_>>().await;
    assert_eq!(results.len(), 5);
    assert_eq!(bank.most.load(Ordering::SeqCst), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_slows_the_submission() {
    let (port, bank) = CountingBank::start(0).await;
    let client = client_at(port);
    let pulled = Arc::new(AtomicUsize::new(0));
    let now = || pulled.load(Ordering::SeqCst);
    let calls = calls(&client, 100, Arc::clone(&pulled));
    let mut stream = submit_all(&client, calls, 8);
    assert_eq!(now(), 0, "nothing before the first poll");
    let _ = timeout(Duration::from_millis(300), async {
        assert!(stream.next().await.is_none(), "no response may have come");
    })
    .await;
    assert_eq!(now(), 8);
    until("eight of them", || bank.arrived() == 8).await;

    // All responses come; the results are not read.
    bank.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    until("the responses", || bank.now.load(Ordering::SeqCst) == 0).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(now(), 8, "the stream was not polled");
    for read in 1..=92 {
        assert!(timeout(SOON, stream.next()).await.unwrap().is_some());
        assert!(now() < 8 + read, "{} taken, {read} read", now());
    }
    assert_eq!(stream.by_ref().count().await, 8);
    assert_eq!(now(), 100);
    assert!(stream.next().await.is_none(), "the end stays the end");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn too_many_requests_holds_all_of_the_session_back() {
    const HOLD: Duration = Duration::from_secs(2);
    let arrivals: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let refused: Arc<Mutex<Option<Instant>>> = Arc::default();
    let port = serve({
        let (arrivals, refused) = (Arc::clone(&arrivals), Arc::clone(&refused));
        move |request| {
            let (arrivals, refused) = (Arc::clone(&arrivals), Arc::clone(&refused));
            async move {
                if is_token(&request) {
                    return token("t");
                }
                let number = {
                    let mut arrivals = arrivals.lock().unwrap();
                    arrivals.push(Instant::now());
                    arrivals.len()
                };
                if number == 20 {
                    *refused.lock().unwrap() = Some(Instant::now());
                    let mut response = status(429);
                    let seconds = HeaderValue::from(HOLD.as_secs());
                    response.headers_mut().insert("retry-after", seconds);
                    return response;
                }
                if (13..20).contains(&number) || (21..28).contains(&number) {
                    // Those in flight with it: their places become free while
                    // the session holds back.
                    tokio::time::sleep(HOLD / 3).await;
                }
                accepted(payment_id(number as u64))
            }
        }
    })
    .await;
    let client = client_at(port);
    let calls = calls(&client, 60, Arc::default());
    let results = submit_all(&client, calls, 8).collect::<Vec<_>>();
    let alone = async {
        until("the refusal", || refused.lock().unwrap().is_some()).await;
        tokio::time::sleep(HOLD / 2).await;
        // Not of the stream, but of the session.
        client.payments().create_ach(ach("9.99")).send().await
    };
    let both = async { tokio::join!(results, alone) };
    let (results, alone) = timeout(SOON * 2, both).await.unwrap();
    assert!(alone.is_ok());
    assert!(results.iter().all(|(_, result)| result.is_ok()));
    assert_eq!(results.len(), 60);

    let refused = refused.lock().unwrap().unwrap();
    let arrivals = arrivals.lock().unwrap();
    let after = |from: Duration, to: Duration| {
        let times = arrivals.iter().filter(|at| **at > refused);
        times.filter(|at| (from..to).contains(&(**at - refused))).count()
    };
    // What was on its way when the response arrived may still come; then nothing.
    assert!(after(Duration::ZERO, HOLD / 4) <= 7);
    assert_eq!(after(HOLD / 4, HOLD), 0, "the session did not hold back");
    assert_eq!(arrivals.len(), 60 + 1 + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_stream_leaves_the_session_healthy() {
    let (port, bank) = CountingBank::start(0).await;
    let client = client_at(port);
    let mut stream = submit_all(&client, calls(&client, 100, Arc::default()), 16);
    bank.gate.add_permits(3);
    for _ in 0..3 {
        assert!(timeout(SOON, stream.next()).await.unwrap().is_some());
    }
    assert!(stream.next().now_or_never().is_none());
    drop(stream);
    until("the end of all", || client.session().waiting() == 0).await;
    bank.gate.add_permits(Semaphore::MAX_PERMITS / 2);
    let again = submit_all(&client, calls(&client, 100, Arc::default()), 16).count();
    assert_eq!(timeout(SOON, again).await.unwrap(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_reader_may_call_the_bank_between_two_results() {
    let tokens = Arc::new((AtomicUsize::new(0), Semaphore::new(1)));
    let first = Arc::new(Semaphore::new(0));
    let port = serve({
        let (tokens, first) = (Arc::clone(&tokens), Arc::clone(&first));
        move |request| {
            let (tokens, first) = (Arc::clone(&tokens), Arc::clone(&first));
            async move {
                if is_token(&request) {
                    let number = 1 + tokens.0.fetch_add(1, Ordering::SeqCst);
                    tokens.1.acquire().await.unwrap().forget();
                    return token(&format!("t{number}"));
                }
                let stale = request.headers()["authorization"] == "Bearer t1";
                match cents(&request) {
                    1 => first.acquire().await.unwrap().forget(),
                    2 if stale => return status(401),
                    _ => {}
                }
                accepted(payment_id(1))
            }
        }
    })
    .await;
    let client = client_at(port);
    let mut stream = submit_all(&client, calls(&client, 3, Arc::default()), 2);
    // The second call has got a 401 and leads: its token request is out.
    tokio::select! {
        _ = stream.next() => panic!("no response may have come"),
        () = until("the refresh", || tokens.0.load(Ordering::SeqCst) == 2) => {}
    }
    first.add_permits(1);
    let (position, _) = timeout(SOON, stream.next()).await.unwrap().unwrap();
    assert_eq!(position, 0);
    // Now the token comes, while the reader does something else.
    tokens.1.add_permits(1);
    let other = client.payments().create_ach(ach("9.99")).send();
    let other = timeout(SOON, other).await;
    assert!(other.expect("waits for a leader that is not polled").is_ok());
    assert_eq!(stream.count().await, 2);
}
