//! A bank that read a payment and then sent a TLS alert may have made it, whatever the alert
//! says of our certificate.

#![allow(clippy::unwrap_used, reason = "a test that cannot set up has failed")]

use std::time::Duration;

use qbank_blocking::endpoint::CreateAch;
use qbank_blocking::{
    AccessToken, AccountId, Client, Config, Credentials, Environment, Error, Fate, Ureq,
};
use qbank_conformance::alerts::{AlertingBank, IN_DOUBT};

#[test]
fn an_alert_after_the_bank_read_the_payment_leaves_it_in_doubt() {
    for (before, alert) in IN_DOUBT {
        let bank = AlertingBank::start(before, alert).unwrap();
        let error = pay(&bank).unwrap_err();
        assert_eq!(error.fate(), Fate::Unknown, "{before:?}, alert {alert}: {error}");
    }
}

fn pay(bank: &AlertingBank) -> Result<Fate, Error> {
    let environment = Environment::Custom { base_url: bank.url(), token_url: None };
    let credentials = Credentials::Token(AccessToken::new("a-token").unwrap());
    let config = Config::new(environment, credentials);
    let config = config.max_retries(0).timeout(Duration::from_secs(5));
    let roots = bank.ca_pem().as_bytes();
    let driver = Ureq::builder().only_root_certificates(roots).unwrap().no_proxy().build();
    let client = Client::with_driver(config, driver)?;
    if bank.wants_a_read() {
        client.accounts().list().send()?;
    }
    let account: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse().unwrap();
    let payment = CreateAch::new(account, account, "1.00".parse().unwrap());
    client.payments().create_ach(payment).send().map(|reply| reply.fate)
}
