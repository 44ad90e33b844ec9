//! Verifies a delivery for `js/webhook.js`.

use std::time::Duration;

use qbank_proto::webhook::{Delivery, Event, Verifier, VerifyError};

use super::data::Data;
use super::input::Input;

/// Whether the signature is genuine: then the event as JSON, or nothing if the
/// body is no event of ours. Else why not: a name and a sentence with a colon between
/// them.
///
/// `delivery` is a record in JSON: `signature`, `eventId`, `timestamp`, `secrets`, `unix`
/// in seconds as now, and `tolerance` in seconds, which chooses the Standard Webhooks
/// scheme.
pub(super) fn verified(body: &[u8], delivery: &str) -> String {
    let Ok(input) = Input::of(delivery) else { return told(VerifyError::Malformed) };
    let secrets = input.texts("secrets");
    let (signature, event_id) = (input.text("signature"), input.opt_text("eventId"));
    let timestamp = input.opt_text("timestamp");
    let delivery = Delivery {
        body,
        signature: &signature,
        event_id: event_id.as_deref(),
        timestamp: timestamp.as_deref(),
    };
    let seconds = |name| input.number(name).map(Duration::from_secs);
    let verified = match seconds("tolerance") {
        None => Verifier::new(secrets),
        Some(tolerance) => Verifier::standard(secrets, tolerance),
    }
    .and_then(|verifier| verifier.verify(&delivery, seconds("unix").unwrap_or_default()));
    match verified {
        Ok(()) => Event::parse(body).map_or_else(|_| String::new(), |event| event.data()),
        Err(error) => told(error),
    }
}

fn told(error: VerifyError) -> String {
    format!("{}:{error}", reason(error))
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
