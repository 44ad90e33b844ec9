//! What a payer has to find its payments by: funds for many of them, references in the
//! descriptions, and the id of the request.

use qbank_sandbox::{Bank, BankConfig, FUNDING, OPERATING};
use serde_json::Value;

use crate::customer::{Customer, HOUR, key, wire};

fn customer(config: BankConfig) -> Customer {
    let start = config.start;
    let mut customer = Customer::of(Bank::new(config), start);
    customer.log_in("");
    customer
}

fn ach(reference: &str) -> String {
    let reference = serde_json::to_string(reference).unwrap();
    format!(
        r#"{{"source_account_id":"{OPERATING}","recipient_details":{{"name":"Acme","bank_id":"021000021","account_number":"12345678"}},"amount":5.00,"reference_id":{reference}}}"#
    )
}

/// The transactions since the bank opened, after a week.
fn transactions(customer: &mut Customer) -> Vec<Value> {
    customer.advance(7 * 24 * HOUR);
    customer.log_in("");
    let response = customer.get("/v1/transactions?postingDateGte=2026-01-06");
    assert_eq!(response.status, 200, "{response:?}");
    response.json().as_array().unwrap().clone()
}

fn descriptions(customer: &mut Customer) -> Vec<String> {
    let all = transactions(customer);
    all.iter().map(|it| it["description"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn a_funded_bank_has_the_same_total() {
    let total = Bank::new(BankConfig::default()).total();
    for fund in ["0.01", "100000000", "92233720368547758.07"] {
        let fund = fund.parse().unwrap();
        let bank = Bank::new(BankConfig { fund: Some(fund), ..BankConfig::default() });
        assert_eq!(bank.total(), total, "{fund}");
        let funded = bank.balance(OPERATING).unwrap().cents();
        assert_eq!(funded, fund.cents().saturating_add(25_000_000));
        let ledger = bank.ledger();
        let funding = ledger.accounts.iter().find(|it| it.account_id == FUNDING).unwrap();
        assert_eq!(funding.balance.cents() + funded, -6_000_000 + 25_000_000, "{fund}");
    }
    let fund = Some("1000000".parse().unwrap());
    let mut customer = customer(BankConfig { fund, ..BankConfig::default() });
    let body = ach("INV-1").replace("5.00", "1000000.00");
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &body).status, 202);
    assert_eq!(customer.cents(OPERATING), 25_000_000);
    assert_eq!(customer.bank.total(), total);
}

#[test]
fn a_transaction_has_the_reference_of_its_payer() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/ach", &key(1), &ach("INV-7"));
    customer.write("/v1/payments/ach", &key(2), &ach(&format!("a\n\u{202e}b{}", "c".repeat(99))));
    customer.write("/v1/payments/ach", &key(3), &ach("SBX-CORE-FUNDS"));
    customer.write("/v1/payments/wire", &key(4), &wire("1.00"));
    let bounded = format!("ACH payment a b{}", "c".repeat(77));
    assert_eq!(
        descriptions(&mut customer),
        [
            "ACH payment INV-7",
            &bounded,
            "ACH payment SBX-CORE-FUNDS",
            "Reversal of an ACH payment SBX-CORE-FUNDS",
            "Wire payment INV-1",
        ]
    );
}

#[test]
fn descriptions_can_all_be_alike() {
    let mut customer =
        customer(BankConfig { constant_descriptions: true, ..BankConfig::default() });
    customer.write("/v1/payments/ach", &key(1), &ach("INV-7"));
    customer.write("/v1/payments/ach", &key(2), &ach("INV-8"));
    customer.write("/v1/payments/wire", &key(3), &wire("1.00"));
    assert_eq!(descriptions(&mut customer), ["ACH payment", "ACH payment", "Wire payment"]);
}

#[test]
fn a_payment_and_its_transactions_have_one_request_id() {
    let mut customer = Customer::new();
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("SBX-CORE-FUNDS"));
    let other = customer.write("/v1/payments/ach", &key(2), &ach("INV-8"));
    // The same key again is another request, and changes nothing of it.
    customer.advance(7 * 24 * HOUR);
    customer.log_in("");
    customer.write("/v1/payments/ach", &key(1), &ach("SBX-CORE-FUNDS"));
    let payment = customer.get(accepted.header("location")).json();
    let another = customer.get(other.header("location")).json();
    assert_ne!(payment["request_id"], another["request_id"]);
    let mut ids: Vec<Value> =
        transactions(&mut customer).into_iter().map(|it| it["request_id"].clone()).collect();
    ids.retain(|id| *id != another["request_id"]);
    assert_eq!(ids, [payment["request_id"].clone(), payment["request_id"].clone()]);
}
