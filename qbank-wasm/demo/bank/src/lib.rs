//! The sandbox bank, for a page that has no server.
//!
//! ```text
//!   page ─► client (@qbank/connect) ─► the page's own fetch ─► PageBank ─► Bank
//!                                        ▲ latency, aborts, WireFaults
//! ```
//!
//! Here are only names and shapes that JavaScript can hold; what a bank is, is
//! [`qbank_sandbox`]. Moments are whole milliseconds of unix time, which JavaScript
//! sees as a `BigInt`. Headers are a flat list: name, value, name, value.

#![cfg_attr(test, allow(clippy::unwrap_used, reason = "a test may fail"))]

mod answer;
mod delivery;

use std::time::Duration;

use bytes::Bytes;
use chrono::DateTime;
use http::{Method, Request, StatusCode, Uri};
use qbank_sandbox::{ACH_CLEARING, Bank, BankConfig, WIRE_CLEARING};
use serde::Serialize;
use wasm_bindgen::prelude::wasm_bindgen;

pub use answer::PageAnswer;
pub use delivery::PageDelivery;

/// A bank inside a page.
#[wasm_bindgen]
#[derive(Debug)]
pub struct PageBank {
    bank: Bank,
}

#[wasm_bindgen]
impl PageBank {
    /// Opens a bank; the same seed gives the same ids.
    #[wasm_bindgen(constructor)]
    pub fn new(seed: u64, now_ms: u64) -> Self {
        let config = BankConfig { seed, start: moment(now_ms), ..BankConfig::default() };
        Self { bank: Bank::new(config) }
    }

    /// Answers a request. Fails only if it is no HTTP request.
    pub fn handle(
        &mut self,
        now_ms: u64,
        method: &str,
        url: &str,
        headers: Vec<String>,
        body: Vec<u8>,
    ) -> Result<PageAnswer, String> {
        let mut request = Request::builder().method(method).uri(url);
        let mut texts = headers.into_iter();
        while let (Some(name), Some(value)) = (texts.next(), texts.next()) {
            request = request.header(name, value);
        }
        let request = request.body(Bytes::from(body)).map_err(|e| e.to_string())?;
        Ok(self.bank.handle(moment(now_ms), request).into())
    }

    /// Whether a fault closes the connection before such a request is read. If so,
    /// the request counts as arrived and must not be handled.
    pub fn refuses(&mut self, now_ms: u64, method: &str, url: &str) -> Result<bool, String> {
        let method: Method = method.parse().map_err(|_| "not a method".to_owned())?;
        let url: Uri = url.parse().map_err(|e| format!("{e}"))?;
        Ok(self.bank.refuses(moment(now_ms), &method, &url))
    }

    /// Lets time pass; gives the webhooks that are due, each once.
    pub fn tick(&mut self, now_ms: u64) -> Vec<PageDelivery> {
        self.bank.tick(moment(now_ms)).into_iter().map(PageDelivery::from).collect()
    }

    /// Whether payments settle on the day of this moment: neither a weekend nor a
    /// holiday of the Federal Reserve.
    #[wasm_bindgen(js_name = isBankDay)]
    pub fn is_bank_day(&self, at_ms: u64) -> bool {
        let at = i64::try_from(at_ms).ok().and_then(DateTime::from_timestamp_millis);
        at.is_some_and(|at| qbank_sandbox::is_bank_day(at.date_naive()))
    }

    /// Moves the bank's clock ahead, through its batches.
    pub fn advance(&mut self, now_ms: u64, seconds: u32) {
        self.bank.advance(moment(now_ms), Duration::from_secs(seconds.into()));
    }

    /// The webhook about a payment as it is now, once more. Nothing, if there is no
    /// such payment.
    #[wasm_bindgen(js_name = eventFor)]
    pub fn event_for(&mut self, payment_id: &str) -> Option<PageDelivery> {
        let id = payment_id.parse().ok()?;
        self.bank.event_for(id).map(PageDelivery::from)
    }

    /// Remembers what the receiver answered: a status, or why there is none.
    #[wasm_bindgen(js_name = recordDelivery)]
    pub fn record_delivery(&mut self, now_ms: u64, delivery: &PageDelivery, status: u16) {
        let outcome = StatusCode::from_u16(status).map_err(|e| e.to_string());
        self.bank.record_delivery(moment(now_ms), delivery.inner(), outcome);
    }

    /// The bank's own time, in milliseconds.
    #[wasm_bindgen(getter, js_name = nowMs)]
    pub fn now_ms(&self) -> u64 {
        u64::try_from(self.bank.now().as_millis()).unwrap_or(u64::MAX)
    }

    /// The ledger, as `GET /_sandbox/ledger` shows it: JSON.
    pub fn ledger(&self) -> String {
        json(&self.bank.ledger())
    }

    /// What arrived, as `GET /_sandbox/requests` shows it: JSON.
    pub fn requests(&self) -> String {
        json(&self.bank.requests().collect::<Vec<_>>())
    }

    /// Whether each webhook was taken, as `GET /_sandbox/deliveries` shows it: JSON.
    pub fn deliveries(&self) -> String {
        json(&self.bank.deliveries().collect::<Vec<_>>())
    }

    /// Every account: `[{"accountId", "name", "own"}]`. Those that are not the
    /// client's own stand for the world outside.
    pub fn accounts(&self) -> String {
        #[derive(Serialize)]
        struct Account {
            #[serde(rename = "accountId")]
            id: String,
            name: &'static str,
            own: bool,
        }
        let accounts = self.bank.ledger().accounts.into_iter().map(|account| Account {
            id: account.account_id.to_string(),
            name: account.name,
            own: ![ACH_CLEARING, WIRE_CLEARING].contains(&account.account_id),
        });
        json(&accounts.collect::<Vec<_>>())
    }
}

fn moment(unix_ms: u64) -> Duration {
    Duration::from_millis(unix_ms)
}

fn json(value: &impl Serialize) -> String {
    // Only a map whose keys are not strings could fail, and there is none.
    serde_json::to_string(value).unwrap_or_default()
}

#[cfg(test)]
mod tests;
