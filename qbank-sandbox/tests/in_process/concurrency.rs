//! Calls of many threads and tasks share one clock, which moves only when all of them
//! wait.

use std::pin::pin;
use std::task::{Context, Waker};
use std::thread;
use std::time::Duration;

use futures_util::future::join_all;
use qbank_sandbox::{BankFault, OPERATING};

use crate::{arrived, async_client, bank, client, invoice};

const SECOND: Duration = Duration::from_secs(1);

#[tokio::test]
async fn a_thousand_futures_that_start_together_cause_one_token_request() {
    let bank = bank();
    let client = async_client(&bank);
    // The others have to wait for the one that asks.
    bank.inject(BankFault::delay(2 * SECOND).on("/token"));
    let calls = (0..1_000).map(|_| client.payments().create_ach(invoice()).send());
    let results = join_all(calls.collect::<Vec<_>>()).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(arrived(&bank, "/v1/token"), 1);
    assert_eq!(bank.entries().len(), 1_000);
    assert_eq!(bank.now().mono, 2 * SECOND);
}

#[test]
fn threads_that_start_together_cause_one_token_request() {
    let bank = bank();
    let client = client(&bank);
    bank.inject(BankFault::delay(2 * SECOND).on("/token"));
    thread::scope(|scope| {
        for _ in 0..100 {
            scope.spawn(|| client.payments().create_ach(invoice()).send().unwrap());
        }
    });
    assert_eq!(arrived(&bank, "/v1/token"), 1);
    assert_eq!(bank.entries().len(), 100);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn tasks_on_several_threads_wait_for_each_other() {
    let bank = bank();
    let client = async_client(&bank);
    client.authenticate().await.unwrap();
    bank.inject(BankFault::delay(10 * SECOND).on("/balances/*").times(50));
    // All are made before the first is polled, so that all wait at once.
    let calls: Vec<_> = (0..50).map(|_| client.balances().get(OPERATING).send()).collect();
    let tasks: Vec<_> = calls.into_iter().map(tokio::spawn).collect();
    for task in tasks {
        task.await.unwrap().unwrap();
    }
    assert_eq!(bank.now().mono, 10 * SECOND);
}

#[tokio::test]
async fn a_shorter_wait_ends_first() {
    let bank = bank();
    let client = async_client(&bank);
    client.authenticate().await.unwrap();
    for seconds in [3, 1, 2] {
        bank.inject(BankFault::delay(seconds * SECOND).on("/balances/*"));
    }
    let calls: Vec<_> = (0..3)
        .map(|nth| {
            let (call, bank) = (client.balances().get(OPERATING).send(), &bank);
            async move {
                call.await.unwrap();
                (bank.now().mono, nth)
            }
        })
        .collect();
    let mut ends = join_all(calls).await;
    ends.sort();
    assert_eq!(ends, [(SECOND, 1), (2 * SECOND, 2), (3 * SECOND, 0)]);
}

#[tokio::test]
async fn a_future_that_is_dropped_or_never_polled_holds_no_other_up() {
    let bank = bank();
    let client = async_client(&bank);
    client.authenticate().await.unwrap();
    bank.inject(BankFault::delay(SECOND).on("/balances/*").times(3));

    let mut kept = pin!(client.balances().get(OPERATING).send());
    assert!(kept.as_mut().poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(client.balances().get(OPERATING).send());
    let never_polled = client.balances().get(OPERATING).send();

    client.balances().get(OPERATING).send().await.unwrap();
    kept.as_mut().await.unwrap();
    never_polled.await.unwrap();
}

#[test]
fn a_thread_is_not_held_up_by_a_future_that_is_never_polled() {
    let bank = bank();
    let unpolled = async_client(&bank).balances().get(OPERATING).send();
    bank.inject(BankFault::delay(SECOND).on("/balances/*"));
    client(&bank).balances().get(OPERATING).send().unwrap();
    drop(unpolled);
}

#[test]
fn threads_and_futures_wait_for_each_other() {
    let bank = bank();
    let (blocking, asynchronous) = (client(&bank), async_client(&bank));
    bank.inject(BankFault::delay(SECOND).on("/balances/*").times(40));
    thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| blocking.balances().get(OPERATING).send().unwrap());
        }
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let calls: Vec<_> =
            (0..20).map(|_| asynchronous.balances().get(OPERATING).send()).collect();
        for result in runtime.block_on(join_all(calls)) {
            result.unwrap();
        }
    });
    assert_eq!(arrived(&bank, &format!("/v1/balances/{OPERATING}")), 40);
}

#[tokio::test]
async fn a_thousand_calls_with_retries_of_their_own_take_no_real_time() {
    let bank = bank();
    let client = async_client(&bank);
    bank.inject(BankFault::status(503).on("/payments/ach").times(2_000));
    let calls: Vec<_> =
        (0..1_000).map(|_| client.payments().create_ach(invoice()).max_retries(9).send()).collect();
    let results = join_all(calls).await;
    assert!(results.iter().all(Result::is_ok));
    assert_eq!(bank.entries().len(), 1_000);
    assert!(bank.now().mono > SECOND / 10);
}
