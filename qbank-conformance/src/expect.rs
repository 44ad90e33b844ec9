//! What a scenario expects, of the client and on the wire.

use std::fmt;

use serde::{Deserialize, Deserializer};

/// What the client has to report. A member that is absent is not checked; `null` means "none".
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Expect {
    /// A value or an error.
    pub outcome: Option<ExpectedResult>,
    /// The error's kind, by the canonical mapping.
    pub kind: Option<Choice>,
    /// What became of the money; for a read `not_applicable`.
    pub fate: Option<Choice>,
    /// The status of the last response.
    #[serde(deserialize_with = "present")]
    pub http_status: Option<Option<u16>>,
    /// Sends of the intent.
    pub attempts: Option<u32>,
    /// Was a conflict followed to its payment?
    pub followed: Option<bool>,
    /// The payment's id, in a value or in an error.
    #[serde(deserialize_with = "present")]
    pub payment_id: Option<Option<String>>,
    /// The id that a 409 named.
    #[serde(deserialize_with = "present")]
    pub transaction_id: Option<Option<String>>,
    /// The bank's `error_code`.
    #[serde(deserialize_with = "present")]
    pub error_code: Option<Option<String>>,
    /// The bank's `request_id`.
    #[serde(deserialize_with = "present")]
    pub request_id: Option<Option<String>>,
    /// The wait that the bank asked for, in seconds.
    #[serde(deserialize_with = "present")]
    pub retry_after_s: Option<Option<u64>>,
    /// Each must be in the message, in any case; `|` separates alternatives.
    pub message_contains: Vec<Choice>,
    /// None may be in the message, in any case.
    pub message_excludes: Vec<String>,
    /// The value's members, as a transport renders them (see [`crate::Outcome::value`]): each JSON
    /// pointer must hold this value.
    pub value: Option<serde_json::Map<String, serde_json::Value>>,
    /// The call takes at least so long.
    pub min_elapsed_ms: Option<u64>,
    /// The call takes at most so long.
    pub max_elapsed_ms: Option<u64>,
}

/// The requests that have to arrive. A member that is absent is not checked. What holds always
/// (one key, one body, nothing elsewhere, no secret in a message) is not repeated here.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Wire {
    /// Requests of which the API read at least a byte.
    pub api_requests: Option<usize>,
    /// Those of them that are a POST.
    pub writes: Option<usize>,
    /// Requests of which the token endpoint read at least a byte.
    pub token_requests: Option<usize>,
    /// The token of each API request, in order: `t1`, `t2`, …; `ready` is the ready-made one.
    pub tokens: Option<Vec<String>>,
    /// The method of each API request, in order.
    pub methods: Option<Vec<String>>,
    /// The target of each API request, in order, without the base's path.
    pub targets: Option<Vec<String>>,
    /// After the nth API request (from 1) the next one comes over another connection.
    pub fresh_connection_after: Vec<usize>,
    /// Connections that the API accepted.
    pub connections: Option<usize>,
    /// The key of the writes.
    pub idempotency_key: Option<String>,
    /// `x-fapi-auth-date` of the writes; `null`: the header must not be there.
    #[serde(deserialize_with = "present")]
    pub auth_date: Option<Option<String>>,
    /// Members of the write's JSON body: each JSON pointer must hold this value.
    pub body: Option<serde_json::Map<String, serde_json::Value>>,
    /// Each must be in the body of the token request.
    pub token_body_contains: Vec<String>,
    /// Requests that the other host may see. Always 0.
    pub elsewhere_requests: Option<usize>,
}

/// What differs on `fetch`, which cannot know the phase of a failure. Members that are there
/// replace those of the scenario.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Overrides {
    /// Why, where it is not the unknown phase.
    pub note: Option<String>,
    /// Of the client.
    pub expect: Expect,
    /// On the wire.
    pub wire: Wire,
}

/// A value or an error.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExpectedResult {
    /// A value.
    Ok,
    /// An error.
    Error,
}

/// A string, or several separated by `|` of which one has to do.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Choice(pub String);

impl Choice {
    /// Is it one of them?
    pub fn allows(&self, actual: &str) -> bool {
        self.0.split('|').any(|one| one == actual)
    }

    /// Does the text contain one of them, in any case?
    pub fn within(&self, text: &str) -> bool {
        let text = text.to_lowercase();
        self.0.split('|').any(|one| text.contains(&one.to_lowercase()))
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.replace('|', " or "))
    }
}

/// Tells an explicit `null` from a member that is not there.
#[allow(clippy::option_option)]
fn present<'de, D, T>(d: D) -> Result<Option<Option<T>>, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de>,
{
    Option::<T>::deserialize(d).map(Some)
}

impl Expect {
    /// `over`, and where it has no value, `self`.
    pub(crate) fn overridden(self, over: Expect) -> Expect {
        Expect {
            outcome: over.outcome.or(self.outcome),
            kind: over.kind.or(self.kind),
            fate: over.fate.or(self.fate),
            http_status: over.http_status.or(self.http_status),
            attempts: over.attempts.or(self.attempts),
            followed: over.followed.or(self.followed),
            payment_id: over.payment_id.or(self.payment_id),
            transaction_id: over.transaction_id.or(self.transaction_id),
            error_code: over.error_code.or(self.error_code),
            request_id: over.request_id.or(self.request_id),
            retry_after_s: over.retry_after_s.or(self.retry_after_s),
            value: over.value.or(self.value),
            min_elapsed_ms: over.min_elapsed_ms.or(self.min_elapsed_ms),
            max_elapsed_ms: over.max_elapsed_ms.or(self.max_elapsed_ms),
            message_contains: if over.message_contains.is_empty() {
                self.message_contains
            } else {
                over.message_contains
            },
            message_excludes: if over.message_excludes.is_empty() {
                self.message_excludes
            } else {
                over.message_excludes
            },
        }
    }
}

impl Wire {
    /// `over`, and where it has no value, `self`.
    pub(crate) fn overridden(self, over: Wire) -> Wire {
        Wire {
            api_requests: over.api_requests.or(self.api_requests),
            writes: over.writes.or(self.writes),
            token_requests: over.token_requests.or(self.token_requests),
            tokens: over.tokens.or(self.tokens),
            methods: over.methods.or(self.methods),
            targets: over.targets.or(self.targets),
            connections: over.connections.or(self.connections),
            idempotency_key: over.idempotency_key.or(self.idempotency_key),
            auth_date: over.auth_date.or(self.auth_date),
            body: over.body.or(self.body),
            elsewhere_requests: over.elsewhere_requests.or(self.elsewhere_requests),
            fresh_connection_after: if over.fresh_connection_after.is_empty() {
                self.fresh_connection_after
            } else {
                over.fresh_connection_after
            },
            token_body_contains: if over.token_body_contains.is_empty() {
                self.token_body_contains
            } else {
                over.token_body_contains
            },
        }
    }
}
