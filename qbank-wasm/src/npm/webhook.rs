//! Verifies a delivery for `js/webhook.js`.

use qbank_bindings::{to_json, verify};
use wasm_bindgen::prelude::*;

/// The event as JSON, or `null` if the signature is genuine but the body is no event of ours.
/// Throws the record of why not.
#[wasm_bindgen(js_name = verifyWebhook)]
pub fn verify_webhook(body: &[u8], delivery: &str) -> Result<String, String> {
    verify(body, delivery).map(|event| to_json(&event)).map_err(|refusal| to_json(&refusal))
}
