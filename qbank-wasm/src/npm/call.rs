//! One call, as `js/drive.js` drives it.

use std::task::Waker;

use qbank_bindings::to_json;
use wasm_bindgen::prelude::*;

use crate::driver::clocks;
use crate::wake::WakeFlag;

#[wasm_bindgen]
pub struct Call {
    inner: qbank_bindings::Call,
    wake: WakeFlag,
    waker: Waker,
}

impl Call {
    pub(super) fn new(inner: qbank_bindings::Call) -> Self {
        let (wake, waker) = WakeFlag::new();
        Self { inner, wake, waker }
    }
}

#[wasm_bindgen]
impl Call {
    /// The record of the next step. Clocks are in milliseconds.
    pub fn poll(&mut self, mono: f64, unix: f64) -> String {
        to_json(&self.inner.poll(clocks(mono, unix), &self.waker))
    }

    /// Whether another call may end this one's wait early.
    #[wasm_bindgen(js_name = isAwaited)]
    pub fn is_awaited(&self) -> bool {
        self.wake.is_awaited()
    }

    /// Whether it did since this was last asked.
    pub fn woken(&self) -> bool {
        self.wake.take()
    }

    /// The body of the request to send, or of the response that counted.
    pub fn body(&self) -> Vec<u8> {
        self.inner.body().to_vec()
    }

    /// Whether the body of a response with this status is to be read as a list.
    pub fn streams(&mut self, mono: f64, unix: f64, status: u16) -> bool {
        self.inner.streams(clocks(mono, unix), status)
    }

    /// What came of the exchange.
    pub fn settle(&mut self, mono: f64, unix: f64, response: &str, body: Vec<u8>) {
        self.inner.settle(clocks(mono, unix), response, body);
    }

    /// What the application's supplier gave.
    pub fn supply(&mut self, mono: f64, unix: f64, token: &str) {
        self.inner.supply(clocks(mono, unix), token);
    }

    /// Gives up: the record of the last step.
    pub fn abandon(&mut self, mono: f64, unix: f64) -> String {
        to_json(&self.inner.abandon(clocks(mono, unix)))
    }

    /// The record of the items that a chunk of a list completes. No chunk is its end, and
    /// `broken`, if it is not empty, says why that came too early.
    pub fn items(&mut self, chunk: &[u8], broken: &str) -> String {
        to_json(&self.inner.items(chunk, Some(broken).filter(|broken| !broken.is_empty())))
    }
}
