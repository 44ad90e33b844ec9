//! Polls one payment until it is seen, or until it is final.
//!
//! A payment that is not found is lag, not proof of absence.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Call, Reply};
use crate::config::CallOptions;
use crate::endpoint::FollowPayment;
use crate::error::{Error, ErrorKind};
use crate::machine::{Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::resource::Payment;
use crate::session::Session;
use crate::types::{AccessToken, BoxError, PaymentId};

pub(super) struct PaymentPoller {
    session: Session,
    payment_id: PaymentId,
    goal: Goal,
    options: CallOptions,
    /// By the monotonic clock.
    deadline: Duration,
    pause: Duration,
    jitter: Jitter,
    state: State,
    seen: Option<Reply<Payment>>,
    last: Option<Error>,
}

/// What is waited for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    Seen,
    Final,
}

enum State {
    Fetching(Box<Call<FollowPayment>>),
    Pause(Duration),
}

/// How polling ended.
pub(super) enum Followed {
    /// The goal is reached.
    Seen(Reply<Payment>),
    /// Polling again would not help. With the last poll that saw it.
    Lost { error: Error, seen: Option<Reply<Payment>> },
    /// With the last poll that saw it, and the last that did not.
    TimeUp { seen: Option<Reply<Payment>>, last: Option<Error> },
}

const LONGEST_PAUSE: Duration = Duration::from_secs(15);
/// A configured pause of nothing would poll without end.
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);

impl PaymentPoller {
    pub(super) fn new(
        session: Session,
        payment_id: PaymentId,
        goal: Goal,
        options: CallOptions,
        deadline: Duration,
        jitter: Jitter,
    ) -> Self {
        Self {
            pause: session.config().poll_interval.max(SHORTEST_PAUSE),
            session,
            payment_id,
            goal,
            // Within a poll only a stale token is worth a resend; the pauses
            // between polls are the backoff.
            options: options.max_retries(1),
            deadline,
            jitter,
            state: State::Pause(Duration::ZERO),
            seen: None,
            last: None,
        }
    }

    pub(super) fn poll(&mut self, now: Now, waker: &Waker) -> Step<Followed> {
        loop {
            match &mut self.state {
                State::Pause(until) if now.mono < *until => {
                    return Step::Wait(until.saturating_sub(now.mono));
                }
                State::Pause(_) => {
                    let Some(left) = self.deadline.checked_sub(now.mono).filter(|it| !it.is_zero())
                    else {
                        return Step::Done(self.time_up());
                    };
                    self.state = State::Fetching(Box::new(self.fetch(left)));
                }
                State::Fetching(call) => {
                    let result = match call.poll(now, waker).into_output() {
                        Ok(result) => result,
                        Err(step) => return step,
                    };
                    if let Some(followed) = self.fetched(now, result) {
                        return Step::Done(followed);
                    }
                }
            }
        }
    }

    /// `None`: after a pause the next poll.
    fn fetched(&mut self, now: Now, result: Result<Reply<Payment>, Error>) -> Option<Followed> {
        match result {
            Ok(reply) if self.goal == Goal::Seen || reply.value.is_final() => {
                Some(Followed::Seen(reply))
            }
            Ok(reply) => {
                self.seen = Some(reply);
                self.pause(now, Duration::ZERO)
            }
            Err(error) if passes(&error) => {
                let wanted = error.retry_after().unwrap_or_default();
                // A poll that our own deadline cut short says less than one before.
                if self.last.is_none() || error.kind() != ErrorKind::DeadlineExceeded {
                    self.last = Some(error);
                }
                self.pause(now, wanted)
            }
            Err(error) => Some(Followed::Lost { error, seen: self.seen.take() }),
        }
    }

    /// A pause that would cross the deadline is not slept.
    fn pause(&mut self, now: Now, at_least: Duration) -> Option<Followed> {
        let until = now.mono.saturating_add(self.pause.max(at_least));
        if until >= self.deadline {
            return Some(self.time_up());
        }
        self.pause = self.pause.saturating_add(self.pause / 2).min(LONGEST_PAUSE);
        self.state = State::Pause(until);
        None
    }

    fn time_up(&mut self) -> Followed {
        Followed::TimeUp { seen: self.seen.take(), last: self.last.take() }
    }

    fn fetch(&mut self, left: Duration) -> Call<FollowPayment> {
        let options = self.options.clone().deadline(left);
        Call::new(&self.session, FollowPayment(self.payment_id), options, self.jitter.next())
    }

    pub(super) fn settle(
        &mut self,
        now: Now,
        ticket: Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        if let State::Fetching(call) = &mut self.state {
            call.settle(now, ticket, outcome);
        }
    }

    pub(super) fn supply(
        &mut self,
        now: Now,
        ticket: Ticket,
        token: Result<AccessToken, BoxError>,
    ) {
        if let State::Fetching(call) = &mut self.state {
            call.supply(now, ticket, token);
        }
    }

    /// Gives up, with what was seen so far.
    pub(super) fn abandon(&mut self) -> Option<Reply<Payment>> {
        self.seen.take()
    }
}

/// Whether polling again may help.
fn passes(error: &Error) -> bool {
    use ErrorKind as K;
    let certificate = error.is_certificate_error() || error.is_client_certificate_error();
    let redirect = error.status().is_some_and(|status| status.is_redirection());
    !certificate
        && !redirect
        && matches!(
            error.kind(),
            K::NotFound
                | K::RequestTimeout
                | K::RateLimited
                | K::Server
                | K::Unavailable
                | K::UnexpectedResponse
                | K::Transport
                | K::DeadlineExceeded
        )
}
