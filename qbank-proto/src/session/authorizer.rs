//! One call's way to a token: uses it, leads its refresh, or follows one.

use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Bearer, Failed, Flight, GRACE, Grant, Lease, Refusal, Session, token_response};
use crate::config::{CallOptions, Credentials, Limits};
use crate::error::Details;
use crate::machine::{Exchange, Fault, Now, Step, Ticket, next_id};
use crate::policy::Jitter;
use crate::response::Redactor;
use crate::types::{AccessToken, BoxError, FaultKind, Message};

/// One call's way to a token: a machine of its own.
#[derive(Debug)]
pub(crate) struct Authorizer {
    session: Session,
    caller: u64,
    /// A token for this call alone.
    own: Option<AccessToken>,
    limits: Limits,
    jitter: Jitter,
    state: State,
    /// Why there was no token when this call's own time ran out, if that is known.
    hurried: Option<Arc<Refusal>>,
}

enum State {
    Idle,
    Following(Arc<Flight>),
    Leading { lease: Lease, in_flight: Option<InFlight>, fresh_connection: bool },
    Have(Bearer),
    Refused(Arc<Refusal>),
    OutOfTime,
}

/// A token request, or a request to the supplier, that is in flight.
#[derive(Debug)]
struct InFlight {
    ticket: u64,
    asked: Now,
    lost_at: Duration,
    /// Where the leader's own deadline cut the time, from here on a timeout means
    /// nothing about the token endpoint.
    own_time: Option<Duration>,
}

/// Why there is no token.
pub(crate) enum NoToken {
    Refused(Arc<Refusal>),
    /// The call's own deadline passed first.
    OutOfTime,
}

impl Authorizer {
    pub(crate) fn new(session: Session, own: Option<AccessToken>, jitter: Jitter) -> Self {
        let caller = next_id();
        // A token serves all calls: one with short limits must not use up the retries of
        // the others, and only its deadline cuts the time.
        let limits = Limits::of(session.config(), &CallOptions::default());
        Self { session, caller, own, limits, jitter, state: State::Idle, hurried: None }
    }

    /// Whether the session can get another token after a 401.
    pub(crate) fn can_renew(&self) -> bool {
        self.own.is_none() && !matches!(self.session.config().credentials, Credentials::Token(_))
    }

    /// Of an error that the deadline passed: with why there was no token just then.
    pub(crate) fn explain(&self, details: &mut Details) {
        if let Some(refusal) = self.hurried.as_ref().map(|refusal| refusal.details()) {
            details.what.push_str(&format!("; {}", refusal.what));
            details.source = refusal.source;
        }
    }

    /// `deadline` is the call's own, by the monotonic clock.
    pub(crate) fn poll(
        &mut self,
        now: Now,
        deadline: Duration,
        waker: &Waker,
    ) -> Step<Result<Bearer, NoToken>> {
        if let Some(token) = &self.own {
            return Step::Done(Ok(Bearer { token: token.clone(), generation: u64::MAX }));
        }
        if now.mono >= deadline {
            self.release();
            return Step::Done(Err(NoToken::OutOfTime));
        }
        loop {
            match &mut self.state {
                State::Idle | State::Following(_) => {
                    let followed = match &self.state {
                        State::Following(flight) => Some(Arc::clone(flight)),
                        _ => None,
                    };
                    match self.session.grant(now, self.caller, followed.as_deref(), waker) {
                        Grant::Use(bearer) => self.state = State::Have(bearer),
                        Grant::Refused(refusal) => self.state = State::Refused(refusal),
                        Grant::Lead(lease) => {
                            self.state =
                                State::Leading { lease, in_flight: None, fresh_connection: false };
                        }
                        Grant::Follow(flight, wait) => {
                            self.state = State::Following(flight);
                            return Step::Wait(wait.min(deadline.saturating_sub(now.mono)));
                        }
                    }
                }
                State::Leading { in_flight: Some(asked), .. } => {
                    if now.mono < asked.lost_at {
                        let until = asked.lost_at.min(deadline);
                        return Step::Wait(until.saturating_sub(now.mono));
                    }
                    let ticket = Ticket(asked.ticket);
                    let lost = Fault::maybe(
                        FaultKind::Timeout,
                        Message::new("the driver never settled it"),
                    );
                    self.settle(now, &ticket, Err(lost));
                }
                State::Leading { .. } => {
                    if let Some(step) = self.lead(now, deadline) {
                        return step;
                    }
                }
                State::Have(bearer) => {
                    let bearer = bearer.clone();
                    self.state = State::Idle;
                    return Step::Done(Ok(bearer));
                }
                State::Refused(refusal) => {
                    let refusal = Arc::clone(refusal);
                    self.state = State::Idle;
                    return Step::Done(Err(NoToken::Refused(refusal)));
                }
                State::OutOfTime => return Step::Done(Err(NoToken::OutOfTime)),
            }
        }
    }

