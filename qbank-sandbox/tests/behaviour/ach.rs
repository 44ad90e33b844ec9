use std::time::Duration;

use qbank_sandbox::{ACH_CLEARING, OPERATING, PAYROLL};

use crate::customer::{Customer, HOUR, ach, key};

#[test]
fn an_ach_payment_passes_through_its_states_as_time_goes_by() {
    let mut customer = Customer::new();
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("1000.50"));
    assert_eq!(accepted.status, 202);
    assert!(accepted.body.is_empty());
    let path = accepted.header("location").to_owned();

    // Monday 14:00; batch at 14:15, core at 17:00, settled on Tuesday at 09:00.
    let start = customer.now;
    for (after_ms, status) in [
        (0, "P_CREATED"),
        (199, "P_CREATED"),
        (200, "P_VALIDATED"),
        (15 * 60_000 - 1, "P_VALIDATED"),
        (15 * 60_000, "P_SUBMITTED_TO_CORE"),
        (3 * 3_600_000 - 1, "P_SUBMITTED_TO_CORE"),
        (3 * 3_600_000, "P_PROCESSING"),
        (19 * 3_600_000 - 1, "P_PROCESSING"),
        (19 * 3_600_000, "P_COMPLETED"),
        (19_000 * 3_600_000, "P_COMPLETED"),
    ] {
        customer.now = start + Duration::from_millis(after_ms);
        customer.log_in("");
        let payment = customer.get(&path).json();
        assert_eq!(payment["status"], status, "after {after_ms} ms");
        assert_eq!(payment["type"], "ACH");
        assert_eq!(payment["creationDate"], "2026-01-05T14:00:00.000Z");
        let completed = payment.get("completionDate").and_then(|date| date.as_str());
        let expected = (status == "P_COMPLETED").then_some("2026-01-06T09:00:00.000Z");
        assert_eq!(completed, expected);
    }
}

#[test]
fn a_payment_shows_its_amount_exactly_and_its_audit_fields() {
    let mut customer = Customer::new();
    let path = customer.write("/v1/payments/ach", &key(1), &ach("0.10"));
    let response = customer.get(path.header("location"));
    assert!(response.text().contains(r#""amount":0.10,"#), "{}", response.text());
    let payment = response.json();
    assert_eq!(payment["actor"], "sandbox");
    assert_eq!(payment["timestamp"], "2026-01-05T14:00:00.000Z");
    assert_eq!(payment["request_id"].as_str().unwrap().len(), 36);
}

#[test]
fn the_money_moves_once_when_the_payment_is_accepted() {
    let mut customer = Customer::new();
    let total = customer.bank.total();
    customer.write("/v1/payments/ach", &key(1), &ach("1000.50"));
    customer.advance(72 * HOUR);
    assert_eq!(customer.cents(OPERATING), 25_000_000 - 100_050);
    assert_eq!(customer.cents(PAYROLL), 4_000_000 + 100_050);
    assert_eq!(customer.bank.entries().len(), 1);
    assert_eq!(customer.bank.entries()[0].intent_key.to_string(), key(1));
    assert_eq!(customer.bank.total(), total);
}

#[test]
fn a_recipient_outside_is_paid_over_the_clearing_account() {
    let mut customer = Customer::new();
    let total = customer.bank.total();
    let body = format!(
        r#"{{"source_account_id":"{OPERATING}","amount":5,"effective_date":"2026-01-06",
            "reference_id":"R-1","recipient_details":{{"name":"Acme","bank_id":"021000021",
            "account_number":"123","note":{{"free":true}}}}}}"#
    );
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &body).status, 202);
    assert_eq!(customer.bank.entries()[0].to, ACH_CLEARING);
    assert_eq!(customer.cents(OPERATING), 25_000_000 - 500);
    assert_eq!(customer.bank.total(), total);
}

#[test]
fn an_ach_payment_beyond_the_funds_is_refused() {
    let mut customer = Customer::new();
    let response = customer.write("/v1/payments/ach", &key(1), &ach("250000.01"));
    response.refused(422, "ERR_ACC_002");
    assert_eq!(customer.write("/v1/payments/ach", &key(2), &ach("250000.00")).status, 202);
    assert_eq!(customer.cents(OPERATING), 0);
}
