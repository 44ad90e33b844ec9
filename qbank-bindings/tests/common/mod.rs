//! What the tests have in common: a call in virtual time, against scripted responses.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may fail")]
#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::task::Waker;
use std::time::Duration;

use qbank_bindings::{Call, Error, Now, Session, Step, to_json};
use serde_json::{Value, json};

pub const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
pub const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
pub const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
pub const KEY: &str = "3f0e9a52-a5c8-4c1f-8a4b-7d3e2f106f1c";

pub fn ach() -> Value {
    json!({ "sourceAccountId": FROM, "destinationAccountId": TO, "amount": "1000.50" })
}

pub fn session() -> Session {
    Session::new(r#"{"accessToken": "a-token"}"#).unwrap()
}

pub fn call(operation: &str, request: &Value, options: &Value) -> Result<Call, Error> {
    session().call(operation, &request.to_string(), &options.to_string(), &[7; 24])
}

pub fn record<T: serde::Serialize>(value: &T) -> Value {
    serde_json::from_str(&to_json(value)).unwrap()
}

/// A call, its clock, and what it sent.
pub struct Driven {
    pub call: Call,
    pub now: Now,
    pub sent: Vec<(Value, String)>,
}

impl Driven {
    pub fn new(call: Call) -> Self {
        let unix = Duration::from_secs(1_767_603_600);
        Self { call, now: Now { mono: Duration::ZERO, unix }, sent: Vec::new() }
    }

    pub fn sleep(&mut self, ms: u64) {
        self.now.mono += Duration::from_millis(ms);
        self.now.unix += Duration::from_millis(ms);
    }

    /// Polls until the call wants more than time.
    pub fn next(&mut self) -> Step {
        for _ in 0..100 {
            match self.call.poll(self.now, Waker::noop()) {
                Step::Wait(ms) => self.sleep(ms),
                Step::Send(request) => {
                    let body = String::from_utf8(self.call.body().to_vec()).unwrap();
                    self.sent.push((record(&request), body));
                    return Step::Send(request);
                }
                step => return step,
            }
        }
        panic!("the call does not end");
    }

    pub fn settle(&mut self, response: &Value, body: &str) {
        self.call.settle(self.now, &response.to_string(), body.into());
    }

    /// Sends, and answers with this status and body.
    pub fn respond(&mut self, status: u16, headers: &[&str], body: &str) {
        assert!(matches!(self.next(), Step::Send(_)), "it sends");
        self.settle(&json!({ "status": status, "headers": headers }), body);
    }

    /// The record of what it comes to: `done` or `failed`.
    pub fn end(&mut self) -> Value {
        let step = self.next();
        assert!(matches!(step, Step::Done(_) | Step::Failed(_)), "{step:?}");
        record(&step)
    }
}
