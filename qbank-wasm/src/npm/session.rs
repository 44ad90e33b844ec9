//! What the calls of one client share.

use qbank_bindings::{Error, Fate, to_json};
use wasm_bindgen::prelude::*;
use zeroize::Zeroizing;

use super::call::Call;

#[wasm_bindgen]
pub struct Session(qbank_bindings::Session);

#[wasm_bindgen]
impl Session {
    /// Throws the record of an error. The options hold the client secret: they are wiped.
    #[wasm_bindgen(constructor)]
    pub fn new(options: String) -> Result<Session, String> {
        let options = Zeroizing::new(options);
        let session = qbank_bindings::Session::new(&options);
        session.map(Self).map_err(|error| to_json(&error))
    }

    /// Makes a call of an operation, or throws the record of an error.
    pub fn call(
        &self,
        operation: &str,
        request: &str,
        options: &str,
        random: &[u8],
    ) -> Result<Call, String> {
        let call = self.0.call(operation, request, options, random);
        call.map(Call::new).map_err(|error| to_json(&error))
    }
}

/// The record of the error of a member that breaks a rule.
#[wasm_bindgen(js_name = invalidInput)]
pub fn invalid_input(field: &str, rule: &str, fate: &str) -> String {
    let fate = match fate {
        "not_applicable" => Fate::NotApplicable,
        "never_sent" => Fate::NeverSent,
        _ => Fate::Unknown,
    };
    to_json(&Error::invalid_input(field, rule, fate))
}
