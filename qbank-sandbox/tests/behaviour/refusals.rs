use qbank_sandbox::{ACH_CLEARING, CLOSED, OPERATING, PAYROLL, SAVINGS};

use crate::customer::{Customer, ach, issue, key, transfer, wire};

const ISSUE: &str = "0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01";

#[test]
fn a_wrong_field_is_named() {
    let both = ach("1").replace('}', r#","recipient_details":{}}"#);
    let neither = format!(r#"{{"source_account_id":"{OPERATING}","amount":1}}"#);
    let cases = [
        ("/v1/payments/ach", ach("\"1.00\""), "`amount`"),
        ("/v1/payments/ach", ach("0"), "`amount`"),
        ("/v1/payments/ach", ach("-5"), "`amount`"),
        ("/v1/payments/ach", ach("0.001"), "`amount`"),
        ("/v1/payments/ach", ach("1").replace("amount", "amuont"), "`amount`"),
        (
            "/v1/payments/ach",
            ach("1").replace("source_account_id", "source"),
            "`source_account_id`",
        ),
        ("/v1/payments/ach", ach("1").replace('}', r#","note":1}"#), "`note`"),
        (
            "/v1/payments/ach",
            ach("1").replace('}', r#","effective_date":"soon"}"#),
            "`effective_date`",
        ),
        ("/v1/payments/ach", both, "`recipient_details`"),
        ("/v1/payments/ach", neither, "`recipient_details`"),
        (
            "/v1/payments/wire",
            wire("1").replace("021000021", "021000022"),
            "`beneficiary_details.bank_id`",
        ),
        ("/v1/payments/wire", wire("1").replace("Acme", " "), "`beneficiary_details.name`"),
        ("/v1/payments/wire", wire("1").replace("reference_code", "reference"), "`reference_code`"),
        ("/v1/transfers", transfer("1").replace("to_account_id", "to"), "`to_account_id`"),
        ("/v1/positivepay/issues", issue("nonsense"), "`issue_id`"),
        ("/v1/positivepay/issues", issue(ISSUE).replace("2026-01-05", "2026-1-5"), "`issue_date`"),
        ("/v1/positivepay/issues", issue(ISSUE).replace("\"1001\"", "1001"), "`check_number`"),
    ];
    let mut customer = Customer::new();
    for (path, body, named) in cases {
        let response = customer.write(path, &key(1), &body);
        response.refused(400, "ERR_REQ_001");
        assert!(response.text().contains(named), "{named}: {}", response.text());
    }
    assert!(customer.bank.entries().is_empty());
}

#[test]
fn a_body_that_is_no_json_object_is_400() {
    let mut customer = Customer::new();
    for body in ["", "{", "[]", "null", "1", "{}x", "{\"amount\":1,\"amount\":2}", "\u{0}"] {
        customer.write("/v1/transfers", &key(1), body).refused(400, "ERR_REQ_001");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    customer.write("/v1/transfers", &key(1), &deep).refused(400, "ERR_REQ_001");
    let deep = format!("{{\"amount\":{deep}}}");
    customer.write("/v1/transfers", &key(1), &deep).refused(400, "ERR_REQ_001");
}

#[test]
fn an_account_that_is_unknown_closed_or_not_the_clients_is_refused() {
    let mut customer = Customer::new();
    let (from, to) = (SAVINGS.to_string(), OPERATING.to_string());
    let body = transfer("1.00");
    for (id, status, code) in [
        (key(7), 404, "ERR_ACC_001"),
        (ACH_CLEARING.to_string(), 404, "ERR_ACC_001"),
        (CLOSED.to_string(), 422, "ERR_ACC_003"),
    ] {
        customer.write("/v1/transfers", &key(1), &body.replace(&from, &id)).refused(status, code);
        customer.write("/v1/transfers", &key(1), &body.replace(&to, &id)).refused(status, code);
    }
    let same = ach("1.00").replace(&PAYROLL.to_string(), &OPERATING.to_string());
    customer.write("/v1/payments/ach", &key(1), &same).refused(422, "ERR_ACC_004");
}

#[test]
fn an_unknown_path_is_404_and_a_wrong_method_names_the_right_one() {
    let mut customer = Customer::new();
    for path in ["/", "/v1", "/v1/", "/v1/account", "/v2/accounts", "/v1/accounts/", "/v1/payments"]
    {
        customer.get(path).refused(404, "ERR_REQ_003");
    }
    for (method, path, allow) in [
        ("POST", "/v1/accounts", "GET"),
        ("GET", "/v1/payments/ach", "POST"),
        ("DELETE", "/v1/transfers", "POST"),
        ("GET", "/v1/token", "POST"),
        ("BREW", "/v1/token", "POST"),
    ] {
        let response = customer.send(method, path, &[], "");
        response.refused(405, "ERR_REQ_002");
        assert_eq!(response.header("allow"), allow);
    }
}

#[test]
fn a_write_needs_its_content_type() {
    let mut customer = Customer::new();
    let (bearer, key) = (customer.bearer(), key(1));
    let mut write = |more: &[(&str, &str)]| {
        let mut headers = vec![("authorization", &*bearer), ("idempotency-key", &*key)];
        headers.extend(more);
        customer.send("POST", "/v1/transfers", &headers, &transfer("1.00"))
    };
    write(&[]).refused(415, "ERR_REQ_007");
    write(&[("content-type", "text/plain")]).refused(415, "ERR_REQ_007");
    let json = ("content-type", "application/json; charset=utf-8");
    write(&[json, ("x-fapi-auth-date", "yesterday")]).refused(400, "ERR_REQ_001");
    let good = ("x-fapi-auth-date", "Mon, 05 Jan 2026 13:00:00 GMT");
    assert_eq!(write(&[json, good]).status, 201);
}

#[test]
fn a_body_over_one_mebibyte_is_413() {
    let mut customer = Customer::new();
    let most = 1024 * 1024;
    let body = transfer("1.00");
    let padded = |size: usize| format!("{body}{}", " ".repeat(size - body.len()));
    let response = customer.write("/v1/transfers", &key(1), &padded(most + 1));
    response.refused(413, "ERR_REQ_004");
    assert_eq!(customer.write("/v1/transfers", &key(1), &padded(most)).status, 201);
}

#[test]
fn no_request_is_a_server_error() {
    let mut customer = Customer::new();
    let paths =
        ["/v1/token", "/v1/payments/ach", "/v1/transactions?accountId=%ff&%", "*", "/_sandbox"];
    let bodies = ["", "%", "{\"amount\":1e999999999}", "{\"a\":\"\\ud800\"}", "=&=&", "\u{feff}{}"];
    for path in paths {
        for body in bodies {
            for method in ["GET", "POST", "PUT", "HEAD", "CONNECT"] {
                let bearer = customer.bearer();
                let headers = [
                    ("authorization", &*bearer),
                    ("content-type", "application/json"),
                    ("idempotency-key", &*key(3)),
                ];
                let response = customer.send(method, path, &headers, body);
                assert!(response.status < 500, "{method} {path} {body}: {response:?}");
            }
        }
    }
}
