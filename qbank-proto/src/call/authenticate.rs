//! Gets a token ahead of the first call.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::already_taken;
use crate::config::{CallOptions, Limits};
use crate::error::{Details, Error, ErrorKind};
use crate::machine::{Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::session::{Authorizer, NoToken, Session};
use crate::types::{AccessToken, BoxError, Fate};

/// Gets the session a token, if it has no fresh one. Calls do this by
/// themselves; on its own it checks credentials, or warms up.
#[derive(Debug)]
pub struct Authenticate {
    auth: Authorizer,
    limits: Limits,
    deadline: Option<Duration>,
    taken: bool,
}

/// The session's token, as far as it is to be shown.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct TokenInfo {
    /// The token; its text only by [`AccessToken::expose`].
    pub token: AccessToken,
    /// What the bank granted, if it said so.
    pub scope: Option<String>,
    /// How long it lasts from when it was asked for, if that is known.
    pub expires_in: Option<Duration>,
}

impl Authenticate {
    /// Gets the session a token.
    pub fn new(session: &Session, options: &CallOptions, jitter: u64) -> Self {
        let limits = Limits::of(session.config(), options);
        let auth = Authorizer::new(session.clone(), options.token.clone(), Jitter::new(jitter));
        Self { auth, limits, deadline: None, taken: false }
    }
}

impl Machine for Authenticate {
    type Output = Result<TokenInfo, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        if self.taken {
            return Step::Done(Err(already_taken(Fate::NotApplicable, None)));
        }
        let deadline =
            *self.deadline.get_or_insert_with(|| now.mono.saturating_add(self.limits.deadline));
        self.auth.poll(now, deadline, waker).map(|token| {
            self.taken = true;
            self.auth.release();
            match token {
                Ok(bearer) => Ok(TokenInfo {
                    scope: bearer.token.granted_scope().map(ToOwned::to_owned),
                    expires_in: bearer.token.stated_lifetime(),
                    token: bearer.token,
                }),
                Err(NoToken::Refused(refusal)) => {
                    Err(Error::with_details(refusal.kind, Fate::NotApplicable, refusal.details()))
                }
                Err(NoToken::OutOfTime) => {
                    let mut details = Details::new("the deadline passed before there was a token");
                    self.auth.explain(&mut details);
                    let kind = ErrorKind::DeadlineExceeded;
                    Err(Error::with_details(kind, Fate::NotApplicable, details))
                }
            }
        })
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.auth.settle(now, &ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.auth.supply(now, &ticket, token);
    }

    fn abandon(&mut self, _now: Now) -> Self::Output {
        self.auth.release();
        if std::mem::replace(&mut self.taken, true) {
            return Err(already_taken(Fate::NotApplicable, None));
        }
        let what = "the wait for a token was cancelled";
        Err(Error::new(ErrorKind::Transport, Fate::NotApplicable, what))
    }
}
