//! The paths of the control surface and the bodies that they take: `GET /_sandbox`.

use serde::Serialize;

#[derive(Serialize)]
pub(super) struct Entry {
    method: &'static str,
    path: &'static str,
    body: Option<&'static str>,
    what: &'static str,
}

const fn get(path: &'static str, what: &'static str) -> Entry {
    Entry { method: "GET", path, body: None, what }
}

const fn post(path: &'static str, body: &'static str, what: &'static str) -> Entry {
    Entry { method: "POST", path, body: Some(body), what }
}

const fn delete(path: &'static str, what: &'static str) -> Entry {
    Entry { method: "DELETE", path, body: None, what }
}

/// The bank in a browser page is built without its description.
const ENTRIES: usize = if cfg!(feature = "server") { 21 } else { 19 };

pub(super) const INDEX: [Entry; ENTRIES] = [
    #[cfg(feature = "server")]
    get("/_sandbox/docs", "the reference of the bank's API, to read"),
    #[cfg(feature = "server")]
    get("/_sandbox/openapi.yaml", "the same, for programs: OpenAPI 3.1"),
    get("/_sandbox/ledger", "accounts, entries (one per intent), reversals, and the total"),
    get("/_sandbox/clients", "the clients and their accounts, in real time"),
    get(
        "/_sandbox/payments/{paymentId}",
        "of any client: its states and when, its rejection, its entry and reversal",
    ),
    get("/_sandbox/magic", "the values that make a payment fail, and how"),
    get("/_sandbox/requests", "what arrived, in order"),
    delete("/_sandbox/requests", "forgets them"),
    post(
        "/_sandbox/faults",
        r#"{"method":"POST","path":"/v1/payments/ach","kind":"refuse|drop_after_commit|truncate|delay|status|html|garbage|slow|revoke_token|in_flight","times":1,"ms":…,"status":…,"retry_after":…,"location":…,"bytes_per_s":…}"#,
        "the next so many requests to this path (a * at its end is any rest) meet this",
    ),
    get("/_sandbox/faults", "the faults that are left"),
    delete("/_sandbox/faults", "forgets them"),
    post("/_sandbox/advance", r#"{"seconds":900}"#, "moves the bank's clock"),
    post(
        "/_sandbox/accounts",
        r#"{"accountId":"…","status":"Closed|Active"}"#,
        "closes an account, or opens it again; GET /v1/accounts shows it from the next night on",
    ),
    post(
        "/_sandbox/checks",
        r#"{"account_id":"…","check_number":"1001","amount":75.00}"#,
        "presents a check; one that does not match its issue is an exception from the next night on",
    ),
    post(
        "/_sandbox/webhooks",
        r#"{"url":"http://127.0.0.1:9000/hook","secret":"…","client_id":"sandbox"}"#,
        "sends this client's final payments to this receiver; loopback only",
    ),
    get("/_sandbox/webhooks", "the receivers"),
    delete("/_sandbox/webhooks", "forgets them, and the deliveries to come"),
    post(
        "/_sandbox/webhooks/trigger",
        r#"{"paymentId":"…","status":"P_…","times":1} or {"type":"ACH|WIRE","amount":1.00,"status":"P_…","client_id":"…","times":1}"#,
        "delivers an event about a payment, in another state if you like, or about one that was never made",
    ),
    post(
        "/_sandbox/webhooks/resend",
        r#"{"paymentId":"…","times":1}"#,
        "delivers the event about a final payment again: the same event_id, new attempts",
    ),
    post(
        "/_sandbox/webhooks/trouble",
        r#"{"kind":"duplicate|reorder","times":2}"#,
        "the next so many events are delivered twice, or wait for each other (a minute at most) and go out last one first",
    ),
    get("/_sandbox/deliveries", "each delivery attempt, its response, and when it is tried again"),
];
