//! Waits until a payment is final.

use std::task::Waker;

use bytes::Bytes;
use http::Response;

use crate::call::{Goal, Reply, Watch, Watched, already_over, payment_failed};
use crate::config::{CallOptions, Limits};
use crate::error::{Error, ErrorKind, Evidence};
use crate::machine::{Entropy, Fault, Machine, Now, Step, Ticket};
use crate::policy::Jitter;
use crate::resource::Payment;
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
/// | time up, never seen | the last look's error, usually [`ErrorKind::NotFound`] |
pub struct WaitForPayment {
    session: Session,
    payment_id: PaymentId,
    options: CallOptions,
    jitter: Jitter,
    limits: Limits,
    /// What is known of the money when nothing was seen.
    known: Fate,
    watch: Option<Watch>,
    over: bool,
}

impl WaitForPayment {
    /// Waits for this payment.
    pub fn new(
        session: &Session,
        payment_id: PaymentId,
        options: CallOptions,
        entropy: Entropy,
    ) -> Self {
        Self {
            session: session.clone(),
            payment_id,
            limits: Limits::of(session.config(), &options),
            options,
            jitter: Jitter::new(entropy.jitter),
            known: Fate::NotApplicable,
            watch: None,
            over: false,
        }
    }

    /// The bank has accepted this payment before: not seeing it is not absence.
    #[must_use]
    pub fn accepted(mut self) -> Self {
        self.known = Fate::InProgress;
        self
    }

    fn conclude(&self, watched: Watched) -> Result<Reply<Payment>, Error> {
        match watched {
            Watched::Seen(reply) if reply.value.failed() => Err(payment_failed(reply)),
            Watched::Seen(reply) => Ok(Reply { fate: Fate::Accepted, ..reply }),
            Watched::TimeUp { seen: Some(reply), .. } => Err(self.not_final(
                ErrorKind::DeadlineExceeded,
                &format!("did not become final within {} s", seconds_up(self.limits.deadline)),
                reply,
            )),
            Watched::Lost { error, seen } => Err(self.lost(error, seen)),
            Watched::TimeUp { seen: None, last: Some(error) } => Err(self.lost(error, None)),
            Watched::TimeUp { seen: None, last: None } => {
                Err(self.unseen(ErrorKind::DeadlineExceeded, "the deadline passed"))
            }
        }
    }

    /// The last look failed. What was seen before still holds.
    fn lost(&self, mut error: Error, seen: Option<Reply<Payment>>) -> Error {
        error.set_fate(if seen.is_some() { Fate::InProgress } else { self.known });
        error.evidence_mut().payment = seen.map(|reply| Box::new(reply.value));
        self.about(error)
    }

    fn not_final(&self, kind: ErrorKind, why: &str, reply: Reply<Payment>) -> Error {
        let status = reply.value.status.as_ref().map_or("not known", |status| status.as_str());
        let evidence = Evidence {
            what: format!("payment {} {why}; its status is {status}", self.payment_id),
            status: Some(reply.status()),
            payment: Some(Box::new(reply.value)),
            response: Some(reply.response),
            ..Evidence::default()
        };
        self.about(Error::new(kind, Fate::InProgress, evidence))
    }

    fn unseen(&self, kind: ErrorKind, why: &str) -> Error {
        let what = format!("payment {}: {why} before it was seen", self.payment_id);
        let evidence = Evidence { what, ..Evidence::default() };
        self.about(Error::new(kind, self.known, evidence))
    }

    fn about(&self, mut error: Error) -> Error {
        error.evidence_mut().problem.transaction_id.get_or_insert(self.payment_id);
        error
    }
}

impl Machine for WaitForPayment {
    type Output = Result<Reply<Payment>, Error>;

    fn poll(&mut self, now: Now, waker: &Waker) -> Step<Self::Output> {
        if self.over {
            return Step::Done(Err(already_over(self.known, None)));
        }
        let watch = self.watch.get_or_insert_with(|| {
            Watch::new(
                self.session.clone(),
                self.payment_id,
                Goal::Final,
                self.options.clone(),
                now.mono.saturating_add(self.limits.deadline),
                self.jitter.fork(),
            )
        });
        match watch.poll(now, waker) {
            Ok(step) => step,
            Err(watched) => {
                self.over = true;
                self.watch = None;
                Step::Done(self.conclude(*watched))
            }
        }
    }

    fn settle(&mut self, now: Now, ticket: Ticket, outcome: Result<Response<Bytes>, Fault>) {
        if let Some(watch) = &mut self.watch {
            watch.settle(now, ticket, outcome);
        }
    }

    fn supply(&mut self, now: Now, ticket: Ticket, token: Result<AccessToken, BoxError>) {
        if let Some(watch) = &mut self.watch {
            watch.supply(now, ticket, token);
        }
    }

    fn abandon(&mut self, _now: Now) -> Self::Output {
        if std::mem::replace(&mut self.over, true) {
            return Err(already_over(self.known, None));
        }
        let seen = self.watch.take().and_then(|mut watch| watch.abandon());
        Err(match seen {
            Some(reply) => self.not_final(ErrorKind::Transport, "was not waited for", reply),
            None => self.unseen(ErrorKind::Transport, "the wait was called off"),
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
