//! Verifies a delivery for `js/webhook.js`.

use std::time::Duration;

use js_sys::Array;
use qbank_proto::webhook::{Delivery, Event, Verifier, VerifyError};
use wasm_bindgen::prelude::*;

use super::data::Data;
use crate::platform::now;

/// Whether the signature is genuine: then the event as JSON, or nothing if the
/// body is no event of ours. What is thrown is why not, a name and a sentence
/// with a colon between them.
///
/// `tolerance` in seconds chooses the Standard Webhooks scheme; `unix` in seconds
/// is now.
#[wasm_bindgen(js_name = verifyDelivery)]
#[expect(clippy::needless_pass_by_value, reason = "what JavaScript gives")]
#[allow(unreachable_pub, reason = "`wasm_bindgen` wants it public")]
pub fn verify_delivery(
    body: &[u8],
    signature: &str,
    event_id: Option<String>,
    timestamp: Option<String>,
    secrets: &Array,
    tolerance: Option<f64>,
    unix: Option<f64>,
) -> Result<Option<String>, JsValue> {
    let secrets = secrets.iter().map(|secret| secret.as_string().unwrap_or_default());
    let delivery = Delivery {
        body,
        signature,
        event_id: event_id.as_deref(),
        timestamp: timestamp.as_deref(),
    };
    let unix = unix.map_or_else(|| now().unix, seconds);
    let verified = match tolerance {
        None => Verifier::new(secrets),
        Some(tolerance) => Verifier::standard(secrets, seconds(tolerance)),
    }
    .and_then(|verifier| verifier.verify(&delivery, unix));
    verified.map_err(|error| JsValue::from(format!("{}:{error}", reason(error))))?;
    Ok(Event::parse(body).ok().map(|event| event.data()))
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "saturates")]
fn seconds(seconds: f64) -> Duration {
    Duration::from_secs(seconds as u64)
}

fn reason(error: VerifyError) -> &'static str {
    match error {
        VerifyError::Missing => "missing",
        VerifyError::TooMany => "too_many",
        VerifyError::Mismatch => "mismatch",
        VerifyError::Timestamped => "timestamped",
        VerifyError::Stale => "stale",
        VerifyError::NoIdOrTimestamp => "no_id_or_timestamp",
        VerifyError::BadSecret => "bad_secret",
        _ => "malformed",
    }
}
