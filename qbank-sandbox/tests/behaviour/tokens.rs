use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;

use crate::customer::{BankResponse, Customer, FORM, ach, key};

const GOOD: &str = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";

fn ask(customer: &mut Customer, form: &str) -> BankResponse {
    customer.send("POST", "/v1/token", &[("content-type", FORM)], form)
}

#[track_caller]
fn oauth_error(response: &BankResponse, status: u16, error: &str) {
    assert_eq!(response.status, status, "{response:?}");
    assert_eq!(response.json()["error"], error);
    assert_eq!(response.header("cache-control"), "no-store");
}

#[test]
fn a_token_names_its_type_its_lifetime_and_its_scopes() {
    let mut customer = Customer::new();
    let scope = "&scope=payments.read+accounts.read";
    let response = ask(&mut customer, &format!("{GOOD}{scope}"));
    assert_eq!(response.status, 200);
    assert_eq!(response.header("cache-control"), "no-store");
    let token = response.json();
    assert_eq!(token["token_type"], "Bearer");
    assert_eq!(token["expires_in"], 3600);
    assert_eq!(token["scope"], "accounts.read payments.read");

    let all = ask(&mut customer, GOOD).json();
    assert_eq!(all["scope"].as_str().unwrap().split(' ').count(), 9);
    assert_ne!(all["access_token"], token["access_token"]);
}

#[test]
fn http_basic_is_accepted_form_encoded() {
    let mut customer = Customer::new();
    let mut basic = |credentials: &str, form: &str| {
        let value = format!("Basic {}", BASE64_STANDARD.encode(credentials));
        let headers = [("content-type", FORM), ("authorization", &*value)];
        customer.send("POST", "/v1/token", &headers, form)
    };
    let form = "grant_type=client_credentials";
    assert_eq!(basic("sandbox:sandbox-secret", form).status, 200);
    assert_eq!(basic("sandbox:sandbox%2Dsecret", form).status, 200);
    oauth_error(&basic("sandbox:sandbox-secret&x", form), 401, "invalid_client");
    oauth_error(&basic("sandbox:wrong", form), 401, "invalid_client");
    oauth_error(&basic("sandbox", form), 401, "invalid_client");
    oauth_error(&basic("sandbox:sandbox-secret", GOOD), 400, "invalid_request");
}

#[test]
fn a_bad_token_request_is_refused_in_the_form_of_rfc_6749() {
    let mut customer = Customer::new();
    for (form, status, error) in [
        ("", 401, "invalid_client"),
        ("grant_type=client_credentials&client_id=sandbox", 401, "invalid_client"),
        (&*GOOD.replace("sandbox-secret", "sandbox-secret2"), 401, "invalid_client"),
        (&*GOOD.replace("id=sandbox", "id=somebody"), 401, "invalid_client"),
        (&*GOOD.replace("client_credentials", "password"), 400, "unsupported_grant_type"),
        (&*GOOD.replace("grant_type", "grant"), 400, "invalid_request"),
        (&*format!("{GOOD}&client_id=sandbox"), 400, "invalid_request"),
        (&*format!("{GOOD}&scope=everything"), 400, "invalid_scope"),
    ] {
        oauth_error(&ask(&mut customer, form), status, error);
    }
    let json = customer.send("POST", "/v1/token", &[("content-type", "application/json")], "{}");
    oauth_error(&json, 400, "invalid_request");
    assert!(ask(&mut customer, "").header("www-authenticate").starts_with("Basic"));
}

#[test]
fn a_token_expires_by_the_banks_clock() {
    let mut customer = Customer::new();
    customer.advance(Duration::from_secs(3_599));
    assert_eq!(customer.get("/v1/accounts").status, 200);
    customer.advance(Duration::from_secs(1));
    customer.get("/v1/accounts").refused(401, "ERR_AUTH_001");
    customer.log_in("");
    assert_eq!(customer.get("/v1/accounts").status, 200);
}

#[test]
fn no_token_or_a_wrong_one_is_401_with_a_challenge() {
    let mut customer = Customer::new();
    for headers in
        [&[][..], &[("authorization", "Bearer nonsense")], &[("authorization", "Bearer")]]
    {
        let response = customer.send("GET", "/v1/accounts", headers, "");
        response.refused(401, "ERR_AUTH_001");
        assert!(response.header("www-authenticate").starts_with("Bearer"));
    }
}

#[test]
fn every_operation_needs_its_scope() {
    let mut customer = Customer::new();
    customer.log_in("payments.read");
    for path in ["/accounts", "/balances/x", "/transactions", "/positivepay/exceptions"] {
        customer.get(&format!("/v1{path}")).refused(403, "ERR_AUTH_002");
    }
    for path in ["/payments/ach", "/payments/wire", "/transfers", "/positivepay/issues"] {
        customer.write(&format!("/v1{path}"), &key(1), &ach("1.00")).refused(403, "ERR_AUTH_002");
    }
    assert!(customer.bank.entries().is_empty());
}

#[test]
fn a_token_is_in_no_debug_output() {
    let customer = Customer::new();
    let token = customer.bearer().replace("Bearer ", "");
    assert!(!format!("{:?}", customer.bank).contains(&token));
}
