//! One call of one operation, from its first attempt to its result.
//!
//! ```text
//!            ┌───────────────────────────────────┐
//!            ▼                                   │ resend: same key, same bytes
//!   Ready ──────► InFlight ──► classified ──► Backoff
//!     │ token,     │ ticket     │
//!     │ throttle   │ lost       ├── conflict with our own attempt ──► Following
//!     ▼            ▼            ▼                                       │
//!   Done ◄───────────────────────────────────────────────────────────────┘
//! ```
//!
//! [`intent`] is what all attempts share, without the type of the operation; `completion`
//! and `retry` say how it ends and goes on. Around it lie the machines that are made of
//! calls: a wait for a payment, and a token without a call.

mod attempts;
mod authenticate;
mod classification;
mod completion;
mod following;
mod intent;
mod reply;
mod retry;
mod waiting;

use std::fmt;
use std::task::Waker;
use std::time::Duration;

use bytes::Bytes;
use http::{Response, response};

pub use authenticate::{Authenticate, TokenInfo};
use classification::{Classified, Context, classify};
use following::{Followed, PaymentPoller};
use intent::{InFlight, Intent, Request};
pub use reply::Reply;
use retry::Next;
pub use waiting::WaitForPayment;

use crate::config::{CallOptions, WriteOptions};
use crate::endpoint::{Effect, Endpoint, Erased, ResponseDecoder};
use crate::error::{Details, Error, ErrorKind};
use crate::machine::{BodyMode, Fault, Machine, Now, Step, Ticket};
use crate::response::redact_source;
use crate::session::Session;
use crate::types::{AccessToken, BoxError, Fate, FaultKind, IdempotencyKey, Message, Resume};

/// One call of one operation: a [`Machine`] that keeps its key and its bytes.
///
/// Key and body are there before anything is sent, so that an application can
/// write them to its own database first and [`resume`](crate::Resume) after a
/// crash.
///
/// Its type has the operation, or, made by [`Call::erased`], only the output: then one
/// compiled machine serves all operations.
pub struct Call<D: ResponseDecoder> {
    decoder: D,
    intent: Intent,
    state: State<D::Output>,
}

enum State<T> {
    Ready,
    InFlight(InFlight),
    /// Until then, by the monotonic clock.
    Backoff(Duration),
    Following(Box<PaymentPoller>),
    Done(Result<Reply<T>, Error>),
    /// The result was taken.
    Taken(Fate),
}

impl<E: Endpoint> Call<E> {
    /// Prepares a call. Input that the bank would refuse makes a call that is
    /// done from the start, without anything being sent.
    ///
    /// `options` of a write hold the key of its intent; `jitter` is random and spreads
    /// retries.
    pub fn new(
        session: &Session,
        endpoint: E,
        options: <E::Effect as Effect>::Options,
        jitter: u64,
    ) -> Self {
        let request = Request::of(session, &endpoint);
        Self::prepared(session, endpoint, request, E::Effect::parts(options), jitter)
    }
}

impl<T: fmt::Debug + Send + 'static> Call<Erased<T>> {
    /// The same as [`Call::new`], with an output that does not depend on the operation.
    pub fn erased<E: Endpoint>(
        session: &Session,
        endpoint: E,
        options: <E::Effect as Effect>::Options,
        jitter: u64,
        map: fn(E::Output) -> T,
    ) -> Self {
        let request = Request::of(session, &endpoint);
        let decoder = Erased::new(endpoint, map);
        Self::prepared(session, decoder, request, E::Effect::parts(options), jitter)
    }
}

impl<D: ResponseDecoder> Call<D> {
    fn prepared(
        session: &Session,
        decoder: D,
        request: Request,
        options: (CallOptions, Option<WriteOptions>),
        jitter: u64,
    ) -> Self {
        let (intent, prepared) = Intent::prepare(session, request, options, jitter);
        let state = match prepared {
            Ok(()) => State::Ready,
            Err(error) => State::Done(Err(error)),
        };
        Self { decoder, intent, state }
    }

    /// The key of the intent, if it writes.
    pub fn key(&self) -> Option<IdempotencyKey> {
        self.intent.key()
    }

    /// The body that every attempt sends.
    pub fn body(&self) -> &Bytes {
        self.intent.body()
    }

    /// What continues this intent after a crash: to be saved before it is sent, with the time
    /// that the driver's clock shows now. Of an intent that was sent before, the moment of
    /// its first send stays. `None` for a read.
    pub fn resume(&self, now: Now) -> Option<Resume> {
        let first_sent = self.intent.attempts.first_sent().unwrap_or_else(|| now.utc());
        Some(Resume::new(self.key()?, first_sent).body(self.body().clone()))
    }

    fn advance(&mut self, now: Now, waker: &Waker) -> Step<Result<Reply<D::Output>, Error>> {
        loop {
            match &mut self.state {
                State::Done(_) | State::Taken(_) => return Step::Done(self.take_result()),
                State::Backoff(until) if now.mono < *until => {
                    return Step::Wait(until.saturating_sub(now.mono));
                }
                State::Backoff(_) => self.state = State::Ready,
                State::InFlight(sent) if now.mono < sent.lost_at => {
                    return Step::Wait(sent.lost_at.saturating_sub(now.mono));
                }
                State::InFlight(sent) => {
                    let ticket = Ticket(sent.ticket);
                    let lost = Message::new("the driver never settled it");
                    self.settled(now, &ticket, Err(Fault::maybe(FaultKind::Timeout, lost)));
                }
                State::Following(poller) => match poller.poll(now, waker).into_output() {
                    Ok(followed) => self.followed(followed),
                    Err(step) => return step,
                },
                State::Ready => match self.intent.ready(now, waker).into_output() {
                    Ok(Ok(bearer)) => {
                        let (exchange, sent) = self.intent.send(now, bearer);
                        self.state = State::InFlight(sent);
                        return Step::Send(exchange);
                    }
                    Ok(Err(error)) => self.state = State::Done(Err(error)),
                    Err(step) => return step,
                },
            }
        }
    }

