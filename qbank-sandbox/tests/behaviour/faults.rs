use std::time::Duration;

use qbank_sandbox::WireFault;

use crate::customer::{Customer, ach, issue, key, transfer, wire};

const ACH: &str = "/v1/payments/ach";

#[test]
fn refuse_does_nothing_and_closes() {
    let mut customer = Customer::new();
    customer.fault(r#"{"method":"POST","path":"/v1/payments/ach","kind":"refuse"}"#);
    let response = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!(response.wire, Some(WireFault::CloseBeforeReading));
    assert!(customer.bank.entries().is_empty());
    assert_eq!(customer.bank.requests().last().unwrap().status, None);
    assert_eq!(customer.write(ACH, &key(1), &ach("1.00")).status, 202);
}

#[test]
fn drop_after_commit_does_it_and_the_retry_meets_the_payment_in_process() {
    let mut customer = Customer::new();
    customer.fault(r#"{"path":"/payments/ach","kind":"drop_after_commit"}"#);
    let dropped = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!(dropped.wire, Some(WireFault::CloseWithoutResponse));
    let id = customer.write(ACH, &key(1), &ach("1.00")).conflict();
    assert_eq!(customer.bank.entries()[0].payment_id.unwrap().to_string(), id);
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn a_wire_fault_comes_with_the_whole_response() {
    for (fault, expected) in [
        (r#"{"kind":"truncate"}"#, WireFault::Truncate),
        (r#"{"kind":"delay","ms":1500}"#, WireFault::Delay(Duration::from_millis(1500))),
        (r#"{"kind":"slow","bytes_per_s":7}"#, WireFault::Slow { bytes_per_s: 7 }),
    ] {
        let mut customer = Customer::new();
        customer.fault(fault);
        let response = customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
        assert_eq!(response.wire, Some(expected));
        assert_eq!(response.json()["status"], "P_COMPLETED");
    }
}

#[test]
fn status_responds_without_doing_anything() {
    let mut customer = Customer::new();
    customer.fault(r#"{"path":"/payments/ach","kind":"status","status":503,"retry_after":3}"#);
    customer.fault(r#"{"path":"/payments/ach","kind":"status","status":429,"retry_after":"Mon, 05 Jan 2026 14:00:09 GMT"}"#);
    customer.fault(r#"{"path":"/payments/ach","kind":"status","status":307,"location":"https://example.com/"}"#);
    customer.fault(r#"{"path":"/payments/ach","kind":"status","status":204}"#);
    let response = customer.write(ACH, &key(1), &ach("1.00"));
    response.refused(503, "ERR_SBX_001");
    assert_eq!(response.header("retry-after"), "3");
    let response = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!(response.status, 429);
    assert_eq!(response.header("retry-after"), "Mon, 05 Jan 2026 14:00:09 GMT");
    assert_eq!(response.header("date"), "Mon, 05 Jan 2026 14:00:00 GMT");
    let response = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!((response.status, response.header("location")), (307, "https://example.com/"));
    let response = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!((response.status, response.body.len()), (204, 0));
    assert!(customer.bank.entries().is_empty());
}

#[test]
fn html_and_garbage_do_it_and_respond_undecodably() {
    let mut customer = Customer::new();
    customer.fault(r#"{"kind":"html"}"#);
    let html = customer.write(ACH, &key(1), &ach("1.00"));
    assert_eq!((html.status, html.header("location")), (200, ""));
    assert!(html.header("content-type").starts_with("text/html"));
    customer.fault(r#"{"kind":"garbage"}"#);
    let garbage = customer.write(ACH, &key(2), &ach("1.00"));
    assert_eq!(garbage.status, 202);
    assert!(!garbage.header("location").is_empty());
    assert!(serde_json::from_slice::<serde_json::Value>(&garbage.body).is_err());
    assert_eq!(customer.bank.entries().len(), 2);
}

#[test]
fn revoke_token_makes_the_token_of_that_request_invalid() {
    let mut customer = Customer::new();
    customer.fault(r#"{"path":"/accounts","kind":"revoke_token"}"#);
    customer.get("/v1/accounts").refused(401, "ERR_AUTH_001");
    customer.get("/v1/accounts").refused(401, "ERR_AUTH_001");
    customer.log_in("");
    assert_eq!(customer.get("/v1/accounts").status, 200);
}

#[test]
fn in_flight_does_it_and_responds_as_if_another_request_were_in_process() {
    let mut customer = Customer::new();
    customer.fault(r#"{"path":"/payments/wire","kind":"in_flight","times":2}"#);
    let id = customer.write("/v1/payments/wire", &key(1), &wire("1.00")).conflict();
    assert_eq!(customer.get(&format!("/v1/payments/{id}")).json()["type"], "WIRE");
    assert_eq!(customer.write("/v1/payments/wire", &key(1), &wire("1.00")).conflict(), id);
    let last = customer.write("/v1/payments/wire", &key(1), &wire("1.00"));
    assert_eq!((last.status, last.json()["paymentId"].as_str()), (201, Some(&*id)));
    assert_eq!(customer.bank.entries().len(), 1);
}

#[test]
fn in_flight_holds_the_keys_of_transfers_and_issues_too() {
    let mut customer = Customer::new();
    customer.fault(r#"{"kind":"in_flight","times":2}"#);
    let issue_id = "0d1c7f9e-8f2b-4b7e-9a3d-5c6b7a8f9e01";
    customer.write("/v1/transfers", &key(1), &transfer("1.00")).conflict();
    let id = customer.write("/v1/positivepay/issues", &key(2), &issue(issue_id)).conflict();
    assert_eq!(id, issue_id);
    assert_eq!(customer.write("/v1/positivepay/issues", &key(2), &issue(issue_id)).status, 202);
}

#[test]
fn a_fault_meets_only_its_method_and_path_and_only_so_often() {
    let mut customer = Customer::new();
    customer
        .fault(r#"{"method":"post","path":"/payments/*","kind":"status","status":500,"times":2}"#);
    assert_eq!(customer.get("/v1/accounts").status, 200);
    assert_eq!(customer.get(&format!("/v1/payments/{}", key(1))).status, 404);
    assert_eq!(customer.write("/v1/payments/wire", &key(1), &wire("1.00")).status, 500);
    assert_eq!(customer.write(ACH, &key(2), &ach("1.00")).status, 500);
    assert_eq!(customer.write(ACH, &key(2), &ach("1.00")).status, 202);
}

#[test]
fn faults_meet_requests_in_the_order_they_were_asked_for_and_can_be_cleared() {
    let mut customer = Customer::new();
    customer.fault(r#"{"kind":"status","status":500}"#);
    customer.fault(r#"{"kind":"delay","ms":5,"times":3}"#);
    assert_eq!(customer.get("/v1/accounts").status, 500);
    let left = customer.control("GET", "/faults", "");
    assert_eq!(left.text(), r#"[{"method":"*","path":"*","kind":"delay","ms":5,"times":3}]"#);
    assert_eq!(customer.control("DELETE", "/faults", "").status, 204);
    assert_eq!(customer.get("/v1/accounts").wire, None);
}

#[test]
fn a_fault_on_the_token_endpoint_keeps_the_token_from_arriving() {
    let mut customer = Customer::new();
    customer.fault(r#"{"path":"/token","kind":"status","status":503}"#);
    let form = [("content-type", crate::customer::FORM)];
    customer.send("POST", "/v1/token", &form, "").refused(503, "ERR_SBX_001");
}

#[test]
fn a_fault_that_cannot_be_understood_is_refused() {
    let mut customer = Customer::new();
    for bad in [
        "{}",
        r#"{"kind":"explode"}"#,
        r#"{"kind":"delay"}"#,
        r#"{"kind":"delay","ms":-1}"#,
        r#"{"kind":"status","status":99}"#,
        r#"{"kind":"refuse","tmies":3}"#,
        r#"{"kind":"slow","bytes_per_s":0}"#,
        r#"{"kind":"status","status":503,"retry_after":"a\nb"}"#,
    ] {
        customer.control("POST", "/faults", bad).refused(400, "ERR_REQ_001");
    }
}
