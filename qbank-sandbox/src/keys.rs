//! Idempotency keys: which were used, for what, and what was answered.
//!
//! ```text
//!   unknown ──accepted──► in process ──final──► answered
//!                          │ same request: 409     │ same request: the same answer again
//!                          └─ another request: 422 ┘
//! ```
//! A refused request leaves its key unknown. Nothing is ever forgotten: how long
//! the real bank remembers is not documented, so the sandbox does not guess.

use std::collections::BTreeMap;

use http::{HeaderMap, StatusCode};
use qbank_proto::{IdempotencyKey, IssueId, PaymentId};
use uuid::Uuid;

use crate::answer::Answer;
use crate::error::Refusal;
use crate::route::Route;

/// Every key that an accepted request used.
#[derive(Debug, Default)]
pub(crate) struct Keys {
    held: BTreeMap<IdempotencyKey, Held>,
}

/// What was done under a key.
#[derive(Debug)]
pub(crate) struct Held {
    fingerprint: Fingerprint,
    /// The answer of the request that was accepted.
    pub(crate) answer: Answer,
    pub(crate) made: Made,
}

/// What an accepted write made.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Made {
    Payment(PaymentId),
    Transfer(Uuid),
    Issue(IssueId),
}

impl Made {
    /// What a conflict calls `transaction_id`.
    pub(crate) fn transaction_id(self) -> Uuid {
        match self {
            Self::Payment(id) => id.as_uuid(),
            Self::Transfer(id) => id,
            Self::Issue(id) => id.as_uuid(),
        }
    }
}

/// Two requests are the same if their paths and bodies are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) route: Route,
    pub(crate) body_sha256: [u8; 32],
}

impl Keys {
    /// What was done under this key, which must have been this very request.
    pub(crate) fn find(
        &self,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<&Held>, Refusal> {
        match self.held.get(&key) {
            Some(held) if held.fingerprint != fingerprint => Err(Refusal::unprocessable(
                "ERR_KEY_002",
                "This Idempotency-Key was used for another request.",
            )),
            held => Ok(held),
        }
    }

    pub(crate) fn hold(
        &mut self,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
        answer: Answer,
        made: Made,
    ) {
        self.held.insert(key, Held { fingerprint, answer, made });
    }
}

/// The header of a write: exactly one, bare, a uuid of version 4.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<IdempotencyKey, Refusal> {
    let refuse = |why: &str| {
        let message = format!("The Idempotency-Key header {why}.");
        Refusal::new(StatusCode::BAD_REQUEST, "ERR_KEY_001", message)
    };
    let mut values = headers.get_all("idempotency-key").iter();
    let value = values.next().ok_or_else(|| refuse("is missing"))?;
    if values.next().is_some() {
        return Err(refuse("stands twice"));
    }
    let text = value.to_str().map_err(|_| refuse("must be a bare uuid of version 4"))?;
    text.parse().map_err(|e| refuse(&format!("{e}")))
}
