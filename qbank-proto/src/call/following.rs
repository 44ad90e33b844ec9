//! Looks at one payment again and again, until it is seen or until it is final.
//!
//! A payment that is not found is lag, not proof of absence.

use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use crate::call::{Call, Reply};
use crate::config::CallOptions;
use crate::endpoint::{GetPayment, NoKey};
use crate::error::{Error, ErrorKind};
use crate::machine::{Entropy, Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::resource::Payment;
use crate::session::Session;
use crate::types::{AccessToken, BoxError, FaultKind, PaymentId};

pub(crate) struct Watch {
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

/// What a watch waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Goal {
    Seen,
    Final,
}

enum State {
    Looking(Box<Call<GetPayment>>),
    Resting(Duration),
}

/// How a watch ended.
pub(crate) enum Watched {
    /// The goal is reached.
    Seen(Reply<Payment>),
    /// Looking again would not help. With the last look that saw it.
    Lost { error: Error, seen: Option<Reply<Payment>> },
    /// With the last look that saw it, and the last that did not.
    TimeUp { seen: Option<Reply<Payment>>, last: Option<Error> },
}

const LONGEST_PAUSE: Duration = Duration::from_secs(15);

impl Watch {
    pub(crate) fn new(
        session: Session,
        payment_id: PaymentId,
        goal: Goal,
        options: CallOptions,
        deadline: Duration,
        jitter: Jitter,
    ) -> Self {
        Self {
            pause: session.config().poll_interval,
            session,
            payment_id,
            goal,
            // Within a look only a stale token is worth a resend; the pauses
            // between looks are the backoff.
            options: CallOptions { max_retries: Some(1), ..options },
            deadline,
            jitter,
            state: State::Resting(Duration::ZERO),
            seen: None,
            last: None,
        }
    }

    pub(crate) fn poll<T>(&mut self, now: Now, waker: &Waker) -> Result<Step<T>, Box<Watched>> {
        loop {
            match &mut self.state {
                State::Resting(until) if now.mono < *until => {
                    return Ok(Step::Wait(until.saturating_sub(now.mono)));
                }
                State::Resting(_) => {
                    let Some(left) = self.deadline.checked_sub(now.mono).filter(|it| !it.is_zero())
                    else {
                        return Err(self.time_up());
                    };
                    self.state = State::Looking(Box::new(self.look(left)));
                }
                State::Looking(call) => match call.poll(now, waker) {
                    Step::Send(exchange) => return Ok(Step::Send(exchange)),
                    Step::Authorize { ticket, timeout } => {
                        return Ok(Step::Authorize { ticket, timeout });
                    }
                    Step::Wait(time) => return Ok(Step::Wait(time)),
                    Step::Done(Ok(reply)) => {
                        if self.goal == Goal::Seen || reply.value.is_final() {
                            return Err(Box::new(Watched::Seen(reply)));
                        }
                        self.seen = Some(reply);
                        self.rest(now, Duration::ZERO)?;
                    }
                    Step::Done(Err(error)) if passes(&error) => {
                        let asked = error.retry_after().unwrap_or_default();
                        // A look that our own deadline cut short says less than one before.
                        if self.last.is_none() || error.kind() != ErrorKind::DeadlineExceeded {
                            self.last = Some(error);
                        }
                        self.rest(now, asked)?;
                    }
                    Step::Done(Err(error)) => {
                        return Err(Box::new(Watched::Lost { error, seen: self.seen.take() }));
                    }
                },
            }
        }
    }

    /// A pause that would cross the deadline is not slept.
    fn rest(&mut self, now: Now, asked: Duration) -> Result<(), Box<Watched>> {
        let until = now.mono.saturating_add(self.pause.max(asked));
        if until >= self.deadline {
            return Err(self.time_up());
        }
        self.pause = (self.pause * 3 / 2).min(LONGEST_PAUSE);
        self.state = State::Resting(until);
        Ok(())
    }

    fn time_up(&mut self) -> Box<Watched> {
        Box::new(Watched::TimeUp { seen: self.seen.take(), last: self.last.take() })
    }

    fn look(&mut self, left: Duration) -> Call<GetPayment> {
        let options = CallOptions { deadline: Some(left), ..self.options.clone() };
        let entropy = Entropy { key: [0; 16], jitter: self.jitter.next() };
        Call::new(&self.session, GetPayment::new(self.payment_id), NoKey, options, entropy)
    }

    pub(crate) fn settle(
        &mut self,
        now: Now,
        ticket: Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) {
        if let State::Looking(call) = &mut self.state {
            call.settle(now, ticket, outcome);
        }
    }

    pub(crate) fn supply(
        &mut self,
        now: Now,
        ticket: Ticket,
        token: Result<AccessToken, BoxError>,
    ) {
        if let State::Looking(call) = &mut self.state {
            call.supply(now, ticket, token);
        }
    }

    /// Gives up, with what was seen so far.
    pub(crate) fn abandon(&mut self) -> Option<Reply<Payment>> {
        self.seen.take()
    }
}

/// Whether looking again may help.
fn passes(error: &Error) -> bool {
    use ErrorKind as K;
    let certificate = error
        .attempts()
        .last()
        .is_some_and(|attempt| attempt.fault == Some(FaultKind::Certificate));
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
