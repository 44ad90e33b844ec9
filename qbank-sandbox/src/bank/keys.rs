//! Idempotency keys: which were used, and for what.
//!
//! ```text
//!   unknown ──accepted──► in process ──final──► done
//!                          │ same request: 409     │ same request: the same response again
//!                          └─ another request: 422 ┘
//! ```
//! A refused request leaves its key unknown. How long the real bank remembers is not
//! documented; the sandbox remembers for
//! [`BankConfig::key_lifetime`](crate::BankConfig::key_lifetime) after the request
//! was accepted, and in any case until its payment is final. A key that is forgotten
//! is a new one: money would move again. A key belongs to one client.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::{HeaderMap, StatusCode};
use qbank_proto::{IdempotencyKey, IssueId};

use crate::bank::access::ClientIndex;
use crate::message::error::ApiError;
use crate::message::route::Route;

/// Every key that an accepted request used, until it expires.
#[derive(Debug)]
pub(crate) struct Keys {
    lifetime: Duration,
    held: BTreeMap<Owned, Held>,
    /// All live equally long, so the order of use is the order of expiry.
    order: VecDeque<(Duration, Owned)>,
    accepted: usize,
}

/// A key belongs to a client: the same key of another client is another key.
type Owned = (ClientIndex, IdempotencyKey);

/// What was done under a key. The response is not kept: it is built again from this,
/// byte for byte.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Held {
    fingerprint: Fingerprint,
    pub(crate) created: Created,
}

/// What an accepted write created: where it is, or what it is called.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Created {
    Payment(usize),
    Transfer(usize),
    Issue(IssueId),
}

/// Two requests are the same if their paths and bodies are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    pub(crate) route: Route,
    pub(crate) body_sha256: [u8; 32],
}

impl Keys {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, held: BTreeMap::new(), order: VecDeque::new(), accepted: 0 }
    }

    /// What was done under this key, which must have been this very request.
    pub(crate) fn find(
        &self,
        client: ClientIndex,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
    ) -> Result<Option<Held>, ApiError> {
        match self.held.get(&(client, key)) {
            Some(held) if held.fingerprint != fingerprint => Err(ApiError::unprocessable(
                "ERR_KEY_002",
                "This Idempotency-Key was used for another request.",
            )),
            held => Ok(held.copied()),
        }
    }

    pub(crate) fn hold(
        &mut self,
        now: Duration,
        client: ClientIndex,
        key: IdempotencyKey,
        fingerprint: Fingerprint,
        created: Created,
    ) {
        let owned = (client, key);
        self.accepted = self.accepted.saturating_add(1);
        self.held.insert(owned, Held { fingerprint, created });
        self.order.push_back((now.saturating_add(self.lifetime), owned));
    }

    /// How many intents were accepted since the bank opened.
    pub(crate) fn accepted(&self) -> usize {
        self.accepted
    }

    /// Forgets the keys that have expired, but for those that are in process: they
    /// start their time again.
    pub(crate) fn expire(&mut self, now: Duration, is_final: impl Fn(Created) -> bool) {
        // Each at most once: with a lifetime of zero the loop would not end.
        for _ in 0..self.order.len() {
            let Some((_, owned)) = self.order.front().filter(|(expires, _)| *expires <= now) else {
                break;
            };
            let owned = *owned;
            self.order.pop_front();
            match self.held.get(&owned) {
                Some(held) if !is_final(held.created) => {
                    self.order.push_back((now.saturating_add(self.lifetime), owned));
                }
                _ => {
                    self.held.remove(&owned);
                }
            }
        }
    }
}

/// The header of a write: exactly one, bare, a uuid of version 4.
pub(crate) fn key_of(headers: &HeaderMap) -> Result<IdempotencyKey, ApiError> {
    let refuse = |why: &str| {
        let message = format!("The Idempotency-Key header {why}.");
        ApiError::new(StatusCode::BAD_REQUEST, "ERR_KEY_001", message)
    };
    let mut values = headers.get_all("idempotency-key").iter();
    let value = values.next().ok_or_else(|| refuse("is missing"))?;
    if values.next().is_some() {
        return Err(refuse("occurs twice"));
    }
    let text = value.to_str().map_err(|_| refuse("must be a bare uuid of version 4"))?;
    text.parse().map_err(|e| refuse(&format!("{e}")))
}
