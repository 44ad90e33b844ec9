//! The futures go wherever futures go: spawned, selected, joined, and from one
//! task to another after they were polled.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use futures_util::StreamExt;
use futures_util::future::{join_all, try_join_all};
use futures_util::stream::FuturesUnordered;
use qbank_hyper::endpoint::{CreateCheckIssue, CreateTransfer, GetBalance, ListTransactions};
use qbank_hyper::{Call, Client, Fate, Hyper, Submissions, submit_all};
use qbank_sandbox::{OPERATING, SAVINGS};
use support::{Random, SOON, accepted, ach, amount, bank, client, client_at, is_token, payment_id};
use support::{serve, status, token, until, wire};
use tokio::sync::Semaphore;
use tokio::time::timeout;

fn is_send<T: Send + 'static>(_: &T) {}
fn is_shared<T: Send + Sync + Clone + 'static>() {}

/// Compiling is the test; none of them is polled.
#[test]
fn every_future_is_send_and_static() {
    is_shared::<Client>();
    is_shared::<Hyper>();
    let client = client_at(9);
    let id = payment_id(1);
    is_send(&client.authenticate());
    is_send(&client.accounts().list().send());
    is_send(&client.balances().get(OPERATING).send());
    is_send(&client.transactions().list(ListTransactions::new()).send());
    is_send(&client.payments().create_ach(ach("1")).send());
    is_send(&client.payments().create_wire(wire("1")).send());
    is_send(&client.payments().get(id).send());
    is_send(&client.payments().wait(id).send());
    let transfer = CreateTransfer::new(OPERATING, SAVINGS, amount("5"));
    is_send(&client.transfers().create(transfer).send());
    let issue = CreateCheckIssue::new(
        "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap(),
        OPERATING,
        "1001",
        amount("1"),
        "2026-01-05".parse().unwrap(),
    );
    is_send(&client.positive_pay().create_issue(issue).send());
    is_send(&client.positive_pay().exceptions().send());
    let calls: Vec<Call<GetBalance>> = Vec::new();
    let bulk: Submissions<_, _> = submit_all(&client, calls, 1);
    is_send(&bulk);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn they_are_spawned_selected_joined_and_gathered() {
    let bank = bank();
    let client = client(&bank);
    let pay = || client.payments().create_ach(ach("1")).send();
    let all = async {
        let spawned = tokio::spawn(pay()).await.unwrap().unwrap();
        assert_eq!(spawned.fate, Fate::Accepted);
        let (left, right) = tokio::join!(pay(), client.accounts().list().send());
        assert!(left.is_ok() && right.is_ok());
        assert!(join_all((0..40).map(|_| pay())).await.iter().all(Result::is_ok));
        assert_eq!(try_join_all((0..40).map(|_| pay())).await.unwrap().len(), 40);
        let gathered: FuturesUnordered<_> = (0..40).map(|_| pay()).collect();
        assert_eq!(gathered.filter(|it| std::future::ready(it.is_ok())).count().await, 40);
        // Both in one loop of select, each polled whenever the other is woken.
        let (mut left, mut right) = (pay(), pay());
        let (mut one, mut two) = (None, None);
        while one.is_none() || two.is_none() {
            tokio::select! {
                reply = &mut left, if one.is_none() => one = Some(reply.unwrap()),
                reply = &mut right, if two.is_none() => two = Some(reply.unwrap()),
            }
        }
    };
    timeout(SOON * 2, all).await.expect("a wake-up was lost");
    assert_eq!(bank.bank().lock().entries().len(), 124);
    assert_eq!(client.session().waiting(), 0);
}

#[tokio::test]
async fn they_run_in_one_thread_and_in_a_local_set() {
    let bank = bank();
    let client = client(&bank);
    let local = tokio::task::LocalSet::new();
    let run = local.run_until(async {
        let calls = (0..20).map(|_| client.balances().get(OPERATING).send());
        let tasks: Vec<_> = calls.map(tokio::task::spawn_local).collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
    });
    timeout(SOON, run).await.expect("a wake-up was lost");
}

#[test]
fn a_client_outlives_the_runtime_that_it_was_used_in() {
    let bank = bank();
    let client = client(&bank);
    for _ in 0..3 {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let paid = client.payments().create_ach(ach("1")).send();
        let paid = runtime.block_on(async { timeout(SOON, paid).await.unwrap().unwrap() });
        assert_eq!(paid.attempts.len(), 1);
    }
    assert_eq!(bank.bank().lock().entries().len(), 3);
}

type Running<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// Polls once in a task of its own, whose waker is then the one that is known.
async fn touch<T: Send + 'static>(mut running: Running<T>) -> Result<T, Running<T>> {
    let touched = tokio::spawn(async move {
        let poll = poll_fn(|cx| Poll::Ready(running.as_mut().poll(cx))).await;
        match poll {
            Poll::Ready(output) => Ok(output),
            Poll::Pending => Err(running),
        }
    });
    touched.await.unwrap()
}

