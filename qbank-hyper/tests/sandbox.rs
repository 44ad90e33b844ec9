//! The client against the sandbox bank, over loopback.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use http_body_util::Full;
use hyper_util::client::legacy::Client as HyperClient;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use qbank_hyper::endpoint::{CreateCheckIssue, CreateTransfer, ListTransactions, PaymentStatus};
use qbank_hyper::{
    AccessToken, Client, Credentials, ErrorKind, Fate, Hyper, IdempotencyKey, hyper_util,
};
use qbank_sandbox::{OPERATING, SAVINGS};
use support::{ach, amount, bank, client, config, wire};

#[tokio::test]
async fn every_operation_works_against_the_bank() {
    let bank = bank();
    let client = client(&bank);
    assert!(client.authenticate().await.unwrap().scope.is_some());
    let accounts = client.accounts().list().send().await.unwrap().value;
    assert!(accounts.iter().any(|account| account.account_id == OPERATING));
    let balance = async || {
        let reply = client.balances().get(OPERATING).send().await.unwrap();
        reply.value.available_balance.unwrap()
    };
    let before = balance().await;
    let paid = client.payments().create_ach(ach("10.50")).send().await.unwrap();
    assert_eq!(paid.fate, Fate::Accepted);
    let payment = paid.value.payment_id.unwrap();
    let seen = client.payments().get(payment).send().await.unwrap();
    assert!(!seen.value.is_final());
    // Settled by then, over weekends and holidays.
    bank.bank().advance(Duration::from_secs(7 * 24 * 3600));
    let done =
        client.payments().wait(payment).deadline(Duration::from_secs(20)).send().await.unwrap();
    assert_eq!(done.value.status, Some(PaymentStatus::Completed));
    assert_eq!(done.fate, Fate::Accepted);
    let wired = client.payments().create_wire(wire("20")).send().await.unwrap();
    assert_eq!(wired.value.status, Some(PaymentStatus::Completed));
    let transfer = CreateTransfer::new(OPERATING, SAVINGS, amount("5"));
    client.transfers().create(transfer).send().await.unwrap();
    let issue = CreateCheckIssue::new(
        "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap(),
        OPERATING,
        "1001",
        amount("99.99"),
        "2026-01-05".parse().unwrap(),
    );
    client.positive_pay().create_issue(issue).send().await.unwrap();
    let exceptions = client.positive_pay().exceptions().send().await.unwrap();
    assert!(!exceptions.value.is_empty());
    let filter = ListTransactions::new().account(OPERATING);
    let transactions = client.transactions().list(filter).send().await.unwrap();
    assert!(!transactions.value.is_empty());
    let after = balance().await;
    assert_eq!(before.cents() - after.cents(), 1050 + 2000 + 500);
    assert_eq!(bank.bank().lock().entries().len(), 3);
}

