//! Bearer tokens with their scopes and expiry.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use http::HeaderMap;
use qbank_proto::Scope;

use super::clients::ClientIndex;
use crate::bank::ids::Ids;
use crate::message::error::ApiError;
use crate::message::headers::bearer;

/// More live tokens than this and the oldest is forgotten, as if it had expired.
const MOST_TOKENS: usize = 10_000;

/// The tokens that are valid. Without `Debug`: a token is a secret.
pub(crate) struct Tokens {
    lifetime: Duration,
    live: BTreeMap<Box<str>, Grant>,
    /// All live equally long, so the order of issue is the order of expiry.
    order: VecDeque<(Duration, Box<str>)>,
}

#[derive(Debug, Clone, Copy)]
struct Grant {
    expires: Duration,
    bearer: Bearer,
}

/// The client of a token, and its scopes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bearer {
    pub(crate) client: ClientIndex,
    pub(crate) scopes: Scopes,
}

/// Scopes by their place in [`Scope::ALL`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scopes(u16);

impl Tokens {
    pub(crate) fn new(lifetime: Duration) -> Self {
        Self { lifetime, live: BTreeMap::new(), order: VecDeque::new() }
    }

    /// A new token for a client.
    pub(crate) fn issue(&mut self, now: Duration, ids: &mut Ids, bearer: Bearer) -> String {
        let token = format!("sbx_{}", ids.uuid().simple());
        self.remember(now, &token, bearer);
        token
    }

    pub(crate) fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// The client that the bearer token of a request identifies.
    pub(crate) fn authenticate(
        &self,
        now: Duration,
        headers: &HeaderMap,
    ) -> Result<Bearer, ApiError> {
        let Some(token) = bearer(headers) else {
            return Err(ApiError::unauthenticated(
                "ERR_AUTH_001",
                "An access token is required.",
                "Bearer realm=\"qbank\"",
            ));
        };
        match self.live.get(token) {
            Some(grant) if now < grant.expires => Ok(grant.bearer),
            _ => Err(ApiError::unauthenticated(
                "ERR_AUTH_001",
                "The access token is invalid or expired.",
                "Bearer realm=\"qbank\", error=\"invalid_token\"",
            )),
        }
    }

    /// Makes the token that a request carries invalid.
    pub(crate) fn revoke(&mut self, headers: &HeaderMap) {
        if let Some(token) = bearer(headers) {
            self.live.remove(token);
        }
    }

    fn remember(&mut self, now: Duration, token: &str, bearer: Bearer) {
        while let Some((expires, _)) = self.order.front() {
            if *expires > now && self.order.len() < MOST_TOKENS {
                break;
            }
            if let Some((_, oldest)) = self.order.pop_front() {
                self.live.remove(&oldest);
            }
        }
        let expires = now.saturating_add(self.lifetime);
        self.live.insert(token.into(), Grant { expires, bearer });
        self.order.push_back((expires, token.into()));
    }
}

impl Scopes {
    /// These; none named means all.
    pub(crate) fn of(scopes: &[Scope]) -> Self {
        let named = if scopes.is_empty() { &Scope::ALL[..] } else { scopes };
        Self(named.iter().filter_map(Self::bit).fold(0, |all, bit| all | bit))
    }

    /// Those of them that are named, space separated; none named means all. `None` if
    /// one is unknown or not among them.
    pub(crate) fn narrowed(self, text: &str) -> Option<Self> {
        let mut scopes = Self(0);
        for name in text.split_ascii_whitespace() {
            scopes.0 |= Self::bit(&Scope::from(name)).filter(|bit| self.0 & bit != 0)?;
        }
        Some(if scopes.0 == 0 { self } else { scopes })
    }

    pub(crate) fn allow(self, scope: &Scope) -> bool {
        Self::bit(scope).is_some_and(|bit| self.0 & bit != 0)
    }

    pub(crate) fn to_text(self) -> String {
        let names: Vec<&str> =
            Scope::ALL.iter().filter(|scope| self.allow(scope)).map(Scope::as_str).collect();
        names.join(" ")
    }

    fn bit(scope: &Scope) -> Option<u16> {
        Scope::ALL.iter().position(|known| known == scope).map(|at| 1 << at)
    }
}
