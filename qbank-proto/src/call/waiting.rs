//! Waits until a payment is final.

use std::task::Waker;

use bytes::Bytes;
use http::Response;

use super::completion::payment_failed;
use super::following::{Followed, Goal, PaymentPoller};
use super::{Reply, already_taken};
use crate::config::{CallOptions, Limits};
use crate::error::{Details, Error, ErrorKind};
use crate::machine::{Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::resource::{Payment, PaymentStatus};
use crate::session::Session;
use crate::types::{AccessToken, BoxError, Fate, PaymentId, seconds_up};

/// Polls `GET /payments/{paymentId}` until the payment is final: after 1 s,
/// then ×1.5, at most 15 s apart, within the deadline.
///
/// | Comes to | |
/// |---|---|
/// | `P_COMPLETED` | the payment |
/// | `P_FAILED` | [`ErrorKind::PaymentFailed`], [`Fate::Refused`] |
/// | time up, seen | [`ErrorKind::DeadlineExceeded`], [`Fate::InProgress`] |
/// | time up, never seen | the last poll's error, usually [`ErrorKind::NotFound`] |
pub struct WaitForPayment {
    session: Session,
    payment_id: PaymentId,
    options: CallOptions,
    jitter: Jitter,
    limits: Limits,
    /// What is known of the money when nothing was seen.
    known: Fate,
    poller: Option<PaymentPoller>,
    taken: bool,
}

impl WaitForPayment {
    /// Waits for this payment.
    pub fn new(
        session: &Session,
        payment_id: PaymentId,
        options: CallOptions,
        jitter: u64,
    ) -> Self {
        Self {
            session: session.clone(),
            payment_id,
            limits: Limits::of(session.config(), &options),
            options,
            jitter: Jitter::new(jitter),
            known: Fate::NotApplicable,
            poller: None,
            taken: false,
        }
    }

    /// The bank has accepted this payment before: not seeing it is not absence.
    #[must_use]
    pub fn accepted(mut self) -> Self {
        self.known = Fate::InProgress;
        self
    }

    fn conclude(&self, followed: Followed) -> Result<Reply<Payment>, Error> {
        match followed {
            Followed::Seen(reply) if reply.value.failed() => Err(payment_failed(reply)),
            Followed::Seen(reply) => Ok(Reply { fate: Fate::Accepted, ..reply }),
            Followed::TimeUp { seen: Some(reply), .. } => Err(self.not_final(
                ErrorKind::DeadlineExceeded,
                &format!("did not become final within {} s", seconds_up(self.limits.deadline)),
                reply,
            )),
            Followed::Lost { error, seen } => Err(self.lost(error, seen)),
            Followed::TimeUp { seen: None, last: Some(error) } => Err(self.lost(error, None)),
            Followed::TimeUp { seen: None, last: None } => {
                Err(self.unseen(ErrorKind::DeadlineExceeded, "the deadline passed"))
            }
        }
    }

    /// The last poll failed. What was seen before still holds.
    fn lost(&self, error: Error, seen: Option<Reply<Payment>>) -> Error {
        let fate = if seen.is_some() { Fate::InProgress } else { self.known };
        let mut error = error.with_fate(fate);
        error.details_mut().payment = seen.map(|reply| Box::new(reply.value));
        self.about(error)
    }

    fn not_final(&self, kind: ErrorKind, why: &str, reply: Reply<Payment>) -> Error {
        // What the bank may have written instead of a status is not repeated.
        let status = match &reply.value.status {
            None => "not known",
            Some(PaymentStatus::Other(_)) => "one that this version does not know",
            Some(status) => status.as_str(),
        };
        let what = format!("payment {} {why}; its status is {status}", self.payment_id);
        let details = Details {
            status: Some(reply.status()),
            payment: Some(Box::new(reply.value)),
            response: Some(reply.response),
            ..Details::new(what)
        };
        self.about(Error::with_details(kind, Fate::InProgress, details))
    }

    fn unseen(&self, kind: ErrorKind, why: &str) -> Error {
        let what = format!("payment {}: {why} before it was seen", self.payment_id);
        self.about(Error::new(kind, self.known, what))
    }

    fn about(&self, mut error: Error) -> Error {
        error.details_mut().problem.transaction_id.get_or_insert(self.payment_id);
        error
    }
}

impl Machine for WaitForPayment {
    type Output = Result<Reply<Payment>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        if self.taken {
            return Step::Done(Err(already_taken(self.known, None)));
        }
        let poller = self.poller.get_or_insert_with(|| {
            PaymentPoller::new(
                self.session.clone(),
                self.payment_id,
                Goal::Final,
                self.options.clone(),
                now.mono.saturating_add(self.limits.deadline),
                self.jitter.fork(),
            )
        });
        poller.poll(now, waker).map(|followed| {
            self.taken = true;
            self.poller = None;
            self.conclude(followed)
        })
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        if let Some(poller) = &mut self.poller {
            poller.settle(now, ticket, outcome);
        }
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        if let Some(poller) = &mut self.poller {
            poller.supply(now, ticket, token);
        }
    }

    fn abandon(&mut self, _now: Now) -> Self::Output {
        if std::mem::replace(&mut self.taken, true) {
            return Err(already_taken(self.known, None));
        }
        let seen = self.poller.take().and_then(|mut poller| poller.abandon());
        Err(match seen {
            Some(reply) => self.not_final(ErrorKind::Transport, "was not waited for", reply),
            None => self.unseen(ErrorKind::Transport, "the wait was cancelled"),
        })
    }
}

impl std::fmt::Debug for WaitForPayment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WaitForPayment")
            .field("payment_id", &self.payment_id)
            .finish_non_exhaustive()
    }
}
