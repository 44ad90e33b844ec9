//! What the calls of one client share: configuration, the token, and the
//! bank's wish to be left alone for a while.
//!
//! One refresh at a time. A call that needs a token gets one of four grants:
//!
//! ```text
//!   use      the token is fresh, or fresh enough while somebody refreshes it
//!   lead     nobody is refreshing: this call does, on a lease
//!   follow   somebody is: the call's waker is stored until the flight ends
//!   refused  the flight this call waited for ended with a refusal
//! ```
//!
//! A lease that drops, or whose leader is not heard of in time, is handed to
//! the next call that polls. Nobody is failed by another call's own deadline.

mod authorizer;
mod followers;
mod lease;
mod token_request;
mod token_response;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Request};

use crate::config::{Config, Credentials, Urls};
use crate::error::Error;
use crate::machine::{Now, next_id};
use crate::response::redact;
use crate::types::{AccessToken, Secret};

pub(crate) use authorizer::{Authorizer, Ended};
use followers::Followers;
pub(crate) use lease::{Failed, Lease};
use token_request::TokenRequest;
pub(crate) use token_response::Refusal;

/// What the calls of one client share. Cheap to clone.
#[derive(Clone)]
pub struct Session(Arc<Shared>);

struct Shared {
    config: Config,
    urls: Urls,
    user_agent: HeaderValue,
    token_request: Option<TokenRequest>,
    /// What no error may repeat, as it is and as it is sent.
    secrets: Vec<Secret>,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<Held>,
    generation: u64,
    refresh: Option<Refresh>,
    /// What a 429 taught one call; by the monotonic clock.
    hold_until: Duration,
}

struct Held {
    bearer: Bearer,
    asked: Now,
    lifetime: Duration,
    /// Age from which one call refreshes while the others go on.
    soft: Duration,
}

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) token: AccessToken,
    /// Counts tokens, so that a 401 throws away only the one it refused.
    pub(crate) generation: u64,
}

/// One refresh, from first need to the end. It outlives its leaders.
struct Refresh {
    flight: Arc<Flight>,
    leader: Option<u64>,
    /// When a leader that was not heard of is given up; by the monotonic clock.
    lost_at: Duration,
    attempts: u32,
    not_before: Duration,
    last: Option<Arc<Refusal>>,
    /// The old token still serves: a failure fails nobody.
    early: bool,
    followers: Followers,
}

/// How a refresh ended, for those who waited for it and nobody later.
pub(crate) struct Flight(OnceLock<Result<Bearer, Arc<Refusal>>>);

pub(crate) enum Grant {
    Use(Bearer),
    Lead(Lease),
    Follow(Arc<Flight>, Duration),
    Refused(Arc<Refusal>),
}

/// One call's answer is not to silence a session for longer.
const LONGEST_HOLD: Duration = Duration::from_secs(24 * 3600);

/// How long a silent leader is waited for beyond its own timeout.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

impl Session {
    /// Checks the configuration.
    pub fn new(config: Config) -> Result<Self, Error> {
        let urls = Urls::of(&config)?;
        let user_agent = config.user_agent_header()?;
        let token_request = TokenRequest::of(&config)?;
        let secrets = match &config.credentials {
            Credentials::Client { id, secret } => token_request::spellings(id, secret),
            Credentials::Token(token) => vec![Secret::new(token.expose())],
            Credentials::Supplier => Vec::new(),
        };
        Ok(Self(Arc::new(Shared {
            config,
            urls,
            user_agent,
            token_request,
            secrets,
            state: Mutex::default(),
        })))
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.0.config
    }

    pub(crate) fn urls(&self) -> &Urls {
        &self.0.urls
    }

    pub(crate) fn user_agent(&self) -> &HeaderValue {
        &self.0.user_agent
    }

    /// The token request; `None` where the application supplies the token.
    pub(crate) fn token_request(&self) -> Option<Request<Bytes>> {
        let request = self.0.token_request.as_ref()?;
        Some(request.build(&self.0.urls.token, &self.0.user_agent))
    }

    /// Replaces what is secret to this session, its token in use included, by
    /// `[secret]`: for text that a bank may have filled with what it was sent.
    #[must_use]
    pub fn redact(&self, text: String) -> String {
        let state = self.lock();
        let token = state.token.as_ref().map(|held| held.bearer.token.expose());
        let mut secrets = self.secrets();
        secrets.extend(token);
        redact(text, &secrets)
    }

    /// Texts that no error may repeat.
    pub(crate) fn secrets(&self) -> Vec<&str> {
        self.0.secrets.iter().map(Secret::expose).collect()
    }

    pub(crate) fn grant(
        &self,
        now: Now,
        caller: u64,
        followed: Option<&Flight>,
        waker: &Waker,
    ) -> Grant {
        if let Credentials::Token(token) = &self.0.config.credentials {
            return Grant::Use(Bearer { token: token.clone(), generation: 0 });
        }
        // A waker is the application's: cloned and dropped outside the lock, since
        // dropping one may drop another call of this session.
        let mut own = None;
        loop {
            let (decided, retired) = self.decide(&mut self.lock(), now, caller, followed, &mut own);
            drop(retired);
            match decided {
                Some(grant) => return grant,
                None => own = Some(waker.clone()),
            }
        }
    }

