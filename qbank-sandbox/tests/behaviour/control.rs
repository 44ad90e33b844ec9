use qbank_sandbox::{ACH_CLEARING, Bank, BankConfig, OPERATING};

use crate::customer::{Customer, ach, key, transfer};

#[test]
fn the_ledger_shows_accounts_entries_and_a_total_that_stays() {
    let mut customer = Customer::new();
    let before = customer.control("GET", "/ledger", "").json();
    assert_eq!(before["total"], "1365500.25");
    assert_eq!(before["entries"].as_array().unwrap().len(), 0);

    customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    customer.write("/v1/transfers", &key(2), &transfer("0.25"));
    let after = customer.control("GET", "/ledger", "").json();
    assert_eq!(after["total"], "1365500.25");
    let operating = &after["accounts"][0];
    assert_eq!(operating["accountId"], OPERATING.to_string());
    assert_eq!(operating["name"], "Operating");
    assert_eq!(operating["balance"], "249990.25");
    let accounts = after["accounts"].as_array().unwrap();
    assert!(accounts.iter().any(|account| account["accountId"] == ACH_CLEARING.to_string()));

    let members = |entry: &serde_json::Value| {
        let mut names: Vec<String> = entry.as_object().unwrap().keys().cloned().collect();
        names.sort();
        names.join(" ")
    };
    let entries = after["entries"].as_array().unwrap();
    assert_eq!(members(&entries[0]), "amount entryId from intentKey kind paymentId to");
    assert_eq!(entries[0]["intentKey"], key(1));
    assert_eq!(entries[0]["kind"], "ach");
    assert_eq!(entries[0]["amount"], "10.00");
    assert!(entries[0]["paymentId"].is_string());
    assert_eq!(entries[1]["kind"], "transfer");
    assert!(entries[1]["paymentId"].is_null());
}

#[test]
fn every_request_to_the_api_is_recorded_in_order() {
    let mut customer = Customer::new();
    customer.write("/v1/transfers", &key(1), "");
    customer.get("/v1/transactions?accountId=x");
    customer.send("OPTIONS", "/v1/accounts", &[], "");
    let requests = customer.control("GET", "/requests", "").json();
    let requests = requests.as_array().unwrap();
    assert_eq!(requests.len(), 3);
    assert_eq!(requests[0]["path"], "/v1/token");
    assert_eq!(requests[1]["method"], "POST");
    assert_eq!(requests[1]["idempotency_key"], key(1));
    let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(requests[1]["body_sha256"], empty);
    assert_eq!(requests[1]["status"], 400);
    assert_eq!(requests[2]["path"], "/v1/transactions");
    assert_eq!(requests[2]["query"], "accountId=x");
    assert!(requests[2]["idempotency_key"].is_null());
    assert_eq!(customer.control("DELETE", "/requests", "").status, 204);
    assert_eq!(customer.bank.requests().len(), 0);
}

