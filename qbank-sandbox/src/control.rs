//! The control surface: what only a sandbox has, under `/_sandbox`.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use serde::Serialize;

use crate::answer::Answer;
use crate::bank::{Bank, MAX_BODY};
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::fields::Fields;

/// The longest step of the clock: ten years.
const LONGEST_STEP: u64 = 10 * 366 * 24 * 60 * 60;

/// What there is, and what it takes: for whoever has only the address.
#[derive(Serialize)]
struct Entry {
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    what: &'static str,
}

const fn entry(
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    what: &'static str,
) -> Entry {
    Entry { method, path, body, what }
}

const INDEX: [Entry; 11] = [
    entry("GET", "/_sandbox/ledger", None, "accounts, entries (one per intent), and the total"),
    entry("GET", "/_sandbox/requests", None, "what arrived, in order"),
    entry("DELETE", "/_sandbox/requests", None, "forgets them"),
    entry(
        "POST",
        "/_sandbox/faults",
        Some(
            r#"{"method":"POST","path":"/v1/payments/ach","kind":"refuse|drop_after_commit|truncate|delay|status|html|garbage|slow|revoke_token|in_flight","times":1,"ms":…,"status":…,"retry_after":…,"location":…,"bytes_per_s":…}"#,
        ),
        "the next so many requests to this path (a * at its end is any rest) meet this",
    ),
    entry("GET", "/_sandbox/faults", None, "the faults that are left"),
    entry("DELETE", "/_sandbox/faults", None, "forgets them"),
    entry("POST", "/_sandbox/advance", Some(r#"{"seconds":900}"#), "moves the bank's clock"),
    entry(
        "POST",
        "/_sandbox/webhooks",
        Some(r#"{"url":"http://127.0.0.1:9000/hook","secret":"…"}"#),
        "tells this receiver of final payments; loopback only",
    ),
    entry("GET", "/_sandbox/webhooks", None, "the receivers"),
    entry("DELETE", "/_sandbox/webhooks", None, "forgets them"),
    entry("GET", "/_sandbox/deliveries", None, "each delivery attempt, and its answer"),
];

/// The path below `/_sandbox`, if it is one.
pub(crate) fn below(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/_sandbox")?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Any content type is taken: these requests are typed by hand.
pub(crate) fn answer(
    bank: &mut Bank,
    now: Duration,
    below: &str,
    request: &Request<Bytes>,
) -> Result<Answer, Refusal> {
    let body = request.body();
    if body.len() > MAX_BODY {
        return Err(Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR_REQ_004", "Too large."));
    }
    match (below, request.method().as_str()) {
        ("" | "/", "GET") => Ok(Answer::json(StatusCode::OK, &INDEX)),
        ("/ledger", "GET") => Ok(Answer::json(StatusCode::OK, &bank.ledger())),
        ("/requests", "GET") => Ok(Answer::json(StatusCode::OK, bank.journal.requests())),
        ("/requests", "DELETE") => {
            bank.journal.clear();
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        ("/faults", "GET") => Ok(bank.faults.list()),
        ("/faults", "POST") => bank.faults.add(body),
        ("/faults", "DELETE") => {
            bank.faults.clear();
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        ("/advance", "POST") => advance(bank, now, body),
        ("/webhooks", "GET") => Ok(bank.webhooks.list()),
        ("/webhooks", "POST") => bank.webhooks.register(body),
        ("/webhooks", "DELETE") => {
            bank.webhooks.clear();
            Ok(Answer::empty(StatusCode::NO_CONTENT))
        }
        ("/deliveries", "GET") => Ok(Answer::json(StatusCode::OK, bank.webhooks.records())),

        ("" | "/" | "/ledger" | "/deliveries", _) => Err(Refusal::method_not_allowed("GET")),
        ("/requests", _) => Err(Refusal::method_not_allowed("GET, DELETE")),
        ("/faults" | "/webhooks", _) => Err(Refusal::method_not_allowed("GET, POST, DELETE")),
        ("/advance", _) => Err(Refusal::method_not_allowed("POST")),
        _ => Err(Refusal::not_found("ERR_REQ_003", "There is nothing at this path.")),
    }
}

/// `POST /_sandbox/advance`: says what time it is then.
fn advance(bank: &mut Bank, now: Duration, body: &[u8]) -> Result<Answer, Refusal> {
    #[derive(Serialize)]
    struct Advanced {
        now: String,
    }
    let mut fields = Fields::parse(body)?;
    let seconds = fields.number("seconds", 0, LONGEST_STEP)?;
    fields.end()?;
    bank.advance(now, Duration::from_secs(seconds));
    Ok(Answer::json(StatusCode::OK, &Advanced { now: timestamp(bank.now()) }))
}
