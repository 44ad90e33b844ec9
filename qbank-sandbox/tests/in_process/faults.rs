//! Faults of the connection come as a transport reports them, in virtual time.

use std::time::Duration;

use qbank_proto::{ErrorKind, Fate};
use qbank_sandbox::{BankFault, InProcess, OPERATING};

use crate::{arrived, bank, client, invoice};

/// Virtual time since then.
fn passed(bank: &InProcess, since: Duration) -> Duration {
    bank.now().mono.saturating_sub(since)
}

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_delay_within_the_timeout_only_takes_virtual_time() {
    let bank = bank();
    let client = client(&bank);
    client.authenticate().unwrap();
    bank.inject(BankFault::delay(30 * SECOND).on("/payments/ach"));
    let before = bank.now().mono;
    assert_eq!(client.payments().create_ach(invoice()).send().unwrap().attempts.len(), 1);
    assert_eq!(passed(&bank, before), 30 * SECOND);
}

#[test]
fn the_timeout_of_an_attempt_holds_in_virtual_time() {
    let bank = bank();
    let client = client(&bank);
    client.authenticate().unwrap();
    bank.inject(BankFault::delay(30 * SECOND).on("/payments/ach"));
    let before = bank.now().mono;
    let call = client.payments().create_ach(invoice()).timeout(5 * SECOND).max_retries(0);
    let error = call.send().unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::Unknown));
    assert_eq!(passed(&bank, before), 5 * SECOND);
    assert_eq!(bank.entries().len(), 1);
}

#[test]
fn the_deadline_of_a_call_holds_in_virtual_time() {
    let bank = bank();
    let client = client(&bank);
    bank.inject(BankFault::status(503).on("/balances/*").times(1_000));
    let call = client.balances().get(OPERATING).max_retries(1_000).deadline(120 * SECOND);
    let before = bank.now().mono;
    assert_eq!(call.send().unwrap_err().kind(), ErrorKind::Unavailable);
    assert!(passed(&bank, before) <= 120 * SECOND);
    assert!(arrived(&bank, &format!("/v1/balances/{OPERATING}")) > 5);
}

#[test]
fn retry_after_is_waited_for() {
    let bank = bank();
    let client = client(&bank);
    bank.inject(BankFault::status(429).retry_after(40 * SECOND).on("/payments/ach"));
    let before = bank.now().mono;
    assert_eq!(client.payments().create_ach(invoice()).send().unwrap().attempts.len(), 2);
    assert!(passed(&bank, before) >= 40 * SECOND);
}

#[test]
fn a_body_that_is_too_slow_keeps_its_head() {
    let bank = bank();
    let client = client(&bank);
    client.authenticate().unwrap();
    bank.inject(BankFault::slow(10).on("/accounts"));
    let error = client.accounts().list().max_retries(0).timeout(10 * SECOND).send().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
    assert_eq!(error.status().map(|status| status.as_u16()), Some(200));
}

#[test]
fn a_truncated_response_is_asked_for_again() {
    let bank = bank();
    bank.inject(BankFault::truncate().on("/accounts"));
    let accounts = client(&bank).accounts().list().send().unwrap();
    assert_eq!((accounts.value.len(), accounts.attempts.len()), (5, 2));
}

#[test]
fn a_body_over_the_limit_is_an_error() {
    let bank = bank();
    let mut config = bank.config();
    config.max_body = 100;
    let client = qbank_proto::Client::with_driver(config, bank.blocking()).unwrap();
    // The token's response is larger as well.
    let error = client.accounts().list().send().unwrap_err();
    assert!(error.to_string().contains("limit"), "{error}");
}

#[test]
fn a_revoked_token_is_replaced() {
    let bank = bank();
    bank.inject(BankFault::revoke_token().on("/payments/ach"));
    assert_eq!(client(&bank).payments().create_ach(invoice()).send().unwrap().fate, Fate::Accepted);
    assert_eq!(arrived(&bank, "/v1/token"), 2);
}

#[test]
fn a_supplier_of_tokens_is_the_bank_itself() {
    let bank = bank();
    let mut config = bank.config();
    config.credentials = qbank_proto::Credentials::Supplier;
    let client = qbank_proto::Client::with_driver(config, bank.blocking()).unwrap();
    assert_eq!(client.payments().create_ach(invoice()).send().unwrap().fate, Fate::Accepted);
}