    fn settled(&mut self, now: Now, ticket: &Ticket, outcome: Result<Response<Bytes>, Fault>) {
        let sent = match std::mem::replace(&mut self.state, State::Ready) {
            State::InFlight(sent) if sent.ticket == ticket.0 => sent,
            other => {
                self.state = other;
                return;
            }
        };
        let fault = outcome.as_ref().err().map(|fault| fault.kind);
        let context = Context::new(&self.intent, &sent, now);
        let classified = classify(&self.decoder, &context, outcome);
        self.intent.record(&sent, &classified, fault);
        self.state = match classified {
            Classified::Success { value, response } => {
                State::Done(Ok(self.intent.succeed(value, response, false)))
            }
            Classified::PaymentFailed { id, response } => {
                State::Done(Err(self.intent.own_record(completion::failed(id, response))))
            }
            Classified::Failure(failure) => match self.intent.next(now, &sent, *failure, fault) {
                Next::Resend(until) => State::Backoff(until),
                Next::Follow(poller) => State::Following(poller),
                Next::Fail(error) => State::Done(Err(error)),
            },
        };
    }

    fn followed(&mut self, followed: Followed) {
        self.state = match followed {
            Followed::Seen(reply) => match self.decoder.follow(&reply.value) {
                Some(_) if reply.value.failed() => {
                    State::Done(Err(self.intent.own_record(completion::payment_failed(reply))))
                }
                Some(value) => {
                    State::Done(Ok(self.intent.succeed(value, reply.into_response(), true)))
                }
                None => State::Done(Err(self.intent.unfollowed(|details| {
                    details.what.push_str(
                        "; the payment in process is of another amount or type: was the key used before?",
                    );
                    details.payment = Some(Box::new(reply.value));
                }))),
            },
            Followed::Lost { error, .. } | Followed::TimeUp { last: Some(error), .. } => {
                // The poller redacts the session's secrets, but not this request's.
                let source = redact_source(Box::new(error), &self.decoder.secrets());
                State::Done(Err(self.intent.unfollowed(|details| {
                    details.what.push_str("; following it failed");
                    details.source = Some(source);
                })))
            }
            Followed::TimeUp { .. } => State::Done(Err(self.intent.unfollowed(|_| {}))),
        };
    }

    /// Gives the result out, once.
    fn take_result(&mut self) -> Result<Reply<D::Output>, Error> {
        let fate = match &self.state {
            State::Done(Ok(reply)) => reply.fate,
            State::Done(Err(error)) => error.fate(),
            State::Taken(fate) => *fate,
            _ => self.intent.fate(),
        };
        match std::mem::replace(&mut self.state, State::Taken(fate)) {
            State::Done(result) => result,
            _ => Err(already_taken(fate, self.intent.key())),
        }
    }
}

impl<D: ResponseDecoder> Machine for Call<D> {
    type Output = Result<Reply<D::Output>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        let _entered = self.intent.entered();
        self.advance(now, waker)
    }

    /// Only the good response to the call itself is left to the caller.
    fn head(&mut self, _: Now, ticket: &Ticket, head: &response::Parts) -> BodyMode {
        let ours = matches!(&self.state, State::InFlight(sent) if sent.ticket == ticket.0);
        if self.intent.operation.streams && ours && head.status.is_success() {
            BodyMode::Stream
        } else {
            BodyMode::Buffer
        }
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        let _entered = self.intent.entered();
        match &mut self.state {
            State::Following(poller) => poller.settle(now, ticket, outcome),
            State::InFlight(_) => self.settled(now, &ticket, outcome),
            State::Ready => self.intent.settle_token(now, &ticket, outcome),
            State::Backoff(_) | State::Done(_) | State::Taken(_) => {}
        }
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        match &mut self.state {
            State::Following(poller) => poller.supply(now, ticket, token),
            State::Ready => self.intent.supply_token(now, &ticket, token),
            _ => {}
        }
    }

    fn abandon(&mut self, now: Now) -> Self::Output {
        if let State::InFlight(sent) = &self.state {
            let ticket = Ticket(sent.ticket);
            self.intent.stop_retrying();
            let cancelled = Fault::maybe(FaultKind::Aborted, Message::new("cancelled"));
            self.settled(now, &ticket, Err(cancelled));
        }
        if !matches!(self.state, State::Done(_) | State::Taken(_)) {
            self.state = State::Done(Err(self.intent.cancelled()));
        }
        self.take_result()
    }
}

impl<D: ResponseDecoder> fmt::Debug for Call<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("operation", &format_args!("{}", self.intent.operation.name))
            .field("intent", &self.intent)
            .finish_non_exhaustive()
    }
}

/// What a poll after the end gets.
fn already_taken(fate: Fate, key: Option<IdempotencyKey>) -> Error {
    let details = Details { key, ..Details::new("the result of this call was taken already") };
    Error::with_details(ErrorKind::InvalidInput, fate, details)
}
