//! A future that others wait for, or that is in the middle of a response, is
//! dropped: the others go on at once, and nothing of it stays behind.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{StreamExt, stream};
use http_body_util::{BodyExt, StreamBody};
use hyper::body::Frame;
use qbank_hyper::bytes::Bytes;
use qbank_hyper::chrono::DateTime;
use qbank_hyper::http::{Request, Response};
use qbank_hyper::{Driver, Fate, submit_all};
use support::{SOON, accepted, ach, client_at, is_token, payment_id, serve, token, until, wire};
use tokio::time::timeout;

/// A bank whose first `silent` token requests get no response.
async fn silent_at_first(silent: usize) -> (u16, Arc<AtomicUsize>) {
    let asked = Arc::new(AtomicUsize::new(0));
    let port = serve({
        let asked = Arc::clone(&asked);
        move |request| {
            let asked = Arc::clone(&asked);
            async move {
                if !is_token(&request) {
                    return accepted(payment_id(1));
                }
                if asked.fetch_add(1, Ordering::Relaxed) < silent {
                    std::future::pending::<()>().await;
                }
                token("t")
            }
        }
    })
    .await;
    (port, asked)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn when_the_leader_is_dropped_a_follower_leads_and_all_finish() {
    let (port, asked) = silent_at_first(1).await;
    let client = client_at(port);
    let pay = || tokio::spawn(client.payments().create_ach(ach("1")).send());
    let leader = pay();
    until("the token request", || asked.load(Ordering::Relaxed) == 1).await;
    let followers: Vec<_> = (0..9).map(|_| pay()).collect();
    until("nine followers", || client.session().waiting() == 9).await;
    leader.abort();
    let all = timeout(SOON, join_all(followers)).await;
    for follower in all.expect("a follower is stuck") {
        assert_eq!(follower.unwrap().unwrap().fate, Fate::Accepted);
    }
    assert_eq!(asked.load(Ordering::Relaxed), 2);
    assert_eq!(client.session().waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn leaders_that_are_dropped_one_after_another_leave_no_call_waiting() {
    let (port, asked) = silent_at_first(5).await;
    let client = client_at(port);
    let pay = || tokio::spawn(client.payments().create_ach(ach("1")).send());
    let mut leader = pay();
    for round in 1..=5 {
        until("the lead", || asked.load(Ordering::Relaxed) == round).await;
        let follower = pay();
        until("a follower", || client.session().waiting() == 1).await;
        leader.abort();
        leader = follower;
    }
    let paid = timeout(SOON, leader).await.expect("it is stuck").unwrap();
    assert_eq!(paid.unwrap().fate, Fate::Accepted);
    assert_eq!(asked.load(Ordering::Relaxed), 6);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_is_dropped_as_a_whole_leaves_nothing_behind() {
    let (port, asked) = silent_at_first(1).await;
    let client = client_at(port);
    let pay = || client.payments().create_ach(ach("1")).send();
    let group = tokio::spawn(join_all((0..10).map(|_| pay())));
    until("nine followers", || client.session().waiting() == 9).await;
    until("the token request", || asked.load(Ordering::Relaxed) == 1).await;
    group.abort();
    assert!(group.await.unwrap_err().is_cancelled());
    assert_eq!(client.session().waiting(), 0);
    let paid = timeout(SOON, pay()).await.expect("a lease leaked").unwrap();
    assert_eq!(paid.fate, Fate::Accepted);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_bulk_stream_that_is_dropped_leaves_nothing_behind() {
    let (port, asked) = silent_at_first(1).await;
    let client = client_at(port);
    let calls: Vec<_> = (0..100).map(|_| client.payments().create_ach(ach("1")).call()).collect();
    let mut stream = submit_all(&client, calls, 10);
    let lead = until("one that leads, nine that follow", || {
        asked.load(Ordering::Relaxed) == 1 && client.session().waiting() == 9
    });
    tokio::select! {
        _ = stream.next() => panic!("no response can have come"),
        () = lead => {}
    }
    drop(stream);
    until("the end of all", || client.session().waiting() == 0).await;
    let calls = (0..100).map(|_| client.payments().create_ach(ach("1")).call());
    let again = submit_all(&client, calls, 10).collect::<Vec<_>>();
    let all = timeout(SOON, again).await.expect("a lease leaked");
    assert_eq!(all.len(), 100);
    assert!(all.into_iter().all(|(_, result)| result.is_ok()));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_dropped_inside_a_response_is_resumed_with_its_key() {
    let bank = HalfResponse::start().await;
    let client = client_at(bank.port);
    let call = client.payments().create_wire(wire("20")).call();
    let key = call.key().unwrap();
    let mut running = client.drive(call);
    // The head and half of the body are on this machine before the last poll.
    timeout(SOON, async {
        while bank.halves.load(Ordering::Relaxed) == 0 {
            let some = timeout(Duration::from_millis(5), running.as_mut());
            assert!(some.await.is_err(), "half a response is no response");
        }
    })
    .await
    .unwrap();
    let some = timeout(Duration::from_millis(50), running.as_mut());
    assert!(some.await.is_err(), "half a response is no response");
    drop(running);

    let now =
        DateTime::from_timestamp(client.driver().now().unix.as_secs().cast_signed(), 0).unwrap();
    let resumed =
        client.payments().create_wire(wire("20")).resume(qbank_hyper::Resume::new(key, now)).send();
    let paid = timeout(SOON, resumed).await.unwrap().unwrap();
    assert_eq!(paid.fate, Fate::Accepted);
    assert_eq!(paid.key, Some(key));
    let keys = bank.keys.lock().unwrap();
    assert_eq!(keys.len(), 2);
    assert!(keys.iter().all(|sent| *sent == key.to_string()));
}

/// A bank that stops in the middle of its first response to a payment.
struct HalfResponse {
    port: u16,
    halves: Arc<AtomicUsize>,
    keys: Arc<Mutex<Vec<String>>>,
}

impl HalfResponse {
    async fn start() -> Self {
        let halves = Arc::new(AtomicUsize::new(0));
        let keys: Arc<Mutex<Vec<String>>> = Arc::default();
        let record = r#"{"paymentId":"00000000-0000-4000-8000-000000000001","type":"WIRE","amount":20.00,"status":"P_COMPLETED"}"#;
        let port = serve({
            let (halves, keys) = (Arc::clone(&halves), Arc::clone(&keys));
            move |request: Request<Bytes>| {
                let (halves, keys) = (Arc::clone(&halves), Arc::clone(&keys));
                async move {
                    if is_token(&request) {
                        return token("t").map(BodyExt::boxed);
                    }
                    let key = request.headers()["idempotency-key"].to_str().unwrap().to_owned();
                    let first = {
                        let mut keys = keys.lock().unwrap();
                        keys.push(key);
                        keys.len() == 1
                    };
                    let (half, rest) = record.split_at(record.len() / 2);
                    let rest = stream::once(async move {
                        if first {
                            // Asked for, so the first half is written.
                            halves.fetch_add(1, Ordering::Relaxed);
                            std::future::pending::<()>().await;
                        }
                        Ok(Frame::data(Bytes::from(rest)))
                    });
                    let half = stream::once(async move { Ok(Frame::data(Bytes::from(half))) });
                    Response::builder()
                        .header("content-type", "application/json")
                        .body(BodyExt::boxed(StreamBody::new(half.chain(rest))))
                        .unwrap()
                }
            }
        })
        .await;
        Self { port, halves, keys }
    }
}
