//! A customer: a bank, a time, a token, and short ways to send requests.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response};
use qbank_sandbox::{Bank, BankConfig, OPERATING, PAYROLL, SAVINGS, TREASURY, WireFault};
use serde_json::Value;

use crate::described::check_response;

pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
pub(crate) const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) struct Customer {
    pub(crate) bank: Bank,
    pub(crate) now: Duration,
    token: String,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BankResponse {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
    pub(crate) wire: Option<WireFault>,
}

impl Customer {
    /// With a token for everything, on a Monday at 14:00 UTC.
    pub(crate) fn new() -> Self {
        let config = BankConfig::default();
        let start = config.start;
        let mut customer = Self::of(Bank::new(config), start);
        customer.log_in("");
        customer
    }

    /// Of this bank, without a token.
    pub(crate) fn of(bank: Bank, now: Duration) -> Self {
        Self { now, bank, token: String::new() }
    }

    /// A new token; no scope named means all.
    pub(crate) fn log_in(&mut self, scope: &str) {
        self.log_in_as("sandbox", "sandbox-secret", scope);
    }

    pub(crate) fn log_in_as(&mut self, id: &str, secret: &str, scope: &str) {
        let form = format!(
            "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope={scope}"
        );
        let response = self.send("POST", "/v1/token", &[("content-type", FORM)], &form);
        assert_eq!(response.status, 200, "{response:?}");
        let token = response.json();
        self.token = token["access_token"].as_str().unwrap().into();
    }

    pub(crate) fn advance(&mut self, by: Duration) {
        self.bank.advance(self.now, by);
    }

    pub(crate) fn get(&mut self, path: &str) -> BankResponse {
        self.send("GET", path, &[("authorization", &self.bearer())], "")
    }

    pub(crate) fn write(&mut self, path: &str, key: &str, body: &str) -> BankResponse {
        let bearer = self.bearer();
        let headers = [
            ("authorization", &*bearer),
            ("content-type", "application/json"),
            ("idempotency-key", key),
        ];
        self.send("POST", path, &headers, body)
    }

    /// A request to the control surface.
    pub(crate) fn control(&mut self, method: &str, path: &str, body: &str) -> BankResponse {
        self.send(method, &format!("/_sandbox{path}"), &[], body)
    }

    pub(crate) fn fault(&mut self, fault: &str) {
        let response = self.control("POST", "/faults", fault);
        assert_eq!(response.status, 201, "{response:?}");
    }

    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> BankResponse {
        let mut request = Request::new(Bytes::from(body.to_owned()));
        *request.method_mut() = method.parse::<Method>().unwrap();
        *request.uri_mut() = path.parse().unwrap();
        for (name, value) in headers {
            let name: http::HeaderName = name.parse().unwrap();
            request.headers_mut().append(name, value.parse().unwrap());
        }
        let response: BankResponse = self.bank.handle(self.now, request).into();
        // Some faults make responses that no bank gives.
        let fault = self.bank.requests().last().and_then(|request| request.fault);
        if matches!(fault, None | Some("in_flight" | "revoke_token")) {
            check_response(method, path, response.status, &response.headers, &response.body);
        }
        response
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) fn cents(&self, account: qbank_proto::AccountId) -> i64 {
        self.bank.balance(account).unwrap().cents()
    }
}

impl BankResponse {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("a JSON body")
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
    }

    /// A standard error with this status and code.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, code: &str) {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/json");
        let error = self.json();
        assert_eq!(error["error_code"], code, "{self:?}");
        assert!(error["message"].is_string());
        let request_id = error["request_id"].as_str().unwrap();
        assert!(request_id.parse::<qbank_proto::RequestId>().is_ok());
    }

    /// The conflict of keys, and the id in it.
    #[track_caller]
    pub(crate) fn conflict(&self) -> String {
        assert_eq!(self.status, 409, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        let r#type = "https://api.qbankconnect.com/problems/idempotency-conflict";
        assert_eq!(problem["type"], r#type);
        assert_eq!(problem["status"], 409);
        assert!(problem["title"].is_string() && problem["detail"].is_string());
        problem["transaction_id"].as_str().unwrap().to_owned()
    }
}

impl From<Response<Bytes>> for BankResponse {
    fn from(response: Response<Bytes>) -> Self {
        let (head, body) = response.into_parts();
        Self {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
            wire: WireFault::of(&head.extensions),
        }
    }
}

/// The n-th key.
pub(crate) fn key(n: u8) -> String {
    qbank_proto::IdempotencyKey::from_entropy([n; 16]).to_string()
}

/// An ACH payment from the operating to the payroll account.
pub(crate) fn ach(amount: &str) -> String {
    format!(
        r#"{{"source_account_id":"{OPERATING}","destination_account_id":"{PAYROLL}","amount":{amount}}}"#
    )
}

/// A wire from the treasury account.
pub(crate) fn wire(amount: &str) -> String {
    format!(
        r#"{{"source_account_id":"{TREASURY}","beneficiary_details":{{"name":"Acme","bank_id":"021000021","account_number":"12345678"}},"amount":{amount},"reference_code":"INV-1"}}"#
    )
}

/// A transfer from the savings to the operating account.
pub(crate) fn transfer(amount: &str) -> String {
    format!(r#"{{"from_account_id":"{SAVINGS}","to_account_id":"{OPERATING}","amount":{amount}}}"#)
}

/// A check of the operating account.
pub(crate) fn issue(issue_id: &str) -> String {
    format!(
        r#"{{"issue_id":"{issue_id}","account_id":"{OPERATING}","check_number":"1001","amount":75.00,"issue_date":"2026-01-05"}}"#
    )
}
