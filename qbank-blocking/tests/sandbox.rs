//! The client against the sandbox bank, over loopback.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use qbank_blocking::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, ListTransactions,
    PaymentStatus,
};
use qbank_blocking::ureq;
use qbank_blocking::{
    AccessToken, Amount, CallOptions, Client, Config, Credentials, Environment, Error, ErrorKind,
    Fate, IdempotencyKey, Scope, Ureq,
};
use qbank_sandbox::{BankConfig, OPERATING, PAYROLL, SAVINGS, Server};

fn bank() -> Server {
    Server::start(([127, 0, 0, 1], 0).into(), BankConfig::default()).unwrap()
}

fn config(bank: &Server) -> Config {
    let credentials = Credentials::client(qbank_sandbox::CLIENT_ID, qbank_sandbox::CLIENT_SECRET);
    let mut config = Config::new(Environment::Sandbox { port: bank.addr().port() }, credentials)
        .scopes(Scope::ALL);
    config.retry.base = Duration::from_millis(5);
    config
}

fn client(bank: &Server) -> Client {
    Client::new(config(bank)).unwrap()
}

fn amount(text: &str) -> Amount {
    text.parse().unwrap()
}

fn ach(dollars: &str) -> CreateAch {
    CreateAch::new(OPERATING, PAYROLL, amount(dollars))
}

fn wire(dollars: &str) -> CreateWire {
    let beneficiary = Beneficiary::new("ACME", "021000021".parse().unwrap(), "0012345678");
    CreateWire::new(OPERATING, beneficiary, amount(dollars), "INV-7")
}

#[test]
fn every_operation_works_against_the_bank() {
    let bank = bank();
    let client = client(&bank);
    assert!(client.authenticate().unwrap().scope.is_some());
    let accounts = client.accounts().list().send().unwrap().value;
    assert!(accounts.iter().any(|account| account.account_id == OPERATING));
    let before = client.balances().get(OPERATING).send().unwrap().value.available_balance.unwrap();
    let paid = client.payments().create_ach(ach("10.50")).send().unwrap();
    assert_eq!(paid.fate, Fate::Accepted);
    let payment = paid.value.payment_id.unwrap();
    assert!(!client.payments().get(payment).send().unwrap().value.is_final());
    // Settled by then, over weekends and holidays.
    bank.bank().advance(Duration::from_secs(7 * 24 * 3600));
    let done = client.payments().wait(payment).deadline(Duration::from_secs(20)).send().unwrap();
    assert_eq!(done.value.status, Some(PaymentStatus::Completed));
    assert_eq!(done.fate, Fate::Accepted);
    let wired = client.payments().create_wire(wire("20")).send().unwrap();
    assert_eq!(wired.value.status, Some(PaymentStatus::Completed));
    client.transfers().create(CreateTransfer::new(OPERATING, SAVINGS, amount("5"))).send().unwrap();
    let issue = CreateCheckIssue::new(
        "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap(),
        OPERATING,
        "1001",
        amount("99.99"),
        "2026-01-05".parse().unwrap(),
    );
    client.positive_pay().create_issue(issue).send().unwrap();
    assert!(!client.positive_pay().exceptions().send().unwrap().value.is_empty());
    let filter = ListTransactions::new().account(OPERATING);
    assert!(!client.transactions().list(filter).send().unwrap().value.is_empty());
    let after = client.balances().get(OPERATING).send().unwrap().value.available_balance.unwrap();
    assert_eq!(before.cents() - after.cents(), 1050 + 2000 + 500);
    assert_eq!(bank.bank().lock().entries().len(), 3);
}

#[test]
fn the_same_key_pays_once() {
    let bank = bank();
    let client = client(&bank);
    let key = IdempotencyKey::from_entropy([9; 16]);
    let first = client.payments().create_wire(wire("20")).key(key).send().unwrap();
    let again = client.payments().create_wire(wire("20")).key(key).send().unwrap();
    assert_eq!(first.value, again.value);
    let other = client.payments().create_wire(wire("21")).key(key).send().unwrap_err();
    assert_eq!((other.kind(), other.fate()), (ErrorKind::InvalidRequest, Fate::Refused));
    assert_eq!(bank.bank().lock().entries().len(), 1);
}

#[test]
fn a_thousand_calls_of_many_threads_share_one_token() {
    let bank = bank();
    let client = client(&bank);
    std::thread::scope(|scope| {
        for _ in 0..20 {
            scope.spawn(|| {
                for _ in 0..50 {
                    client.balances().get(OPERATING).send().unwrap();
                }
            });
        }
    });
    let bank = bank.bank();
    let bank = bank.lock();
    let tokens = bank.requests().filter(|request| &*request.path == "/v1/token").count();
    assert_eq!(tokens, 1);
    assert_eq!(bank.requests().len(), 1001);
}

#[test]
fn a_supplier_gives_the_token_and_is_asked_once() {
    let bank = bank();
    let minted = client(&bank).authenticate().unwrap().token.expose().to_owned();
    let asked = Arc::new(AtomicUsize::new(0));
    let driver = Ureq::default().token_supplier({
        let asked = Arc::clone(&asked);
        move |_| {
            asked.fetch_add(1, Ordering::Relaxed);
            Ok(AccessToken::new(&minted)?)
        }
    });
    let mut config = config(&bank);
    config.credentials = Credentials::Supplier;
    let client = Client::with_driver(config, driver).unwrap();
    for _ in 0..3 {
        client.accounts().list().send().unwrap();
    }
    assert_eq!(asked.load(Ordering::Relaxed), 1);
}

#[test]
fn a_missing_supplier_is_named() {
    let bank = bank();
    let mut config = config(&bank);
    config.credentials = Credentials::Supplier;
    let error = Client::new(config).unwrap().accounts().list().send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(std::error::Error::source(&error).unwrap().to_string().contains("no token supplier"));
}

#[test]
fn a_given_agent_cannot_undo_the_safety_settings() {
    let bank = bank();
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(true)
        .max_redirects(10)
        .https_only(true)
        .timeout_global(Some(Duration::from_nanos(1)))
        .proxy(Some(ureq::Proxy::new("http://127.0.0.1:9").unwrap()))
        .build()
        .into();
    let client = Client::with_driver(config(&bank), Ureq::with_agent(agent)).unwrap();
    let error: Error = client
        .payments()
        .get("00000000-0000-4000-8000-000000000000".parse().unwrap())
        .send()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.request_id().is_some());
}

#[test]
fn key_and_bytes_are_visible_before_the_first_send() {
    let bank = bank();
    let client = client(&bank);
    let call = client.payments().create_ach(ach("10.50")).call();
    assert!(call.key().is_some());
    assert!(call.body().starts_with(b"{\"source_account_id\""));
    assert_eq!(bank.bank().lock().requests().len(), 0);
    client.drive(call).unwrap();
    assert_eq!(bank.bank().lock().entries().len(), 1);
}

#[test]
fn options_set_after_a_resume_do_not_forget_it() {
    let bank = bank();
    let client = client(&bank);
    let key = IdempotencyKey::from_entropy([3; 16]);
    let refused = client
        .payments()
        .create_wire(wire("99999999"))
        .resume(qbank_blocking::Resume::new(key, std::time::SystemTime::now()))
        .options(CallOptions::default())
        .send()
        .unwrap_err();
    assert_eq!((refused.kind(), refused.fate()), (ErrorKind::InvalidRequest, Fate::Unknown));
}
