//! The client under test: what a transport's test implements.

use serde::{Deserialize, Serialize};

use crate::Call;

/// A client over one transport.
///
/// `play` makes a new session every time, with the target's credentials (or the call's
/// ready-made token), makes the one call, and returns what came of it. It is called from several
/// threads at once.
pub trait Transport: Sync {
    /// `blocking`, `hyper`, `reqwest`, `httpx` or `fetch`; `hyper-h2` for one that offers HTTP/2.
    /// A scenario can be meant for some of them only, and expect something else on `fetch`.
    fn name(&self) -> &str;
    /// Makes the call.
    fn play(&self, target: &Target, call: &Call) -> Outcome;
}

/// Where the client calls, and as whom.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Target {
    /// The API, `http(s)://127.0.0.1:PORT/v1`.
    pub base_url: String,
    /// The token endpoint, on another port.
    pub token_url: String,
    /// The only root to trust besides the system's own, if there is TLS.
    pub ca_pem: Option<String>,
    /// The client's own certificate and what leads to its root, if it is to present one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_pem: Option<String>,
    /// The key of that certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_pem: Option<String>,
    /// The client's id.
    pub client_id: String,
    /// The client's secret. A failure if it shows in a message.
    pub client_secret: String,
}

/// What came of a call.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Outcome {
    /// A value, or an error?
    pub ok: bool,
    /// The error's kind by the canonical mapping: `transport`, `rate_limited`, …
    pub kind: Option<String>,
    /// `never_sent`, `refused`, `unknown`, `in_progress`, `accepted`; for a read `not_applicable`.
    pub fate: String,
    /// The status of the last response, if there was one.
    pub http_status: Option<u16>,
    /// Sends of the intent.
    pub attempts: u32,
    /// Was a conflict followed to its payment?
    pub followed: bool,
    /// The payment's id: of the value (ACH: from the Location), or of a `payment_failed`.
    pub payment_id: Option<String>,
    /// The id that a 409 named.
    pub transaction_id: Option<String>,
    /// The bank's `error_code`.
    pub error_code: Option<String>,
    /// The bank's `request_id`.
    pub request_id: Option<String>,
    /// The wait that the bank asked for, in seconds.
    pub retry_after_s: Option<u64>,
    /// The error as a user reads it, its chain of causes included.
    pub message: String,
    /// The key of a write.
    pub idempotency_key: Option<String>,
    /// The moment of the first send, in seconds since 1970.
    pub first_sent_unix: Option<u64>,
    /// The value in the bank's own canonical member names, as the `qbank` program prints it with
    /// `--output json`; amounts as decimal strings. `None` if the transport does not render it: then
    /// expectations of the value are not checked.
    pub value: Option<serde_json::Value>,
}
