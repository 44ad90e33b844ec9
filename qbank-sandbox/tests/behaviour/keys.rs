use std::time::Duration;

use qbank_sandbox::{Bank, BankConfig, OPERATING};

use crate::customer::{Customer, HOUR, ach, issue, key, transfer, wire};

#[test]
fn the_same_key_while_its_ach_payment_is_in_process_is_a_conflict() {
    let mut customer = Customer::new();
    let first = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    assert_eq!(first.status, 202);
    let id = first.header("location").trim_start_matches("/v1/payments/").to_owned();

    let again = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    assert_eq!(again.conflict(), id);
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn a_conflict_names_the_payment_to_poll_where_there_is_one() {
    let mut customer = Customer::new();
    customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    let again = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    let poll = format!("Do not retry it; poll GET /payments/{}.", again.conflict());
    assert!(again.json()["detail"].as_str().unwrap().ends_with(&poll), "{}", again.text());

    for (path, key, body) in [
        ("/v1/transfers", key(2), transfer("1.00")),
        ("/v1/positivepay/issues", key(3), issue(&key(9))),
    ] {
        customer.fault(&format!(r#"{{"path":"{path}","kind":"in_flight"}}"#));
        let conflict = customer.write(path, &key, &body);
        assert_eq!(conflict.conflict().len(), 36);
        let detail = conflict.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.ends_with("Do not retry it."), "{path}: {detail}");
    }
}

#[test]
fn the_same_key_after_its_payment_is_final_gives_the_first_response_again() {
    let mut customer = Customer::new();
    let first = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    customer.advance(48 * HOUR);
    customer.log_in("");
    let again = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    assert_eq!(again.status, 202);
    assert_eq!(again.header("location"), first.header("location"));
    assert_eq!(again.body, first.body);
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn a_repeated_real_time_write_gets_the_first_response_byte_for_byte() {
    let issue = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01");
    for (path, body, entries) in [
        ("/v1/payments/wire", wire("10.00"), 1),
        ("/v1/transfers", transfer("10.00"), 1),
        ("/v1/positivepay/issues", issue, 0),
    ] {
        let mut customer = Customer::new();
        let first = customer.write(path, &key(1), &body);
        assert!(first.status < 300, "{first:?}");
        assert_eq!(customer.write(path, &key(1), &body), first);
        assert_eq!(customer.bank.entries().len(), entries);
    }
}

#[test]
fn a_key_serves_one_body_and_one_path() {
    let mut customer = Customer::new();
    assert_eq!(customer.write("/v1/payments/wire", &key(1), &wire("10.00")).status, 201);
    customer.write("/v1/payments/wire", &key(1), &wire("10.01")).refused(422, "ERR_KEY_002");
    customer.write("/v1/payments/ach", &key(1), &wire("10.00")).refused(422, "ERR_KEY_002");
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn a_key_is_forgotten_after_its_lifetime_and_not_while_its_payment_is_in_process() {
    let day = 24 * HOUR;
    let config = BankConfig { key_lifetime: 2 * day, ..BankConfig::default() };
    let start = config.start;
    let mut customer = Customer::of(Bank::new(config), start);
    customer.log_in("");
    let later = ach("10.00").replace('}', r#","effective_date":"2026-01-20"}"#);
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &later).status, 202);
    assert_eq!(customer.write("/v1/transfers", &key(2), &transfer("1.00")).status, 201);

    customer.advance(Duration::from_secs(2 * 24 * 3_600 - 1));
    customer.log_in("");
    assert_eq!(customer.write("/v1/transfers", &key(2), &transfer("1.00")).status, 201);
    assert_eq!(customer.bank.entries().len(), 2);
    customer.advance(Duration::from_secs(1));
    assert_eq!(customer.write("/v1/transfers", &key(2), &transfer("2.00")).status, 201);
    assert_eq!(customer.bank.entries().len(), 3);
    customer.write("/v1/payments/ach", &key(1), &later).conflict();

    customer.advance(30 * day);
    customer.log_in("");
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &ach("1.00")).status, 202);
}

#[test]
fn a_full_ledger_takes_no_further_intent_and_keeps_its_keys() {
    let config = BankConfig { most_intents: 1, ..BankConfig::default() };
    let start = config.start;
    let mut customer = Customer::of(Bank::new(config), start);
    customer.log_in("");
    let first = customer.write("/v1/transfers", &key(1), &transfer("1.00"));
    customer.write("/v1/transfers", &key(2), &transfer("1.00")).refused(503, "ERR_SBX_003");
    assert_eq!(customer.write("/v1/transfers", &key(1), &transfer("1.00")), first);
}

#[test]
fn an_upper_case_key_is_the_same_key() {
    let mut customer = Customer::new();
    let first = customer.write("/v1/transfers", &key(0xab), &transfer("1.00"));
    let again = customer.write("/v1/transfers", &key(0xab).to_uppercase(), &transfer("1.00"));
    assert_eq!(again, first);
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn a_refused_request_does_not_use_up_its_key() {
    let mut customer = Customer::new();
    let unknown = ach("1.00").replace(&OPERATING.to_string(), &key(9));
    for (body, status) in [("{", 400), (&*unknown, 404), (&*ach("250000.01"), 422)] {
        let response = customer.write("/v1/payments/ach", &key(1), body);
        assert_eq!(response.status, status, "{response:?}");
    }
    assert_eq!(customer.write("/v1/payments/ach", &key(1), &ach("1.00")).status, 202);
}

#[test]
fn an_expired_token_does_not_use_up_a_key() {
    let mut customer = Customer::new();
    customer.advance(HOUR);
    customer.write("/v1/transfers", &key(1), &transfer("1.00")).refused(401, "ERR_AUTH_001");
    customer.log_in("");
    assert_eq!(customer.write("/v1/transfers", &key(1), &transfer("2.00")).status, 201);
}

#[test]
fn a_key_is_one_bare_uuid_of_version_4() {
    let mut customer = Customer::new();
    let quoted = format!("\"{}\"", key(1));
    let v1 = "c232ab00-9414-11ec-b3c8-9f68deced846";
    for bad in ["", "nonsense", &*quoted, v1, &*key(1).replace('-', "")] {
        let response = customer.write("/v1/transfers", bad, &transfer("1.00"));
        response.refused(400, "ERR_KEY_001");
    }
    let bearer = customer.bearer();
    let (one, two) = (key(1), key(2));
    let mut headers = vec![("authorization", &*bearer), ("content-type", "application/json")];
    let none = customer.send("POST", "/v1/transfers", &headers, &transfer("1.00"));
    none.refused(400, "ERR_KEY_001");
    headers.extend([("idempotency-key", &*one), ("idempotency-key", &*two)]);
    let both = customer.send("POST", "/v1/transfers", &headers, &transfer("1.00"));
    both.refused(400, "ERR_KEY_001");
    assert!(customer.bank.entries().is_empty());
}

#[test]
fn a_check_issue_reported_under_two_keys_is_a_conflict_and_not_one_of_keys() {
    let mut customer = Customer::new();
    let body = issue("0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01");
    assert_eq!(customer.write("/v1/positivepay/issues", &key(1), &body).status, 202);
    let other = customer.write("/v1/positivepay/issues", &key(2), &body);
    other.refused(409, "ERR_PPY_001");
}
