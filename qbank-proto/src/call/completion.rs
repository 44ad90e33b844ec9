//! How a call ends.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::Reply;
use super::intent::Intent;
use crate::error::{Details, Error, ErrorKind, What};
use crate::resource::Payment;
use crate::types::{Fate, PaymentId, seconds};

impl Intent {
    pub(super) fn succeed<T>(
        &mut self,
        value: T,
        response: Response<Bytes>,
        followed: bool,
    ) -> Reply<T> {
        Reply {
            value,
            fate: if self.key.is_some() { Fate::Accepted } else { Fate::NotApplicable },
            key: self.key,
            followed,
            first_sent: self.attempts.first_sent(),
            attempts: self.attempts.take(),
            response,
        }
    }

    /// A call that is over before it began. What was kept of a resumed one stays.
    pub(super) fn reject(&self, error: Error, kept: Option<Bytes>) -> Error {
        let mut error = error.with_fate(self.attempts.join());
        let details = error.details_mut();
        details.key = self.key;
        details.first_sent = self.attempts.first_sent();
        details.body = kept;
        error
    }

    /// The bank's own record is the one thing that lowers the join.
    pub(super) fn own_record(&mut self, mut error: Error) -> Error {
        let details = error.details_mut();
        details.key = self.key;
        details.first_sent = self.attempts.first_sent();
        details.attempts = self.attempts.take();
        error
    }

    pub(super) fn fail(&mut self, kind: ErrorKind, mut details: Box<Details>) -> Error {
        self.auth.release();
        details.operation = Some(self.sent_to());
        details.key = self.key;
        details.first_sent = self.attempts.first_sent();
        details.body = self.key.map(|_| self.body.clone());
        details.attempts = self.attempts.take();
        let fate = self.attempts.join();
        tracing::info!(%kind, %fate, "failed");
        Error::with_details(kind, fate, details)
    }

    /// The conflict stands: the payment in process could not be followed, or is not ours.
    pub(super) fn unfollowed(&mut self, explain: impl FnOnce(&mut Details)) -> Error {
        let (kind, mut details) =
            self.last.take().unwrap_or_else(|| (ErrorKind::IdempotencyConflict, Box::default()));
        explain(&mut details);
        self.fail(kind, details)
    }

    /// Something of our own ends it. The bank's last response stays in the details.
    fn cut_short(&mut self, kind: ErrorKind, what: What) -> Error {
        let mut details = self.last.take().map(|(_, details)| details).unwrap_or_default();
        let before = std::mem::replace(&mut details.what, what);
        if !before.is_empty() {
            details.what.push_str(&format!("; before that, {before}"));
        }
        self.fail(kind, details)
    }

    pub(super) fn out_of_time(&mut self) -> Error {
        let what = format!("the deadline of {} s passed", seconds(self.limits.deadline));
        let mut error = self.cut_short(ErrorKind::DeadlineExceeded, What::Message(what));
        self.auth.explain(error.details_mut());
        error
    }

    /// The application ends it, by the kind of what came before.
    pub(super) fn cancelled(&mut self) -> Error {
        let kind = self.last.as_ref().map_or(ErrorKind::Transport, |last| last.0);
        self.cut_short(kind, What::Message("the call was cancelled".to_owned()))
    }

    /// A 429 of another call of the session.
    pub(super) fn throttled(&mut self, wait: Duration) -> Error {
        let (kind, details) = self.last.take().unwrap_or_else(|| {
            let what = "the bank asked this client to slow down for longer than the call has";
            let details = Details { retry_after: Some(wait), ..Details::new(what) };
            (ErrorKind::RateLimited, details.into())
        });
        self.fail(kind, details)
    }

    pub(super) fn first_sent_later(&mut self) -> Error {
        let (field, rule) = ("first sent".to_owned(), "must not be in the future".to_owned());
        self.cut_short(ErrorKind::InvalidInput, What::Input { field, rule })
    }

    pub(super) fn too_old(&mut self, age: Duration) -> Error {
        let hours = |time: Duration| time.as_secs() / 3600;
        let what = format!(
            "the intent was first sent {} h ago, and a bank may forget a key after {} h: reconcile first",
            hours(age),
            hours(self.session.config().max_key_age),
        );
        self.cut_short(ErrorKind::InvalidInput, What::Message(what))
    }
}

/// The bank's record of the payment says that it failed.
pub(super) fn payment_failed(reply: Reply<Payment>) -> Error {
    let error = failed(Some(reply.value.payment_id), reply.response);
    error.with_payment(reply.value)
}

/// A response says that the payment failed.
pub(super) fn failed(id: Option<PaymentId>, response: Response<Bytes>) -> Error {
    let named = id.map(|id| format!(" {id}")).unwrap_or_default();
    let mut details = Details {
        status: Some(response.status()),
        response: Some(response),
        ..Details::new(format!("the bank reports payment{named} as failed"))
    };
    details.problem.transaction_id = id;
    Error::with_details(ErrorKind::PaymentFailed, Fate::Refused, details)
}