/// A bank that responds to no token request before `gate` opens.
async fn gated(gate: Arc<Semaphore>, asked: Arc<AtomicUsize>, first: u16) -> u16 {
    serve(move |request| {
        let (gate, asked) = (Arc::clone(&gate), Arc::clone(&asked));
        async move {
            let number = asked.fetch_add(1, Ordering::SeqCst);
            if is_token(&request) {
                gate.acquire().await.unwrap().forget();
                return token("t");
            }
            if number == 1 && first != 202 {
                return status(first);
            }
            accepted(payment_id(1))
        }
    })
    .await
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_moves_to_another_task_is_woken_there() {
    let gate = Arc::new(Semaphore::new(0));
    let asked = Arc::new(AtomicUsize::new(0));
    let client = client_at(gated(Arc::clone(&gate), Arc::clone(&asked), 202).await);
    let pay = || client.payments().create_ach(ach("1")).send();
    // The leader, out with its token request, and those that follow it.
    let mut running = Vec::new();
    for _ in 0..10 {
        let Err(pending) = touch(pay()).await else {
            panic!("there is no token yet");
        };
        let Err(pending) = touch(pending).await else {
            panic!("there is no token yet");
        };
        running.push(pending);
    }
    assert_eq!(client.session().waiting(), 9);
    let tasks: Vec<_> = running.into_iter().map(tokio::spawn).collect();
    until("the token request", || asked.load(Ordering::SeqCst) == 1).await;
    let begun = Instant::now();
    gate.add_permits(1);
    for reply in timeout(SOON, join_all(tasks)).await.expect("not woken") {
        assert_eq!(reply.unwrap().unwrap().fate, Fate::Accepted);
    }
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(client.session().waiting(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_call_that_rests_before_a_resend_may_move_as_well() {
    let gate = Arc::new(Semaphore::new(1));
    let asked = Arc::new(AtomicUsize::new(0));
    let port = gated(gate, Arc::clone(&asked), 503).await;
    let mut config = support::config(port);
    config.retry.base = Duration::from_millis(300);
    let client = Client::new(config).unwrap();
    let mut running = client.payments().create_ach(ach("1")).send();
    // Through the token and the 503, into the pause, with many wakers.
    let moving = async {
        loop {
            match touch(running).await {
                Ok(output) => return output,
                Err(pending) => running = pending,
            }
            if asked.load(Ordering::SeqCst) >= 2 {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
    };
    let paid = timeout(SOON, moving).await.expect("not woken").unwrap();
    assert_eq!(paid.attempts.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_that_move_at_random_lose_no_wake_up() {
    let mut random = Random::new();
    let bank = bank();
    for _ in 0..100 {
        let client = client(&bank);
        let calls: Vec<_> = (0..5)
            .map(|_| {
                let mut running: Running<_> = client.balances().get(OPERATING).send();
                let moves = random.below(6);
                let pause = random.percent(50);
                tokio::spawn(async move {
                    for _ in 0..moves {
                        match touch(running).await {
                            Ok(output) => return output,
                            Err(pending) => running = pending,
                        }
                        if pause {
                            tokio::task::yield_now().await;
                        }
                    }
                    running.await
                })
            })
            .collect();
        for reply in timeout(SOON, join_all(calls)).await.expect("not woken") {
            reply.unwrap().unwrap();
        }
        assert_eq!(client.session().waiting(), 0);
    }
}
