//! The clock of the bank is that of its clients.

use std::time::{Duration, UNIX_EPOCH};

use qbank_proto::{Driver as _, Fate, Resume};
use qbank_sandbox::BankFault;

use crate::{arrived, bank, client, invoice};

#[test]
fn a_token_expires_as_time_passes() {
    let bank = bank();
    let client = client(&bank);
    client.accounts().list().send().unwrap();
    bank.advance(Duration::from_secs(3_600));
    client.accounts().list().send().unwrap();
    assert_eq!(arrived(&bank, "/v1/token"), 2);
}

#[test]
fn an_intent_is_resumed_by_the_driver_s_clock_and_refused_when_it_is_too_old() {
    let bank = bank();
    let client = client(&bank);
    let call = client.payments().create_ach(invoice()).call();
    let (key, body) = (call.key().unwrap(), call.body().clone());
    let first_sent = UNIX_EPOCH + client.driver().now().unix;
    // The process dies before it has a result.
    bank.inject(BankFault::drop_after_commit().on("/payments/ach"));
    drop(call);

    let resume = || Resume::new(key, first_sent).body(body.clone());
    let again = client.payments().create_ach(invoice()).resume(resume()).send().unwrap();
    assert_eq!(again.fate, Fate::Accepted);

    bank.advance(Duration::from_secs(25 * 60 * 60));
    let late = client.payments().create_ach(invoice()).resume(resume()).send();
    assert_eq!(late.unwrap_err().fate(), Fate::Unknown);
}

#[test]
fn the_same_seed_gives_the_same_keys() {
    let keys = || {
        let bank = bank();
        let client = client(&bank);
        for _ in 0..3 {
            client.payments().create_ach(invoice()).send().unwrap();
        }
        bank.entries().iter().map(|entry| entry.intent_key).collect::<Vec<_>>()
    };
    assert_eq!(keys(), keys());
    assert_ne!(keys()[0], keys()[1]);
}
