use serde_json::Value;

use super::*;

const NOW: u64 = 1_767_621_600_123;
const DAY: u32 = 24 * 60 * 60;
const KEY: &str = "5b0f2f0e-7a1c-4b52-9c53-0d8f6f4b8a11";

/// A page that talks to the bank as its `fetch` does.
struct Page {
    bank: PageBank,
    token: String,
}

impl Page {
    fn open() -> Self {
        let mut page = Self { bank: PageBank::new(1, NOW), token: String::new() };
        page.control("/webhooks", r#"{"url": "http://127.0.0.1/page"}"#);
        let form = "grant_type=client_credentials&client_id=sandbox&client_secret=sandbox-secret";
        let headers = ["content-type", "application/x-www-form-urlencoded"];
        let answer = page.post("https://bank.example/v1/token", &headers, form);
        let token: Value = serde_json::from_slice(&answer.body()).unwrap();
        page.token = format!("Bearer {}", token["access_token"].as_str().unwrap());
        page
    }

    fn post(&mut self, url: &str, headers: &[&str], body: &str) -> PageAnswer {
        let headers = headers.iter().map(|text| (*text).to_owned()).collect();
        self.bank.handle(NOW, "POST", url, headers, body.into()).unwrap()
    }

    fn control(&mut self, path: &str, body: &str) {
        assert_eq!(
            self.post(&format!("https://bank.example/_sandbox{path}"), &[], body).status(),
            201
        );
    }

    fn pay(&mut self) -> PageAnswer {
        let accounts: Value = serde_json::from_str(&self.bank.accounts()).unwrap();
        let body = format!(
            r#"{{"source_account_id":{},"destination_account_id":{},"amount":12.50}}"#,
            accounts[0]["accountId"], accounts[1]["accountId"],
        );
        let token = self.token.clone();
        let headers =
            ["content-type", "application/json", "authorization", &token, "idempotency-key", KEY];
        self.post("https://bank.example/v1/payments/ach", &headers, &body)
    }

    fn entries(&self) -> usize {
        let ledger: Value = serde_json::from_str(&self.bank.ledger()).unwrap();
        ledger["entries"].as_array().unwrap().len()
    }
}

#[test]
fn a_lost_answer_is_booked_once_however_often_it_is_sent() {
    let mut page = Page::open();
    page.control("/faults", r#"{"path": "/payments/ach", "kind": "drop_after_commit"}"#);
    assert_eq!(page.pay().fault().as_deref(), Some("close_without_answer"));
    let again = page.pay();
    assert_eq!((again.status(), again.fault()), (409, None));
    assert_eq!(page.entries(), 1);
}

#[test]
fn a_delay_says_how_long_it_is() {
    let mut page = Page::open();
    page.control("/faults", r#"{"path": "/payments/ach", "kind": "delay", "ms": 9000}"#);
    let answer = page.pay();
    assert_eq!((answer.fault().as_deref(), answer.fault_value()), (Some("delay"), Some(9_000)));
}

#[test]
fn a_refused_connection_is_seen_before_anything_is_read() {
    let mut page = Page::open();
    let url = "https://bank.example/v1/payments/ach";
    page.control("/faults", r#"{"path": "/payments/ach", "kind": "refuse"}"#);
    assert_eq!(page.bank.refuses(NOW, "POST", url), Ok(true));
    assert_eq!(page.bank.refuses(NOW, "POST", url), Ok(false));
    assert_eq!(page.entries(), 0);
}

#[test]
fn a_settled_payment_is_told_once_and_again_on_demand() {
    let mut page = Page::open();
    page.pay();
    assert!(page.bank.tick(NOW).is_empty());
    page.bank.advance(NOW, 2 * DAY);
    assert_eq!(page.bank.now_ms(), NOW + 2 * 86_400_000);
    let due = page.bank.tick(NOW);
    assert_eq!(due.len(), 1);
    assert!(page.bank.tick(NOW).is_empty());

    page.bank.record_delivery(NOW, &due[0], 200);
    assert!(page.bank.deliveries().contains(r#""status":200"#));
    let again = page.bank.event_for(&due[0].payment_id()).unwrap();
    assert_eq!(again.body(), due[0].body());
    assert!(page.bank.event_for("nonsense").is_none());
}

#[test]
fn what_is_no_request_is_an_error_and_not_a_panic() {
    let mut bank = PageBank::new(1, NOW);
    assert!(bank.handle(NOW, "GET", "not a url", Vec::new(), Vec::new()).is_err());
    let header = vec!["a b".to_owned(), "c".to_owned()];
    assert!(bank.handle(NOW, "GET", "/v1/accounts", header, Vec::new()).is_err());
    assert!(bank.refuses(NOW, "G T", "/").is_err());
}
