//! Limits at their ends.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::cast_possible_truncation,
    reason = "a test that cannot set up has failed"
)]

mod support;

use std::time::Duration;

use qbank_hyper::{AccessToken, Client, Credentials, Fate, Hyper};
use support::{SOON, ach, bank, config};
use tokio::time::timeout;

#[tokio::test]
async fn a_limit_without_end_is_a_limit() {
    let bank = bank();
    let mut config = config(bank.addr().port()).timeout(Duration::MAX).deadline(Duration::MAX);
    config.connect_timeout = Some(Duration::MAX);
    let client = Client::new(config).unwrap();
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    assert_eq!(paid.await.unwrap().unwrap().fate, Fate::Accepted);
}

#[tokio::test]
async fn a_supplier_without_end_is_asked() {
    let bank = bank();
    let minted = Client::new(config(bank.addr().port())).unwrap();
    let minted = minted.authenticate().await.unwrap();
    let minted = minted.token.expose().to_owned();
    let driver = Hyper::default().token_supplier(move |_| {
        let token = AccessToken::new(&minted);
        async move { Ok(token?) }
    });
    let mut config = config(bank.addr().port()).timeout(Duration::MAX).deadline(Duration::MAX);
    config.credentials = Credentials::Supplier;
    let client = Client::with_driver(config, driver).unwrap();
    let paid = timeout(SOON, client.payments().create_ach(ach("1")).send());
    assert_eq!(paid.await.unwrap().unwrap().fate, Fate::Accepted);
}
