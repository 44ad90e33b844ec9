//! Every fate that an application handles can be had.

use std::time::Duration;

use qbank_proto::endpoint::{CreateAch, CreateTransfer};
use qbank_proto::{ErrorKind, Fate, FaultKind};
use qbank_sandbox::{BankFault, OPERATING, PAYROLL, PaymentStatus, SAVINGS};

use crate::{arrived, async_client, bank, client, invoice};

#[test]
fn a_payment_is_accepted_and_settles_the_next_morning() {
    let bank = bank();
    let client = client(&bank);
    let reply = client.payments().create_ach(invoice()).send().unwrap();
    assert_eq!(reply.fate, Fate::Accepted);
    let payment = reply.value.payment_id.unwrap();
    assert_eq!(bank.payment_status(payment), Some(PaymentStatus::Created));
    assert_eq!(bank.balance(OPERATING).unwrap().to_string(), "249987.50");

    bank.advance(Duration::from_secs(24 * 60 * 60));
    assert_eq!(bank.payment_status(payment), Some(PaymentStatus::Completed));
}

#[test]
fn nothing_is_sent_while_the_bank_is_not_reachable() {
    let bank = bank();
    let client = client(&bank);
    client.authenticate().unwrap();
    bank.set_reachable(false);
    let error = client.payments().create_ach(invoice()).send().unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::Transport, Fate::NeverSent));
    assert_eq!(error.attempts().len(), 3);
    assert_eq!(arrived(&bank, "/v1/payments/ach"), 0);

    bank.set_reachable(true);
    assert_eq!(client.payments().create_ach(invoice()).send().unwrap().fate, Fate::Accepted);
}

#[test]
fn more_than_there_is_is_refused() {
    let bank = bank();
    let too_much = CreateTransfer::new(OPERATING, SAVINGS, "300000".parse().unwrap());
    let error = client(&bank).transfers().create(too_much).send().unwrap_err();
    assert_eq!(error.fate(), Fate::Refused);
    assert_eq!(error.error_code(), Some("ERR_ACC_002"));
    assert!(bank.entries().is_empty());
}

#[test]
fn a_conflict_of_keys_is_in_progress() {
    let bank = bank();
    bank.inject(BankFault::in_flight().on("/payments/ach"));
    let error = client(&bank).payments().create_ach(invoice()).send().unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::IdempotencyConflict, Fate::InProgress));
    assert_eq!(error.transaction_id(), bank.entries()[0].payment_id);
}

#[test]
fn lost_responses_are_unknown_until_the_same_key_is_resumed() {
    let bank = bank();
    let client = client(&bank);
    bank.inject(BankFault::drop_after_commit().on("/payments/ach").times(3));
    let error = client.payments().create_ach(invoice()).send().unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);

    let resume = error.resume().unwrap();
    let resumed = client.payments().create_ach(invoice()).resume(resume).send().unwrap();
    assert_eq!(resumed.fate, Fate::Accepted);
    assert_eq!(bank.entries().len(), 1);
}

#[test]
fn a_payment_that_the_core_rejects_fails_when_it_is_waited_for() {
    let bank = bank();
    let client = client(&bank);
    let payment = CreateAch::new(OPERATING, PAYROLL, "12.50".parse().unwrap());
    let payment = payment.reference_id("SBX-CORE-FUNDS");
    let accepted = client.payments().create_ach(payment).send().unwrap();
    let id = accepted.value.payment_id.unwrap();
    // Five hours of polling, in no time.
    let wait = client.payments().wait(id).deadline(Duration::from_secs(5 * 60 * 60));
    let error = wait.send().unwrap_err();
    assert_eq!((error.kind(), error.fate()), (ErrorKind::PaymentFailed, Fate::Refused));
    assert!(bank.entries()[0].is_reversed());
}

#[test]
fn the_kind_of_fault_of_an_attempt_is_that_of_a_transport() {
    let bank = bank();
    bank.inject(BankFault::refuse().on("/payments/ach").times(3));
    let error = client(&bank).payments().create_ach(invoice()).send().unwrap_err();
    assert_eq!(error.fate(), Fate::Unknown);
    assert!(error.to_string().contains(&FaultKind::Disconnected.to_string()), "{error}");
    assert!(bank.entries().is_empty());
}

#[tokio::test]
async fn async_code_gets_the_same() {
    let bank = bank();
    let client = async_client(&bank);
    bank.inject(BankFault::drop_after_commit().on("/payments/ach"));
    let reply = client.payments().create_ach(invoice()).send().await.unwrap();
    assert_eq!(reply.fate, Fate::Accepted);
    assert!(reply.followed);
    assert_eq!(bank.entries().len(), 1);
}
