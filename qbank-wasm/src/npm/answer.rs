//! What a call came to, as JSON that `js/client.js` reads.

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::Payment;
use qbank_proto::http::{HeaderMap, HeaderName};
use qbank_proto::{Attempt, Error, JsonObject, Reply, TokenInfo};

use super::data::{Data, List, payment};

/// All headers of an answer as JSON: this side reads a few of them, and JavaScript has
/// names and values for all.
pub(super) const PACKED: HeaderName = HeaderName::from_static("x-packed");

/// A good answer, and its raw body.
#[expect(clippy::needless_pass_by_value, reason = "as all that tell")]
pub(super) fn good(reply: Reply<String>) -> (String, Bytes) {
    let mut json = JsonObject::new();
    json.json("data", &reply.value)
        .text("fate", reply.fate.as_str())
        .json("status", &reply.status().as_u16().to_string())
        .json("headers", packed(reply.headers()));
    or_null(&mut json, "idempotencyKey", reply.key.map(|key| key.to_string()).as_deref());
    number(&mut json, "firstSent", reply.first_sent.map(|at| at.timestamp_millis()));
    json.json("followedConflict", if reply.followed { "true" } else { "false" });
    attempts(&mut json, &reply.attempts);
    (json.finish(), reply.raw().clone())
}

/// A payment that was waited for.
pub(super) fn seen(reply: Reply<Payment>) -> (String, Bytes) {
    good(reply.map(|payment| payment.data()))
}

/// The token that a session has, but for its text.
#[expect(clippy::needless_pass_by_value, reason = "as all that tell")]
pub(super) fn token(info: TokenInfo) -> (String, Bytes) {
    let mut json = JsonObject::new();
    or_null(&mut json, "scope", info.scope.as_deref());
    let left = info.expires_in.map(|left| left.as_secs().saturating_mul(1000));
    number(&mut json, "expiresInMs", left.map(|left| i64::try_from(left).unwrap_or(i64::MAX)));
    let mut outer = JsonObject::new();
    outer.json("data", &json.finish());
    (outer.finish(), Bytes::new())
}

/// A failure.
pub(super) fn bad(error: &Error) -> String {
    let mut json = JsonObject::new();
    json.json("error", &evidence(error));
    json.finish()
}

pub(super) fn evidence(error: &Error) -> String {
    let mut json = JsonObject::new();
    json.text("kind", error.kind().as_str())
        .text("fate", error.fate().as_str())
        .text("message", &error.to_string());
    number(&mut json, "status", error.status().map(|status| status.as_u16().into()));
    or_null(&mut json, "errorCode", error.error_code());
    or_null(&mut json, "requestId", error.request_id().map(|id| id.to_string()).as_deref());
    or_null(&mut json, "title", error.title());
    or_null(&mut json, "detail", error.detail());
    or_null(&mut json, "transactionId", error.transaction_id().map(|id| id.to_string()).as_deref());
    let key = error.idempotency_key().map(|key| key.to_string());
    or_null(&mut json, "idempotencyKey", key.as_deref());
    number(&mut json, "firstSent", error.first_sent().map(|at| at.timestamp_millis()));
    attempts(&mut json, error.attempts());
    let asked = error.retry_after().map(|wait| wait.as_secs().saturating_mul(1000));
    number(&mut json, "retryAfterMs", asked.map(|ms| i64::try_from(ms).unwrap_or(i64::MAX)));
    or_null(&mut json, "field", error.input_field());
    or_null(&mut json, "neededScope", error.needed_scope().map(qbank_proto::Scope::as_str));
    number(&mut json, "offset", error.offset().map(|at| i64::try_from(at).unwrap_or(i64::MAX)));
    json.json("payment", error.payment().map(payment).as_deref().unwrap_or(NULL));
    json.json("headers", error.response().map_or(NULL, |response| packed(response.headers())));
    json.finish()
}

pub(super) const NULL: &str = "null";

fn packed(headers: &HeaderMap) -> &str {
    headers.get(&PACKED).and_then(|json| json.to_str().ok()).unwrap_or("[]")
}

/// A text, or `null`.
pub(super) fn or_null(json: &mut JsonObject, name: &str, text: Option<&str>) {
    match text {
        Some(text) => json.text(name, text),
        None => json.json(name, NULL),
    };
}

/// A number, or `null`.
fn number(json: &mut JsonObject, name: &str, number: Option<i64>) {
    match number {
        Some(number) => json.json(name, &number.to_string()),
        None => json.json(name, NULL),
    };
}

/// Each; moments are milliseconds since 1970.
fn attempts(json: &mut JsonObject, attempts: &[Attempt]) {
    let mut log = List::new();
    for attempt in attempts {
        let mut json = JsonObject::new();
        number(&mut json, "at", Some(attempt.at.timestamp_millis()));
        number(&mut json, "status", attempt.status.map(|status| status.as_u16().into()));
        or_null(&mut json, "fault", attempt.fault.map(|fault| fault.to_string()).as_deref());
        json.text("fate", attempt.fate.as_str());
        log.push(&json.finish());
    }
    json.json("attemptLog", &log.finish());
}