    /// The next step of the leader; `None` if it no longer leads.
    fn lead(&mut self, now: Now, deadline: Duration) -> Option<Step<Result<Bearer, NoToken>>> {
        let State::Leading { lease, in_flight, fresh_connection } = &mut self.state else {
            return None;
        };
        let Some((not_before, last)) = lease.not_before() else {
            self.state = State::Idle;
            return None;
        };
        if not_before > now.mono {
            if not_before >= deadline {
                // Not slept: this call ends with the last refusal, and the lead
                // goes to one that has the time.
                self.state = last.map_or(State::OutOfTime, State::Refused);
                return None;
            }
            return Some(Step::Wait(not_before.saturating_sub(now.mono)));
        }
        let left = deadline.saturating_sub(now.mono);
        // The old token still serves: this call needs time to use it, and the
        // calls behind should not wait long for a better one.
        let usual = if lease.is_early() {
            self.limits.timeout.min(EARLY_TIMEOUT).min(left / 2)
        } else {
            self.limits.timeout
        };
        let timeout = usual.min(left);
        let lost_at = now.mono.saturating_add(timeout).saturating_add(GRACE);
        if !lease.extend(now.mono.saturating_add(timeout)) {
            self.state = State::Idle;
            return None;
        }
        let id = next_id();
        let own_time = (timeout < usual).then(|| now.mono.saturating_add(timeout / 16 * 15));
        *in_flight = Some(InFlight { ticket: id, asked: now, lost_at, own_time });
        let ticket = Ticket(id);
        Some(match self.session.token_request() {
            None => Step::Authorize { ticket, timeout },
            Some(request) => Step::Send(Exchange {
                request,
                connect_timeout: self.limits.connect_timeout(timeout),
                timeout,
                stream_timeout: None,
                max_body: MAX_TOKEN_RESPONSE,
                fresh_connection: *fresh_connection,
                ticket,
            }),
        })
    }

    /// The call is over: waits for nothing and hands on what it leads.
    pub(crate) fn release(&mut self) {
        if matches!(self.state, State::Following(_)) {
            self.session.0.tokens.forget(self.caller);
        }
        self.state = State::Idle;
    }

    /// Whether the ticket was one of this call's token requests.
    pub(crate) fn settle(
        &mut self,
        now: Now,
        ticket: &Ticket,
        outcome: Result<Response<Bytes>, Fault>,
    ) -> bool {
        let Some((asked, own_time)) = self.take_in_flight(ticket) else {
            return false;
        };
        let timed_out = matches!(&outcome, Err(fault) if fault.kind == FaultKind::Timeout);
        if timed_out && own_time.is_some_and(|from| now.mono >= from) {
            self.state = State::OutOfTime;
            return true;
        }
        let broken = outcome.is_err();
        let secrets = self.session.secrets();
        let read = match outcome {
            Ok(response) => token_response::read(&response, now.unix, &secrets),
            Err(fault) => {
                let secrets = Redactor::new(&secrets);
                Err(Refusal::of_fault(fault, &self.session.urls().token, &secrets))
            }
        };
        self.conclude(now, asked, read, broken);
        true
    }

    /// Whether the ticket was one of this call's questions to the supplier.
    pub(crate) fn supply(
        &mut self,
        now: Now,
        ticket: &Ticket,
        token: Result<AccessToken, BoxError>,
    ) -> bool {
        let Some((asked, own_time)) = self.take_in_flight(ticket) else {
            return false;
        };
        let read = token.map_err(|error| {
            let secrets = self.session.redactor();
            let message = secrets.bounded(error.to_string());
            Refusal::of_supplier(secrets.source(error), &message)
        });
        // The supplier was given this call's own time, which was too short: the lead goes to
        // a call that has more.
        if let Err(refusal) = &read
            && own_time.is_some_and(|from| now.mono >= from)
        {
            self.hurried = Some(Arc::clone(refusal));
            self.state = State::OutOfTime;
            return true;
        }
        self.conclude(now, asked, read, false);
        true
    }

    fn take_in_flight(&mut self, ticket: &Ticket) -> Option<(Now, Option<Duration>)> {
        let State::Leading { in_flight, .. } = &mut self.state else {
            return None;
        };
        let mine = in_flight.take_if(|asked| asked.ticket == ticket.0)?;
        Some((mine.asked, mine.own_time))
    }

    fn conclude(
        &mut self,
        now: Now,
        asked: Now,
        read: Result<AccessToken, Arc<Refusal>>,
        broken: bool,
    ) {
        let State::Leading { lease, fresh_connection, .. } = &mut self.state else {
            return;
        };
        let refusal = match read {
            Ok(token) => {
                self.state = lease.succeed(asked, token).map_or(State::Idle, State::Have);
                return;
            }
            Err(refusal) => refusal,
        };
        tracing::debug!(kind = %refusal.kind, "no token");
        *fresh_connection = broken;
        match lease.fail(now, refusal, self.session.config().retry, &mut self.jitter) {
            Failed::Again => {}
            Failed::KeepOld(bearer) => self.state = State::Have(bearer),
            Failed::Over(refusal) => self.state = State::Refused(refusal),
            Failed::Superseded => self.state = State::Idle,
        }
    }
}

impl Drop for Authorizer {
    fn drop(&mut self) {
        self.release();
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Idle => "Idle",
            Self::Following(_) => "Following",
            Self::Leading { .. } => "Leading",
            Self::Have(_) => "Have",
            Self::Refused(_) => "Refused",
            Self::OutOfTime => "OutOfTime",
        })
    }
}

const EARLY_TIMEOUT: Duration = Duration::from_secs(10);
const MAX_TOKEN_RESPONSE: usize = 256 << 10;