    /// `None`: the call has to follow, and for that needs its waker in `own`.
    fn decide(
        &self,
        state: &mut State,
        now: Now,
        caller: u64,
        followed: Option<&Flight>,
        own: &mut Option<Waker>,
    ) -> (Option<Grant>, Option<Waker>) {
        // A flight lands under this lock, so it has landed or is still under way.
        match followed.and_then(|flight| flight.0.get()) {
            Some(Ok(bearer)) => return (Some(Grant::Use(bearer.clone())), None),
            Some(Err(refusal)) => return (Some(Grant::Refused(Arc::clone(refusal))), None),
            None => {}
        }
        let fresh = state.token.as_ref().and_then(|held| {
            let age = now.since(held.asked);
            (age < held.lifetime).then(|| (held.bearer.clone(), age >= held.soft))
        });
        let leaderless = state.refresh.as_ref().is_none_or(|it| it.is_leaderless(now));
        match fresh {
            Some((bearer, soon)) if !soon || !leaderless => {
                (Some(Grant::Use(bearer)), state.forget(caller))
            }
            _ if leaderless => {
                let retired = state.unfollow(caller);
                let lease = self.lead(state, now, fresh.is_some());
                (Some(Grant::Lead(lease)), retired)
            }
            _ => match own.take() {
                None => (None, None),
                Some(waker) => {
                    let (grant, retired) = state.follow(now, caller, waker);
                    (Some(grant), retired)
                }
            },
        }
    }

    fn lead(&self, state: &mut State, now: Now, early: bool) -> Lease {
        let lease = next_id();
        let refresh = state.refresh.get_or_insert_with(Refresh::new);
        refresh.leader = Some(lease);
        refresh.lost_at = now.mono.saturating_add(GRACE);
        refresh.early = early;
        Lease::new(self.clone(), lease)
    }

    /// Stops waiting: the call was dropped.
    pub(crate) fn forget(&self, caller: u64) {
        let retired = self.lock().forget(caller);
        drop(retired);
    }

    /// Throws away the token that a 401 refused, unless a newer one is there.
    pub(crate) fn invalidate(&self, generation: u64) {
        let mut state = self.lock();
        if state.token.as_ref().is_some_and(|held| held.bearer.generation == generation) {
            state.token = None;
        }
    }

    /// A 429 tells the other calls of the session to hold back as well.
    pub(crate) fn hold_back(&self, now: Now, until: Duration) {
        let longest = now.mono.saturating_add(LONGEST_HOLD);
        let mut state = self.lock();
        state.hold_until = state.hold_until.max(until.min(longest));
    }

    /// Until when calls hold back; by the monotonic clock.
    pub(crate) fn hold_until(&self) -> Duration {
        self.lock().hold_until
    }

    /// Calls that wait for a token at this moment: for tests and metrics.
    pub fn waiting(&self) -> usize {
        self.lock().refresh.as_ref().map_or(0, |refresh| refresh.followers.len())
    }

    /// The state stays sound whatever panicked while holding the lock: each
    /// change is a single assignment or a map operation.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("base", &self.0.urls.base).finish_non_exhaustive()
    }
}

impl State {
    /// Gives back the waker that the new one replaces.
    fn follow(&mut self, now: Now, caller: u64, waker: Waker) -> (Grant, Option<Waker>) {
        let refresh = self.refresh.get_or_insert_with(Refresh::new);
        // Whoever follows has no token left: from here a failure matters.
        refresh.early = false;
        let retired = refresh.followers.insert(caller, waker);
        let wait = refresh.lost_at.saturating_sub(now.mono);
        (Grant::Follow(Arc::clone(&refresh.flight), wait), retired)
    }

    fn unfollow(&mut self, caller: u64) -> Option<Waker> {
        self.refresh.as_mut()?.followers.remove(caller)
    }

    /// Gives back the call's waker. A refresh that everybody has left is over.
    fn forget(&mut self, caller: u64) -> Option<Waker> {
        let retired = self.unfollow(caller);
        self.refresh.take_if(|refresh| refresh.leader.is_none() && refresh.followers.is_empty());
        retired
    }

    fn led_by(&mut self, lease: u64) -> Option<&mut Refresh> {
        self.refresh.as_mut().filter(|refresh| refresh.leader == Some(lease))
    }

    /// Ends the flight; the wakers are woken by the caller, after unlocking.
    fn land(&mut self, outcome: Option<Result<Bearer, Arc<Refusal>>>) -> Vec<Waker> {
        let Some(refresh) = self.refresh.take() else {
            return Vec::new();
        };
        if let Some(outcome) = outcome {
            // A flight lands once: it leaves the state here.
            let _ = refresh.flight.0.set(outcome);
        }
        refresh.followers.into_wakers()
    }
}

impl Refresh {
    fn new() -> Self {
        Self {
            flight: Arc::new(Flight(OnceLock::new())),
            leader: None,
            lost_at: Duration::ZERO,
            attempts: 0,
            not_before: Duration::ZERO,
            last: None,
            early: false,
            followers: Followers::default(),
        }
    }

    fn is_leaderless(&self, now: Now) -> bool {
        self.leader.is_none() || now.mono >= self.lost_at
    }
}

fn wake(followers: Vec<Waker>) {
    for waker in followers {
        waker.wake();
    }
}
