use qbank_sandbox::{OPERATING, SAVINGS, TREASURY};

use crate::customer::{Customer, issue, key, transfer, wire};

#[test]
fn a_wire_is_final_at_once() {
    let mut customer = Customer::new();
    let response = customer.write("/v1/payments/wire", &key(1), &wire("2500.00"));
    assert_eq!(response.status, 201);
    let payment = response.json();
    assert_eq!(payment["status"], "P_COMPLETED");
    assert_eq!(payment["type"], "WIRE");
    assert_eq!(payment["completionDate"], "2026-01-05T14:00:00.000Z");
    assert!(response.text().contains(r#""amount":2500.00,"#));

    let path = format!("/v1/payments/{}", payment["paymentId"].as_str().unwrap());
    assert_eq!(customer.get(&path).body, response.body);
    assert_eq!(customer.cents(TREASURY), 100_000_000 - 250_000);
}

#[test]
fn a_transfer_moves_money_between_own_accounts() {
    let mut customer = Customer::new();
    let response = customer.write("/v1/transfers", &key(1), &transfer("500.25"));
    assert_eq!(response.status, 201);
    assert_eq!(response.json()["status"], "COMPLETED");
    assert_eq!(customer.cents(SAVINGS), 7_500_000);
    assert_eq!(customer.cents(OPERATING), 25_050_025);
    assert_eq!(customer.bank.entries()[0].payment_id, None);
}

#[test]
fn what_the_funds_do_not_cover_leaves_no_trace() {
    let mut customer = Customer::new();
    let before = customer.bank.ledger();
    for (path, body) in
        [("/v1/payments/wire", wire("1000000.01")), ("/v1/transfers", transfer("75500.26"))]
    {
        customer.write(path, &key(1), &body).refused(422, "ERR_ACC_002");
    }
    assert_eq!(customer.bank.ledger(), before);
    assert_eq!(customer.write("/v1/transfers", &key(1), &transfer("75500.25")).status, 201);
}

#[test]
fn a_check_issue_is_accepted_with_an_empty_response() {
    let mut customer = Customer::new();
    let body = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01");
    let response = customer.write("/v1/positivepay/issues", &key(1), &body);
    assert_eq!(response.status, 202);
    assert!(response.body.is_empty());
}
