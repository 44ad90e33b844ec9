//! Gets a token ahead of the first call.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::call::already_over;
use crate::config::{CallOptions, Limits};
use crate::error::{Error, ErrorKind, Evidence};
use crate::machine::{Entropy, Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::session::{Authorizer, Ended, Session};
use crate::types::{AccessToken, BoxError, Fate};

/// Gets the session a token, if it has no fresh one. Calls do this by
/// themselves; on its own it checks credentials, or warms up.
#[derive(Debug)]
pub struct Authenticate {
    auth: Authorizer,
    limits: Limits,
    deadline: Option<Duration>,
    over: bool,
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
    pub fn new(session: &Session, options: &CallOptions, entropy: Entropy) -> Self {
        let limits = Limits::of(session.config(), options);
        let jitter = Jitter::new(entropy.jitter);
        let auth = Authorizer::new(session.clone(), options.token.clone(), jitter);
        Self { auth, limits, deadline: None, over: false }
    }

    fn finish<T>(&mut self, outcome: T) -> Step<T> {
        self.over = true;
        self.auth.release();
        Step::Done(outcome)
    }

    fn ended(kind: ErrorKind, what: &str) -> Error {
        let evidence = Evidence { what: what.to_owned(), ..Evidence::default() };
        Error::new(kind, Fate::NotApplicable, evidence)
    }
}

impl Machine for Authenticate {
    type Output = Result<TokenInfo, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        if self.over {
            return Step::Done(Err(already_over(Fate::NotApplicable, None)));
        }
        let deadline =
            *self.deadline.get_or_insert_with(|| now.mono.saturating_add(self.limits.deadline));
        match self.auth.poll(now, deadline, waker).step() {
            Ok(step) => step,
            Err(Ended::Token(bearer)) => self.finish(Ok(TokenInfo {
                scope: bearer.token.granted_scope().map(ToOwned::to_owned),
                expires_in: bearer.token.stated_lifetime(),
                token: bearer.token,
            })),
            Err(Ended::Refused(refusal)) => self.finish(Err(refusal.error(Fate::NotApplicable))),
            Err(Ended::OutOfTime) => {
                let what = "the deadline passed before there was a token";
                self.finish(Err(Self::ended(ErrorKind::DeadlineExceeded, what)))
            }
        }
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        self.auth.settle(now, &ticket, outcome);
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        self.auth.supply(now, &ticket, token);
    }

    fn abandon(&mut self, _now: Now) -> Self::Output {
        self.auth.release();
        if std::mem::replace(&mut self.over, true) {
            return Err(already_over(Fate::NotApplicable, None));
        }
        Err(Self::ended(ErrorKind::Transport, "the wait for a token was called off"))
    }
}