#[test]
fn advance_moves_the_banks_clock_through_its_batches() {
    let mut customer = Customer::new();
    let accepted = customer.write("/v1/payments/ach", &key(1), &ach("10.00"));
    let response = customer.control("POST", "/advance", r#"{"seconds":900}"#);
    assert_eq!(response.json()["now"], "2026-01-05T14:15:00.000Z");
    assert_eq!(response.header("date"), "Mon, 05 Jan 2026 14:15:00 GMT");
    let payment = customer.get(accepted.header("location")).json();
    assert_eq!(payment["status"], "P_SUBMITTED_TO_CORE");
    for bad in ["{}", r#"{"seconds":-1}"#, r#"{"seconds":1e99}"#, r#"{"seconds":99999999999}"#] {
        customer.control("POST", "/advance", bad).refused(400, "ERR_REQ_001");
    }
}

#[test]
fn a_page_of_any_origin_may_use_the_api() {
    let mut customer = Customer::new();
    for path in ["/v1/payments/ach", "/nowhere"] {
        let response = customer.send("OPTIONS", path, &[("origin", "null")], "");
        assert_eq!(response.status, 204);
        assert_eq!(response.header("access-control-allow-origin"), "*");
        let allowed = response.header("access-control-allow-headers");
        for name in ["Authorization", "Idempotency-Key", "Content-Type", "x-fapi-auth-date"] {
            assert!(allowed.contains(name));
        }
    }
    let refused = customer.send("GET", "/v1/accounts", &[], "");
    assert_eq!(refused.header("access-control-allow-origin"), "*");
    let exposed = refused.header("access-control-expose-headers");
    assert_eq!(exposed, "Location, Retry-After, Date");
}

/// A page's request, as a browser on this machine sends it.
const HERE: (&str, &str) = ("host", "127.0.0.1:8467");

#[test]
fn a_page_that_was_not_allowed_cannot_use_the_control_surface() {
    let mut customer = Customer::new();
    let hook = r#"{"url":"http://127.0.0.1:9/hook"}"#;
    for origin in
        ["https://evil.example", "null", "http://127.0.0.1:3000", "http://localhost:8467", "x"]
    {
        for (method, path, body) in [
            ("POST", "/webhooks", hook),
            ("POST", "/advance", r#"{"seconds":900}"#),
            ("DELETE", "/requests", ""),
            ("GET", "/ledger", ""),
            ("OPTIONS", "/faults", ""),
        ] {
            let path = format!("/_sandbox{path}");
            let refused = customer.send(method, &path, &[HERE, ("origin", origin)], body);
            assert_eq!(refused.header("access-control-allow-origin"), "", "{origin}");
            assert!(refused.text().contains("--allow-origin"), "{}", refused.text());
            assert!(refused.text().contains(origin), "{}", refused.text());
            refused.refused(403, "ERR_SBX_006");
        }
    }
    assert_eq!(customer.control("GET", "/webhooks", "").json(), serde_json::json!([]));
}

#[test]
fn programs_its_own_page_and_allowed_origins_use_the_control_surface() {
    let mut config = BankConfig::default();
    config.control.origins.push("http://localhost:3000".parse().unwrap());
    let start = config.start;
    let mut customer = Customer::of(Bank::new(config), start);
    // As `curl -d` sends it.
    let form = [HERE, ("content-type", "application/x-www-form-urlencoded")];
    let advanced = customer.send("POST", "/_sandbox/advance", &form, r#"{"seconds":1}"#);
    assert_eq!(advanced.status, 200);
    assert_eq!(advanced.header("access-control-allow-origin"), "");

    let own = [HERE, ("origin", "http://127.0.0.1:8467")];
    assert_eq!(customer.send("GET", "/_sandbox/ledger", &own, "").status, 200);

    for method in ["OPTIONS", "GET"] {
        let allowed = [HERE, ("origin", "http://localhost:3000")];
        let response = customer.send(method, "/_sandbox/faults", &allowed, "");
        assert!(response.status < 300, "{response:?}");
        assert_eq!(response.header("access-control-allow-origin"), "http://localhost:3000");
        assert_eq!(response.header("vary"), "Origin");
    }
    let other = [HERE, ("origin", "http://localhost:3001")];
    customer.send("GET", "/_sandbox/faults", &other, "").refused(403, "ERR_SBX_006");
}

/// DNS rebinding: the page's own name leads to loopback, so that its origin is the host.
#[test]
fn the_control_surface_wants_a_loopback_host_and_the_api_does_not() {
    let mut customer = Customer::new();
    for host in
        ["evil.example", "evil.example:8467", "10.0.0.7", "127.0.0.1.evil.example", "", "a@b"]
    {
        let origin = format!("http://{host}");
        for headers in [&[("host", host), ("origin", &*origin)][..], &[("host", host)]] {
            let refused = customer.send("GET", "/_sandbox/ledger", headers, "");
            assert!(refused.text().contains("--allow-remote"), "{}", refused.text());
            refused.refused(403, "ERR_SBX_006");
        }
        assert_eq!(customer.send("GET", "/v1/accounts", &[("host", host)], "").status, 401);
    }
    customer
        .send("GET", "/_sandbox", &[HERE, ("host", "evil.example")], "")
        .refused(403, "ERR_SBX_006");
    for host in ["localhost", "LOCALHOST:1", "127.0.0.1", "127.1.2.3:80", "[::1]:8467"] {
        assert_eq!(customer.send("GET", "/_sandbox/ledger", &[("host", host)], "").status, 200);
    }

    let mut config = BankConfig::default();
    config.control.any_host = true;
    let start = config.start;
    let mut remote = Customer::of(Bank::new(config), start);
    let name = ("host", "sandbox.internal:8467");
    assert_eq!(remote.send("GET", "/_sandbox/ledger", &[name], "").status, 200);
    let foreign = [name, ("origin", "https://evil.example")];
    remote.send("GET", "/_sandbox/ledger", &foreign, "").refused(403, "ERR_SBX_006");
}

#[test]
fn the_control_surface_lists_its_paths() {
    let mut customer = Customer::new();
    for path in ["", "/"] {
        let response = customer.control("GET", path, "");
        assert_eq!(response.status, 200);
        let listed = String::from_utf8(response.body.to_vec()).unwrap();
        for path in ["ledger", "requests", "faults", "advance", "webhooks", "deliveries"] {
            assert!(listed.contains(&format!("/_sandbox/{path}")), "{path}");
        }
    }
}

#[test]
fn a_fault_for_no_method_of_http_is_refused_by_name() {
    let mut customer = Customer::new();
    let fault = r#"{"method":"FETCH","path":"/payments/ach","kind":"refuse"}"#;
    let response = customer.control("POST", "/faults", fault);
    assert_eq!(response.status, 400);
    assert!(String::from_utf8(response.body.to_vec()).unwrap().contains("method must be one of"));
}

#[test]
fn what_is_not_on_the_control_surface_is_404_or_405() {
    let mut customer = Customer::new();
    for path in ["/openapi.json", "/ledger/", "//"] {
        customer.control("GET", path, "").refused(404, "ERR_REQ_003");
    }
    let response = customer.control("PUT", "/faults", "");
    response.refused(405, "ERR_REQ_002");
    assert_eq!(response.header("allow"), "GET, POST, DELETE");
}

#[test]
fn no_request_to_the_control_surface_is_a_server_error() {
    let mut customer = Customer::new();
    // `trigger` needs a receiver.
    let hook = r#"{"url":"http://127.0.0.1:9/"}"#;
    let index = customer.control("GET", "", "").json();
    let mut paths: Vec<String> =
        index.as_array().unwrap().iter().map(|it| it["path"].as_str().unwrap().into()).collect();
    paths.dedup();
    let wrong = r#"{"seconds":"1","accountId":7,"status":[],"account_id":{},"check_number":1,"amount":"1","url":0,"paymentId":true,"kind":null,"times":-1}"#;
    let deep = format!("{{\"kind\":{}", "[".repeat(100_000));
    for path in paths.iter().map(|path| path.trim_start_matches("/_sandbox")) {
        for body in ["", "{}", "[]", "null", "\u{0}", "{\"url\":\"\"}", wrong, &deep] {
            for method in ["GET", "POST", "PUT", "PATCH", "HEAD", "TRACE"] {
                // The index names a variable part in braces, which no URI has.
                let path = path.replace("{paymentId}", "x");
                customer.control("POST", "/webhooks", hook);
                let response = customer.control(method, &path, body);
                assert!(response.status < 500, "{method} {path} {body}: {response:?}");
                if response.status == 405 {
                    response.refused(405, "ERR_REQ_002");
                    assert!(!response.header("allow").is_empty());
                } else if response.status >= 400 {
                    response.refused(400, "ERR_REQ_001");
                }
            }
        }
    }
}
