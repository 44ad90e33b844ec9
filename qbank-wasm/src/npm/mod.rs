//! What the npm package's JavaScript calls: one object that makes calls by name.
//!
//! ```text
//!   js/client.js ──► Engine.call(operation, request, options)
//!                       │ fields: JavaScript members, checked and named
//!                       │ operation: an endpoint of the core
//!                       ▼ answer, data: one JSON text and the raw body
//! ```

mod answer;
mod data;
mod fields;
mod operation;
mod options;
mod webhook;

use js_sys::{Array, Promise};
use qbank_proto::Client;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::future_to_promise;

use crate::Fetch;

/// A client of the bank, as `js/client.js` sees it.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Engine(Client<Fetch>);

#[wasm_bindgen]
impl Engine {
    /// A client with the options of `QBankConnectClient`. What is thrown is an
    /// error as JSON.
    #[wasm_bindgen(constructor)]
    pub fn new(options: &JsValue) -> Result<Engine, JsValue> {
        options::client(options).map(Self).map_err(|error| answer::thrown(&error))
    }

    /// Makes a call. The promise never rejects: it is an answer or an error, as
    /// JSON and, if there is one, the raw body.
    pub fn call(&self, operation: &str, request: JsValue, options: JsValue) -> Promise {
        let chosen = operation::call(&self.0, operation, request, options);
        let fetch = self.0.driver().clone();
        future_to_promise(async move {
            let (json, raw) = match chosen {
                Ok((call, signal)) => fetch.drive_until(call, signal).await,
                Err(error) => answer::bad(&error),
            };
            Ok(Array::of2(&json.into(), &raw).into())
        })
    }
}
