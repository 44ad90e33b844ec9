//! The token of a session, and its refresh: one at a time.
//!
//! A call that needs a token gets one of four grants:
//!
//! ```text
//!   use      the token is fresh, or fresh enough while another call refreshes it
//!   lead     no call is refreshing: this one does, on a lease
//!   follow   one is: the call's waker is stored until the flight ends
//!   refused  the flight this call waited for ended with a refusal
//! ```
//!
//! A lease that drops, or whose leader does not poll in time, is handed to the next call
//! that polls. No call is failed by another call's own deadline.

use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::task::Waker;
use std::time::Duration;

use super::followers::Followers;
use super::{Lease, Refusal};
use crate::machine::{Now, next_id};
use crate::types::AccessToken;

/// What the calls of a session know of its token.
#[derive(Default)]
pub(super) struct Tokens(Mutex<State>);

#[derive(Default)]
pub(super) struct State {
    pub(super) token: Option<Held>,
    /// The last that a 401 threw away.
    pub(super) refused: Option<AccessToken>,
    pub(super) generation: u64,
    pub(super) refresh: Option<Refresh>,
}

pub(super) struct Held {
    pub(super) bearer: Bearer,
    pub(super) asked: Now,
    pub(super) lifetime: Duration,
    /// Age from which one call refreshes while the others go on.
    pub(super) soft: Duration,
}

/// A token in use.
#[derive(Debug, Clone)]
pub(crate) struct Bearer {
    pub(crate) token: AccessToken,
    /// Counts tokens, so that a 401 throws away only the one it refused.
    pub(crate) generation: u64,
}

/// One refresh, from first need to the end. It outlives its leaders.
pub(super) struct Refresh {
    pub(super) flight: Arc<Flight>,
    pub(super) leader: Option<u64>,
    /// When a leader that did not poll is given up; by the monotonic clock.
    pub(super) lost_at: Duration,
    pub(super) attempts: u32,
    pub(super) not_before: Duration,
    pub(super) last: Option<Arc<Refusal>>,
    /// The old token still serves: a failure fails nobody.
    pub(super) early: bool,
    pub(super) followers: Followers,
}

/// How a refresh ended, for those who waited for it and nobody later.
pub(super) struct Flight(OnceLock<Result<Bearer, Arc<Refusal>>>);

pub(super) enum Grant {
    Use(Bearer),
    Lead(Lease),
    Follow(Arc<Flight>, Duration),
    Refused(Arc<Refusal>),
}

/// How long a silent leader is waited for beyond its own timeout.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

impl Tokens {
    pub(super) fn grant(
        self: &Arc<Self>,
        now: Now,
        caller: u64,
        followed: Option<&Flight>,
        waker: &Waker,
    ) -> Grant {
        // A waker is the application's: cloned and dropped outside the lock, since
        // dropping one may drop another call of this session.
        let mut own = None;
        loop {
            let (decided, retired) = self.decide(&mut self.lock(), now, caller, followed, &mut own);
            drop(retired);
            match decided {
                Some(grant) => return grant,
                None => own = Some(Arc::new(waker.clone())),
            }
        }
    }

    /// `None`: the call has to follow, and for that needs its waker in `own`.
    fn decide(
        self: &Arc<Self>,
        state: &mut State,
        now: Now,
        caller: u64,
        followed: Option<&Flight>,
        own: &mut Option<Arc<Waker>>,
    ) -> (Option<Grant>, Option<Arc<Waker>>) {
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

    fn lead(self: &Arc<Self>, state: &mut State, now: Now, early: bool) -> Lease {
        let lease = next_id();
        let refresh = state.refresh.get_or_insert_with(Refresh::new);
        refresh.leader = Some(lease);
        refresh.lost_at = now.mono.saturating_add(GRACE);
        refresh.early = early;
        Lease::new(Arc::clone(self), lease)
    }

    /// Stops waiting: the call was dropped.
    pub(super) fn forget(&self, caller: u64) {
        let retired = self.lock().forget(caller);
        drop(retired);
    }

    /// Throws away the token that a 401 refused, unless a newer one is there.
    pub(super) fn invalidate(&self, generation: u64) {
        let mut state = self.lock();
        if state.token.as_ref().is_some_and(|held| held.bearer.generation == generation) {
            state.refused = state.token.take().map(|held| held.bearer.token);
        }
    }

    /// Calls that wait for a token at this moment.
    pub(super) fn waiting(&self) -> usize {
        self.lock().refresh.as_ref().map_or(0, |refresh| refresh.followers.len())
    }

    /// The token in use, and the last that was refused: no error may repeat them.
    pub(super) fn known(&self) -> [Option<AccessToken>; 2] {
        let state = self.lock();
        [state.token.as_ref().map(|held| held.bearer.token.clone()), state.refused.clone()]
    }

    /// The state stays sound whatever panicked while holding the lock: each
    /// change is a single assignment or a map operation.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Gives back the waker that the new one replaces.
    fn follow(&mut self, now: Now, caller: u64, waker: Arc<Waker>) -> (Grant, Option<Arc<Waker>>) {
        let refresh = self.refresh.get_or_insert_with(Refresh::new);
        // A call that follows has no token left: from here a failure matters.
        refresh.early = false;
        let retired = refresh.followers.insert(caller, waker);
        let wait = refresh.lost_at.saturating_sub(now.mono);
        (Grant::Follow(Arc::clone(&refresh.flight), wait), retired)
    }

    fn unfollow(&mut self, caller: u64) -> Option<Arc<Waker>> {
        self.refresh.as_mut()?.followers.remove(caller)
    }

    /// Gives back the call's waker. A refresh that all calls have left is over.
    fn forget(&mut self, caller: u64) -> Option<Arc<Waker>> {
        let retired = self.unfollow(caller);
        self.refresh.take_if(|refresh| refresh.leader.is_none() && refresh.followers.is_empty());
        retired
    }

    pub(super) fn led_by(&mut self, lease: u64) -> Option<&mut Refresh> {
        self.refresh.as_mut().filter(|refresh| refresh.leader == Some(lease))
    }

    /// Ends the flight; the wakers are woken by the caller, after unlocking.
    pub(super) fn land(
        &mut self,
        outcome: Option<Result<Bearer, Arc<Refusal>>>,
    ) -> Vec<Arc<Waker>> {
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

pub(super) fn wake(followers: Vec<Arc<Waker>>) {
    for waker in followers {
        waker.wake_by_ref();
    }
}
