//! The lead of a refresh: one call asks for a token on behalf of all.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Refusal;
use super::tokens::{Bearer, GRACE, Held, State, Tokens, wake};
use crate::machine::Now;
use crate::policy::{Jitter, RetryPolicy};

use crate::types::AccessToken;

/// The right to refresh. Dropping it hands the lead on.
pub(super) struct Lease {
    tokens: Arc<Tokens>,
    lease: u64,
}

/// What a failed token request leads to.
pub(super) enum Failed {
    /// Ask again, not before [`Lease::not_before`].
    Again,
    /// The old token still serves.
    KeepOld(Bearer),
    /// The refresh is over; the refusal goes to all who waited.
    Over(Arc<Refusal>),
    /// Another call took the lead.
    Superseded,
}

impl Lease {
    pub(super) fn new(tokens: Arc<Tokens>, lease: u64) -> Self {
        Self { tokens, lease }
    }

    /// When the next token request may be sent, and what the last one came to.
    pub(super) fn not_before(&self) -> Option<(Duration, Option<Arc<Refusal>>)> {
        let mut state = self.tokens.lock();
        let refresh = state.led_by(self.lease)?;
        Some((refresh.not_before, refresh.last.clone()))
    }

    /// Whether the old token still serves.
    pub(super) fn is_early(&self) -> bool {
        self.tokens.lock().led_by(self.lease).is_some_and(|refresh| refresh.early)
    }

    /// Keeps the lead until `until` and a grace. False if it is lost already.
    pub(super) fn extend(&self, until: Duration) -> bool {
        let mut state = self.tokens.lock();
        let Some(refresh) = state.led_by(self.lease) else {
            return false;
        };
        refresh.lost_at = until.saturating_add(GRACE);
        true
    }

    /// Installs the token for all. A leader that was superseded meanwhile keeps
    /// nothing: the newer flight decides.
    pub(super) fn succeed(&self, asked: Now, token: AccessToken) -> Option<Bearer> {
        let lifetime = token.lifetime();
        let early = (lifetime / 10).min(Duration::from_secs(60));
        let mut state = self.tokens.lock();
        state.led_by(self.lease)?;
        state.generation += 1;
        let bearer = Bearer { token, generation: state.generation };
        state.token = Some(Held {
            bearer: bearer.clone(),
            asked,
            lifetime,
            soft: lifetime.saturating_sub(early),
        });
        let followers = state.land(Some(Ok(bearer.clone())));
        drop(state);
        wake(followers);
        Some(bearer)
    }

    /// Decides what a failed token request leads to, by the refresh's own policy.
    pub(super) fn fail(
        &self,
        now: Now,
        refusal: Arc<Refusal>,
        policy: RetryPolicy,
        jitter: &mut Jitter,
    ) -> Failed {
        let mut state = self.tokens.lock();
        let Some(refresh) = state.led_by(self.lease) else {
            return Failed::Superseded;
        };
        let early = refresh.early;
        if let Some(bearer) = early.then(|| state.keep_old(now)).flatten() {
            let followers = state.land(None);
            drop(state);
            wake(followers);
            return Failed::KeepOld(bearer);
        }
        let Some(refresh) = state.led_by(self.lease) else {
            return Failed::Superseded;
        };
        let retry = refresh.attempts;
        refresh.attempts += 1;
        if refusal.again && retry < policy.max_retries {
            let delay = policy.backoff(retry, jitter).max(refusal.retry_after.unwrap_or_default());
            refresh.not_before = now.mono.saturating_add(delay);
            refresh.lost_at = refresh.not_before.saturating_add(GRACE);
            refresh.last = Some(refusal);
            return Failed::Again;
        }
        let followers = state.land(Some(Err(Arc::clone(&refusal))));
        drop(state);
        wake(followers);
        Failed::Over(refusal)
    }
}

impl State {
    /// Pushes the soft deadline forward, so that a failing token endpoint is not
    /// asked with every call. Never back: a clock that was set makes the age smaller.
    fn keep_old(&mut self, now: Now) -> Option<Bearer> {
        let held = self.token.as_mut()?;
        let age = now.since(held.asked);
        let left = held.lifetime.checked_sub(age).filter(|left| !left.is_zero())?;
        let next = age.saturating_add((left / 2).min(Duration::from_secs(15)));
        held.soft = held.soft.max(next);
        Some(held.bearer.clone())
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let mut state = self.tokens.lock();
        let Some(refresh) = state.led_by(self.lease) else {
            return;
        };
        refresh.leader = None;
        let followers = if refresh.followers.is_empty() {
            state.land(None)
        } else {
            refresh.followers.wakers()
        };
        drop(state);
        // All of them: the one that polls first leads, the others follow again.
        // They stay known until then: a refresh that all have left is over.
        wake(followers);
    }
}

impl fmt::Debug for Lease {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lease").field("lease", &self.lease).finish_non_exhaustive()
    }
}
