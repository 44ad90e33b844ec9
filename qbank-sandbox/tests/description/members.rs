//! Every member and every value that is described occurs.

use std::collections::BTreeMap;

use qbank_sandbox::{Bank, BankConfig};
use serde_json::{Value, json};

use crate::customer::{Customer, HOUR, ach, issue, key, transfer, wire};
use crate::described::{assert_valid, description};

#[test]
fn every_described_member_is_in_some_response() {
    let mut customer = Customer::new();
    let mut seen: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    let mut see = |name, value: Value| {
        let all = seen.entry(name).or_default();
        match value {
            Value::Array(items) => all.extend(items),
            one => all.push(one),
        }
    };
    see("Token", {
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let headers = [("content-type", crate::customer::FORM)];
        customer.send("POST", "/v1/token", &headers, form).json()
    });
    see("Transfer", customer.write("/v1/transfers", &key(1), &transfer("1.00")).json());
    see("Payment", customer.write("/v1/payments/wire", &key(2), &wire("1.00")).json());
    customer.write("/v1/positivepay/issues", &key(3), &issue(&key(30)));
    customer.write("/v1/payments/ach", &key(4), &ach("3.00"));
    let mut failing = ach("4.00");
    failing.insert_str(1, r#""reference_id":"SBX-CORE-CLOSED","#);
    customer.write("/v1/payments/ach", &key(5), &failing);
    let cashed = r#"{"account_id":"acc00000-0000-4000-8000-000000000001","check_number":"1001","amount":75.00}"#;
    customer.control("POST", "/checks", cashed);
    customer.control("POST", "/checks", cashed);
    let payments: Vec<_> =
        customer.bank.entries().iter().filter_map(|entry| entry.payment_id).collect();
    for _ in 0..4 * 24 {
        for id in &payments {
            see("Payment", customer.get(&format!("/v1/payments/{id}")).json());
        }
        customer.advance(HOUR);
        customer.log_in("");
        see("Transaction", customer.get("/v1/transactions").json());
    }
    let balance = "/v1/balances/acc00000-0000-4000-8000-000000000001";
    see("Balance", customer.get(balance).json());
    see("Account", customer.get("/v1/accounts").json());
    see("PositivePayException", customer.get("/v1/positivepay/exceptions").json());
    see("StandardError", customer.get("/v1/balances/x").json());
    customer.fault(r#"{"path":"/transfers","kind":"in_flight"}"#);
    see("Problem", customer.write("/v1/transfers", &key(6), &transfer("1.00")).json());
    for form in
        ["", "client_id=sandbox&client_secret=sandbox-secret", "client_id=x&client_secret=y"]
    {
        let headers = [("content-type", crate::customer::FORM)];
        see("OAuthError", customer.send("POST", "/v1/token", &headers, form).json());
    }
    let event = customer.bank.event_for(payments[0]).unwrap();
    see("Event", serde_json::from_slice(&event.body).unwrap());

    let this = description();
    for (name, values) in &seen {
        let schema = &this.root["components"]["schemas"][*name];
        for (member, schema) in schema["properties"].as_object().unwrap() {
            let given: Vec<&Value> = values.iter().filter_map(|it| it.get(member)).collect();
            assert!(!given.is_empty(), "nothing has {name}.{member}");
            for value in schema["x-extensible-enum"].as_array().into_iter().flatten() {
                let rare = ["STALE_DATED", "AMOUNT_MISMATCH", "P_VALIDATED"].map(Value::from);
                let rare = rare.contains(value) || name == &"OAuthError";
                assert!(rare || given.contains(&value), "no {name}.{member} is {value}");
            }
        }
    }
    let responses = this.root["components"]["schemas"].as_object().unwrap().keys();
    let responses = responses.filter(|name| {
        let schema = &this.root["components"]["schemas"][name.as_str()];
        !schema["properties"].is_null() && !name.ends_with("Request") && !name.ends_with("Details")
    });
    assert!(responses.eq(seen.keys()), "of some responses nothing was seen");
}

#[test]
fn a_webhook_is_as_described() {
    let config = BankConfig::default();
    let mut customer = Customer::of(Bank::new(config.clone()), config.start);
    customer.log_in("");
    customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    let payment = customer.bank.entries()[0].payment_id.unwrap();
    let delivery = customer.bank.event_for(payment).unwrap();

    let this = description();
    let webhook = &this.root["webhooks"]["paymentStatusUpdate"]["post"];
    for parameter in webhook["parameters"].as_array().unwrap() {
        let name = parameter["name"].as_str().unwrap();
        let value = delivery.headers[name].to_str().unwrap();
        assert_valid(name, &this.validator(&parameter["schema"]), &json!(value));
    }
    let media = delivery.headers["content-type"].to_str().unwrap();
    let schema = &webhook["requestBody"]["content"][media]["schema"];
    let body: Value = serde_json::from_slice(&delivery.body).unwrap();
    assert_valid("an event", &this.validator(schema), &body);
}
