//! What the package's JavaScript calls: classes and functions over texts, bytes and numbers.

use qbank_proto::{Entropy, Error, Fate};
use wasm_bindgen::prelude::*;

use super::input::Input;
use super::{answer, config, now, operation, webhook};

/// What the calls of one client share.
#[wasm_bindgen]
pub struct Session(qbank_proto::Session);

#[wasm_bindgen]
impl Session {
    /// Opens a session with a configuration, or throws, as JSON, why there is none.
    #[wasm_bindgen(constructor)]
    pub fn new(configuration: String) -> Result<Session, String> {
        config::session(configuration).map(Self).map_err(|error| answer::bad(&error))
    }

    /// Makes a call of an operation, of its input and random bytes. Input that is wrong
    /// makes one that is done from the start, with an error of this fate.
    pub fn call(&self, operation: usize, input: &str, random: &[u8], fate: &str) -> Call {
        let entropy = Entropy::from_bytes(random.try_into().unwrap_or_default());
        let made = Input::of(input)
            .and_then(|input| operation::machine(&self.0, operation, &input, entropy));
        Call(super::call::Call::new(made.map_err(|error| error.with_fate(known(fate)))))
    }
}

/// One call, as `js/drive.js` drives it.
#[wasm_bindgen]
pub struct Call(super::call::Call);

#[wasm_bindgen]
impl Call {
    /// What to do next, as JSON.
    pub fn poll(&mut self, mono: f64, unix: f64) -> String {
        self.0.poll(now(mono, unix))
    }

    /// What came of the exchange.
    pub fn settle(&mut self, mono: f64, unix: f64, response: &str, body: Vec<u8>) {
        self.0.settle(now(mono, unix), response, body);
    }

    /// What the application's supplier gave.
    pub fn supply(&mut self, mono: f64, unix: f64, token: &str) {
        self.0.supply(now(mono, unix), token);
    }

    /// Gives up, and says what is known.
    pub fn abandon(&mut self, mono: f64, unix: f64) -> String {
        self.0.abandon(now(mono, unix))
    }

    /// Whether the call was woken since this was last asked.
    pub fn woken(&self) -> bool {
        self.0.rung()
    }

    /// The body of the request to send, or of the response that counted.
    pub fn body(&self) -> Vec<u8> {
        self.0.body().to_vec()
    }

    /// Whether the body of a response with this status is to be read as a list.
    pub fn streams(&mut self, mono: f64, unix: f64, status: u16) -> bool {
        self.0.streams(now(mono, unix), status)
    }

    /// The items that a chunk of a list completes.
    pub fn items(&mut self, chunk: &[u8], broken: String) -> String {
        self.0.items(chunk, broken)
    }
}

/// The error of an input and the rule that it breaks, as JSON.
#[wasm_bindgen]
pub fn refusal(field: &str, rule: &str, fate: &str) -> String {
    answer::bad(&Error::invalid_input(field, rule).with_fate(known(fate)))
}

/// See [`webhook::verified`].
#[wasm_bindgen(js_name = verifyWebhook)]
pub fn verify_webhook(body: &[u8], delivery: &str) -> String {
    webhook::verified(body, delivery)
}

/// What is known of the money before anything is sent.
fn known(fate: &str) -> Fate {
    match fate {
        "not_applicable" => Fate::NotApplicable,
        "never_sent" => Fate::NeverSent,
        // Nothing was sent now, but perhaps before.
        _ => Fate::Unknown,
    }
}