#[tokio::test]
async fn the_same_key_pays_once() {
    let bank = bank();
    let client = client(&bank);
    let key = IdempotencyKey::from_entropy([9; 16]);
    let pay = |dollars| client.payments().create_wire(wire(dollars)).key(key).send();
    let first = pay("20").await.unwrap();
    let again = pay("20").await.unwrap();
    assert_eq!(first.value, again.value);
    let other = pay("21").await.unwrap_err();
    assert_eq!((other.kind(), other.fate()), (ErrorKind::InvalidRequest, Fate::Refused));
    assert_eq!(bank.bank().lock().entries().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_thousand_concurrent_calls_share_one_token() {
    let bank = bank();
    let client = client(&bank);
    let tasks = (0..20).map(|_| {
        let client = client.clone();
        tokio::spawn(async move {
            let calls = (0..50).map(|_| client.balances().get(OPERATING).send());
            for reply in join_all(calls).await {
                reply.unwrap();
            }
        })
    });
    for task in join_all(tasks).await {
        task.unwrap();
    }
    let bank = bank.bank();
    let bank = bank.lock();
    let tokens = bank.requests().filter(|request| &*request.path == "/v1/token").count();
    assert_eq!(tokens, 1);
    assert_eq!(bank.requests().len(), 1001);
}

#[tokio::test]
async fn a_supplier_gives_the_token_and_is_asked_once() {
    let bank = bank();
    let minted = client(&bank).authenticate().await.unwrap();
    let minted = minted.token.expose().to_owned();
    let asked = Arc::new(AtomicUsize::new(0));
    let driver = Hyper::default().token_supplier({
        let asked = Arc::clone(&asked);
        move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            let minted = minted.clone();
            async move {
                tokio::task::yield_now().await;
                Ok(AccessToken::new(&minted)?)
            }
        }
    });
    let mut config = config(bank.addr().port());
    config.credentials = Credentials::Supplier;
    let client = Client::with_driver(config, driver).unwrap();
    let calls = (0..10).map(|_| client.accounts().list().send());
    for reply in join_all(calls).await {
        reply.unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[tokio::test]
async fn a_missing_supplier_is_named() {
    let bank = bank();
    let mut config = config(bank.addr().port());
    config.credentials = Credentials::Supplier;
    let client = Client::new(config).unwrap();
    let error = client.accounts().list().send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("no token supplier"), "{source}");
}

#[tokio::test]
async fn a_supplier_that_never_returns_is_cut_off() {
    let bank = bank();
    let mut config = config(bank.addr().port()).timeout(Duration::from_millis(200));
    config.credentials = Credentials::Supplier;
    config.retry.max_retries = 1;
    let driver = Hyper::default().token_supplier(|_| std::future::pending());
    let client = Client::with_driver(config, driver).unwrap();
    let begun = Instant::now();
    let error = client.payments().create_ach(ach("1")).send().await.unwrap_err();
    assert_eq!(error.fate(), Fate::NeverSent);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert!(source.contains("gave no token in time"), "{source}");
    let took = begun.elapsed();
    assert!(took >= Duration::from_millis(200), "{took:?}");
    assert!(took < support::SOON, "{took:?}");
    assert_eq!(client.session().waiting(), 0);
}

#[tokio::test]
async fn a_given_client_or_connector_is_used() {
    let bank = bank();
    let given: HyperClient<_, Full<qbank_hyper::bytes::Bytes>> =
        HyperClient::builder(TokioExecutor::new()).build(HttpConnector::new());
    let drivers = [Hyper::with_client(given), Hyper::with_connector(HttpConnector::new())];
    let config = config(bank.addr().port());
    for driver in drivers {
        let client = Client::with_driver(config.clone(), driver).unwrap();
        let missing = "00000000-0000-4000-8000-000000000000".parse().unwrap();
        let error = client.payments().get(missing).send().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::NotFound);
        assert!(error.request_id().is_some());
        let paid = client.payments().create_ach(ach("1")).send().await.unwrap();
        assert_eq!(paid.fate, Fate::Accepted);
    }
}

#[tokio::test]
async fn a_given_connector_that_never_connects_is_cut_off() {
    use tower_service::Service;

    #[derive(Clone)]
    struct Never;
    impl Service<qbank_hyper::http::Uri> for Never {
        type Response = hyper_util::rt::TokioIo<tokio::net::TcpStream>;
        type Error = std::io::Error;
        type Future =
            std::pin::Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

        fn poll_ready(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Result<(), Self::Error>> {
            std::task::Poll::Ready(Ok(()))
        }

        fn call(&mut self, _: qbank_hyper::http::Uri) -> Self::Future {
            Box::pin(std::future::pending())
        }
    }
    let config = config(9).timeout(Duration::from_millis(100)).max_retries(1);
    let client = Client::with_driver(config, Hyper::with_connector(Never)).unwrap();
    let begun = Instant::now();
    let error = client.payments().create_ach(ach("1")).send().await.unwrap_err();
    assert_eq!(error.fate(), Fate::NeverSent);
    assert!(begun.elapsed() < support::SOON);
}

#[tokio::test]
async fn key_and_bytes_are_visible_before_the_first_send() {
    let bank = bank();
    let client = client(&bank);
    let call = client.payments().create_ach(ach("10.50")).call();
    assert!(call.key().is_some());
    assert!(call.body().starts_with(b"{\"source_account_id\""));
    assert_eq!(bank.bank().lock().requests().len(), 0);
    client.drive(call).await.unwrap();
    assert_eq!(bank.bank().lock().entries().len(), 1);
}
