//! Turns what a call came to into JSON that `js/client.js` reads: members in camel
//! case, dollars as decimal strings.

use std::io;

use js_sys::Uint8Array;
use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::Payment;
use qbank_proto::http::{HeaderMap, Response};
use qbank_proto::{Attempt, Error, Reply};
use serde::Serialize;
use serde_json::ser::Formatter;
use wasm_bindgen::prelude::*;

/// The JSON text, and the raw body or `undefined`.
pub(super) type Told = (String, JsValue);

#[derive(Serialize)]
struct Good<'a, T> {
    data: &'a T,
    fate: &'static str,
    status: u16,
    headers: Headers<'a>,
    idempotency_key: Option<String>,
    first_sent: Option<i64>,
    followed_conflict: bool,
    attempts: usize,
    attempt_log: Vec<Sent>,
}

#[derive(Serialize)]
struct Bad<'a> {
    error: Evidence<'a>,
}

#[derive(Serialize)]
struct Evidence<'a> {
    kind: &'static str,
    fate: &'static str,
    message: String,
    status: Option<u16>,
    error_code: Option<&'a str>,
    request_id: Option<String>,
    title: Option<&'a str>,
    detail: Option<&'a str>,
    transaction_id: Option<String>,
    idempotency_key: Option<String>,
    first_sent: Option<i64>,
    attempts: usize,
    attempt_log: Vec<Sent>,
    retry_after_ms: Option<u64>,
    field: Option<&'a str>,
    needed_scope: Option<&'a str>,
    payment: Option<&'a Payment>,
    headers: Option<Headers<'a>>,
}

/// Pairs, since a name can come twice.
type Headers<'a> = Vec<(&'a str, &'a str)>;

/// One send of an intent; moments are milliseconds since 1970.
#[derive(Serialize)]
struct Sent {
    at: i64,
    status: Option<u16>,
    fault: Option<String>,
    fate: &'static str,
}

/// A good answer.
pub(super) fn good<T: Serialize>(reply: &Reply<T>) -> Told {
    let json = json(&Good {
        data: &reply.value,
        fate: reply.fate.as_str(),
        status: reply.status().as_u16(),
        headers: headers(reply.headers()),
        idempotency_key: reply.key.map(|key| key.to_string()),
        first_sent: reply.first_sent.map(|at| at.timestamp_millis()),
        followed_conflict: reply.followed,
        attempts: reply.attempts.len(),
        attempt_log: log(&reply.attempts),
    });
    (json, Uint8Array::from(reply.raw().as_ref()).into())
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
pub(super) fn value<T: Serialize>(data: T) -> Told {
    #[derive(Serialize)]
    struct Value<T> {
        data: T,
    }
    (json(&Value { data }), JsValue::UNDEFINED)
}

fn evidence(error: &Error) -> String {
    json(&Bad {
        error: Evidence {
            kind: error.kind().as_str(),
            fate: error.fate().as_str(),
            message: error.to_string(),
            status: error.status().map(|status| status.as_u16()),
            error_code: error.error_code(),
            request_id: error.request_id().map(|id| id.to_string()),
            title: error.title(),
            detail: error.detail(),
            transaction_id: error.transaction_id().map(|id| id.to_string()),
            idempotency_key: error.idempotency_key().map(|key| key.to_string()),
            first_sent: error.first_sent().map(|at| at.timestamp_millis()),
            attempts: error.attempts().len(),
            attempt_log: log(error.attempts()),
            retry_after_ms: error
                .retry_after()
                .map(|wait| u64::try_from(wait.as_millis()).unwrap_or(u64::MAX)),
            field: error.input_field(),
            needed_scope: error.needed_scope().map(qbank_proto::Scope::as_str),
            payment: error.payment(),
            headers: error.response().map(|response| headers(response.headers())),
        },
    })
}

fn log(attempts: &[Attempt]) -> Vec<Sent> {
    let sent = |attempt: &Attempt| Sent {
        at: attempt.at.timestamp_millis(),
        status: attempt.status.map(|status| status.as_u16()),
        fault: attempt.fault.map(|fault| fault.to_string()),
        fate: attempt.fate.as_str(),
    };
    attempts.iter().map(sent).collect()
}

fn headers(headers: &HeaderMap) -> Headers<'_> {
    let pairs = headers.iter().map(|(name, value)| (name.as_str(), value.to_str()));
    pairs.filter_map(|(name, value)| Some((name, value.ok()?))).collect()
}

/// Nothing here fails to serialise: keys are strings and the sink is memory.
pub(super) fn json(value: &impl Serialize) -> String {
    let mut text = Vec::with_capacity(512);
    let mut serializer = serde_json::Serializer::with_formatter(&mut text, JavaScript::default());
    match value.serialize(&mut serializer) {
        Ok(()) => String::from_utf8(text).unwrap_or_default(),
        Err(_) => String::new(),
    }
}

/// Writes `account_id` as `accountId`, and a number whose digits count as a
/// string: JavaScript's numbers are binary floats.
#[derive(Default)]
struct JavaScript {
    in_key: bool,
}

impl Formatter for JavaScript {
    fn begin_object_key<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.in_key = true;
        if first { Ok(()) } else { out.write_all(b",") }
    }

    fn end_object_key<W: io::Write + ?Sized>(&mut self, _: &mut W) -> io::Result<()> {
        self.in_key = false;
        Ok(())
    }

    fn write_string_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        text: &str,
    ) -> io::Result<()> {
        if !self.in_key {
            return out.write_all(text.as_bytes());
        }
        for (at, word) in text.split('_').enumerate() {
            let (first, rest) = word.split_at(usize::from(at > 0).min(word.len()));
            out.write_all(first.to_ascii_uppercase().as_bytes())?;
            out.write_all(rest.as_bytes())?;
        }
        Ok(())
    }

    fn write_raw_fragment<W: io::Write + ?Sized>(
        &mut self,
        out: &mut W,
        digits: &str,
    ) -> io::Result<()> {
        out.write_all(b"\"")?;
        out.write_all(digits.as_bytes())?;
        out.write_all(b"\"")
    }
}

/// What a thrown value says.
pub(super) fn message(error: &JsValue) -> String {
    let message = js_sys::Reflect::get(error, &"message".into()).unwrap_or_default();
    let said = message.as_string().or_else(|| error.as_string());
    said.unwrap_or_else(|| "an error without a message".to_owned())
}
