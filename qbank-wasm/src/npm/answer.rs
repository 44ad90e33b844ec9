//! Turns what a call came to into JSON that `js/client.js` reads.

use js_sys::Uint8Array;
use qbank_proto::bytes::Bytes;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::http::{HeaderMap, Response, StatusCode};
use qbank_proto::{Attempt, Error, Fate, IdempotencyKey, JsonObject, Reply};
use wasm_bindgen::prelude::*;

use super::data::{Data, List, payment};

/// The JSON text, and the raw body or `undefined`.
pub(super) type Told = (String, JsValue);

/// A good answer.
pub(super) fn good<T: Data>(reply: &Reply<T>) -> Told {
    with_data(&reply.value.data(), reply)
}

/// A good answer whose value is told apart.
pub(super) fn with_data<T>(data: &str, reply: &Reply<T>) -> Told {
    Good {
        data,
        fate: reply.fate,
        status: reply.status(),
        headers: reply.headers(),
        raw: reply.raw(),
        key: reply.key,
        first_sent: reply.first_sent,
        followed: reply.followed,
        attempts: &reply.attempts,
    }
    .told()
}

/// A [`Reply`] without the type of its value.
struct Good<'a> {
    data: &'a str,
    fate: Fate,
    status: StatusCode,
    headers: &'a HeaderMap,
    raw: &'a Bytes,
    key: Option<IdempotencyKey>,
    first_sent: Option<DateTime<Utc>>,
    followed: bool,
    attempts: &'a [Attempt],
}

impl Good<'_> {
    fn told(&self) -> Told {
        let mut json = JsonObject::new();
        json.json("data", self.data)
            .text("fate", self.fate.as_str())
            .json("status", &self.status.as_u16().to_string())
            .json("headers", &headers(self.headers));
        or_null(&mut json, "idempotencyKey", self.key.map(|key| key.to_string()).as_deref());
        number(&mut json, "firstSent", self.first_sent.map(|at| at.timestamp_millis()));
        json.json("followedConflict", if self.followed { "true" } else { "false" });
        attempts(&mut json, self.attempts);
        (json.finish(), Uint8Array::from(self.raw.as_ref()).into())
    }
}

/// A failure.
pub(super) fn bad(error: &Error) -> Told {
    let raw = error.response().map(Response::<Bytes>::body);
    let raw = raw.map_or(JsValue::UNDEFINED, |raw| Uint8Array::from(raw.as_ref()).into());
    (evidence(error), raw)
}

/// A failure, to be thrown.
pub(super) fn thrown(error: &Error) -> JsValue {
    evidence(error).into()
}

/// A value that came without an answer of the bank's.
pub(super) fn value(data: &str) -> Told {
    let mut json = JsonObject::new();
    json.json("data", data);
    (json.finish(), JsValue::UNDEFINED)
}

fn evidence(error: &Error) -> String {
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
    let retry_after = error.retry_after().map(|wait| i64::try_from(wait.as_millis()));
    number(&mut json, "retryAfterMs", retry_after.map(|ms| ms.unwrap_or(i64::MAX)));
    or_null(&mut json, "field", error.input_field());
    or_null(&mut json, "neededScope", error.needed_scope().map(qbank_proto::Scope::as_str));
    json.json("payment", error.payment().map(payment).as_deref().unwrap_or(NULL));
    let headers = error.response().map(|response| headers(response.headers()));
    json.json("headers", headers.as_deref().unwrap_or(NULL));
    let mut outer = JsonObject::new();
    outer.json("error", &json.finish());
    outer.finish()
}

const NULL: &str = "null";

/// A text, or `null`.
pub(super) fn or_null(json: &mut JsonObject, name: &str, text: Option<&str>) {
    match text {
        Some(text) => json.text(name, text),
        None => json.json(name, NULL),
    };
}

/// A number, or `null`.
pub(super) fn number(json: &mut JsonObject, name: &str, number: Option<i64>) {
    match number {
        Some(number) => json.json(name, &number.to_string()),
        None => json.json(name, NULL),
    };
}

/// How many there were, and each; moments are milliseconds since 1970.
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
    json.json("attempts", &attempts.len().to_string()).json("attemptLog", &log.finish());
}

/// Pairs, since a name can come twice.
fn headers(headers: &HeaderMap) -> String {
    let mut pairs = List::new();
    for (name, value) in headers {
        let Ok(value) = value.to_str() else { continue };
        let mut pair = List::new();
        pair.push(&JsonObject::quoted(name.as_str()));
        pair.push(&JsonObject::quoted(value));
        pairs.push(&pair.finish());
    }
    pairs.finish()
}

/// What a thrown value says.
pub(super) fn message(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).unwrap_or_default();
    let said = message.as_string().or_else(|| error.as_string());
    said.unwrap_or_else(|| "an error without a message".to_owned())
}
