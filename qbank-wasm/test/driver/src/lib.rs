//! An application in Rust that runs as wasm: what `driver.test.mjs` calls.

use qbank_wasm::endpoint::CreateAch;
use qbank_wasm::js_sys::{Function, Promise};
use qbank_wasm::{
    AbortSignal, AccessToken, AccountId, Call, Client, Config, Credentials, Driver, Environment,
    Error, Fetch, Message, WriteOptions,
};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A client over this function, with a token of this supplier.
#[wasm_bindgen]
#[derive(Debug)]
pub struct App(Client);

#[wasm_bindgen]
impl App {
    /// With limits in milliseconds.
    #[wasm_bindgen(constructor)]
    pub fn new(fetch: Function, supplier: Function, timeout: u32) -> Result<App, String> {
        let fetch = Fetch::with_function(fetch).token_supplier(move |_| {
            let asked = supplier.call0(&JsValue::UNDEFINED);
            async move {
                let failed = |_| Message::new("no token");
                let text = JsFuture::from(Promise::resolve(&asked.map_err(failed)?));
                let text = text.await.map_err(failed)?.as_string().unwrap_or_default();
                Ok(AccessToken::new(&text)?)
            }
        });
        let bank = Environment::custom("https://bank.example/v1");
        let mut config = Config::new(bank, Credentials::Supplier);
        config.timeout = std::time::Duration::from_millis(timeout.into());
        config.retry.base = std::time::Duration::from_millis(1);
        let client = Client::with_driver(config, fetch);
        client.map(Self).map_err(|error| error.to_string())
    }

    /// Pays, and tells what came of it.
    pub async fn pay(&self, signal: Option<AbortSignal>) -> String {
        let call = self.call();
        match self.0.driver().drive_until(call, signal).await {
            Ok(reply) => {
                let id = reply.value.payment_id.map(|id| id.to_string());
                format!("{} {} {}", reply.fate, reply.attempts.len(), id.unwrap_or_default())
            }
            Err(error) => summary(&error),
        }
    }

    /// Begins to pay, and drops it when this promise is kept.
    pub async fn pay_until(&self, promise: Promise) {
        let mut paying = std::pin::pin!(self.0.driver().drive(self.call()));
        let mut until = std::pin::pin!(JsFuture::from(promise));
        std::future::poll_fn(|cx| {
            let _ = paying.as_mut().poll(cx);
            until.as_mut().poll(cx).map(drop)
        })
        .await;
    }

    fn call(&self) -> Call<CreateAch> {
        let account = |last: char| -> Option<AccountId> {
            format!("6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f1{last}").parse().ok()
        };
        let (Some(from), Some(to), Ok(amount)) = (account('0'), account('1'), "10.50".parse())
        else {
            unreachable!("they are what they say");
        };
        let entropy = self.0.driver().entropy();
        let key = qbank_wasm::IdempotencyKey::from_entropy(entropy.key);
        let payment = CreateAch::new(from, to, amount);
        Call::new(self.0.session(), payment, WriteOptions::new(key), entropy.jitter)
    }
}

fn summary(error: &Error) -> String {
    format!("{} {} {} {error}", error.kind(), error.fate(), error.attempts().len())
}
