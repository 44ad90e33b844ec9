//! How a call ends.

use std::time::Duration;

use bytes::Bytes;
use http::Response;

use super::{Intent, Outcome, State};
use crate::call::{Meaning, Operation, Reply};
use crate::error::{Error, ErrorKind, Evidence};
use crate::resource::Payment;
use crate::types::{Fate, IdempotencyKey, PaymentId, seconds};

impl Intent {
    /// A call that is over before it began.
    pub(super) fn reject(&mut self, mut error: Error) {
        error.evidence_mut().key = self.key;
        error.evidence_mut().first_sent = self.attempts.first_sent();
        error.set_fate(self.attempts.join());
        self.state = State::Over(Err(error));
    }

    /// The bank's own record is the one thing that lowers the join.
    pub(super) fn own_error(&mut self, mut error: Error) {
        let evidence = error.evidence_mut();
        evidence.key = self.key;
        evidence.first_sent = self.attempts.first_sent();
        evidence.attempts = self.attempts.take();
        self.state = State::Over(Err(error));
    }

    pub(super) fn succeed(&mut self, meaning: Meaning, response: Response<Bytes>, followed: bool) {
        if meaning.failed {
            self.own_error(failed(meaning.payment_id, response));
            return;
        }
        let fate = if self.key.is_some() { Fate::Accepted } else { Fate::NotApplicable };
        let attempts = self.attempts.take();
        let reply = Reply {
            value: (),
            fate,
            key: self.key,
            followed,
            first_sent: self.attempts.first_sent(),
            attempts,
            response,
        };
        self.state = State::Over(Ok(reply));
    }

    pub(super) fn fail(
        &mut self,
        operation: &dyn Operation,
        kind: ErrorKind,
        mut evidence: Box<Evidence>,
    ) {
        self.auth.release();
        let operation = format!("{}: ", operation.name());
        evidence.what.insert_str(0, &operation);
        evidence.key = self.key;
        evidence.first_sent = self.attempts.first_sent();
        evidence.attempts = self.attempts.take();
        let error = Error::new(kind, self.attempts.join(), evidence);
        tracing::info!(%kind, fate = %error.fate(), "failed");
        self.state = State::Over(Err(error));
    }

    pub(super) fn out_of_time<T>(&mut self, operation: &dyn Operation) -> Option<T> {
        let limit = seconds(self.limits.deadline);
        self.cut_short(
            operation,
            ErrorKind::DeadlineExceeded,
            format!("the deadline of {limit} s passed"),
        );
        None
    }

    /// Something of our own ends it. What the bank said last stays as evidence.
    fn cut_short(&mut self, operation: &dyn Operation, kind: ErrorKind, what: String) {
        let mut evidence = self.last.take().map(|(_, evidence)| evidence).unwrap_or_default();
        let before = std::mem::replace(&mut evidence.what, what);
        if !before.is_empty() {
            evidence.what.push_str("; before that, ");
            evidence.what.push_str(&before);
        }
        self.fail(operation, kind, evidence);
    }

    /// Gives the outcome out, once.
    pub(super) fn take_outcome(&mut self) -> Outcome {
        let fate = match &self.state {
            State::Over(outcome) => match outcome {
                Ok(reply) => reply.fate,
                Err(error) => error.fate(),
            },
            State::Gone(fate) => *fate,
            _ => self.attempts.join(),
        };
        match std::mem::replace(&mut self.state, State::Gone(fate)) {
            State::Over(outcome) => outcome,
            _ => Err(already_over(fate, self.key)),
        }
    }

    /// The application ends it, by the kind of what came before.
    pub(super) fn called_off(&mut self, operation: &dyn Operation) {
        let kind = self.last.as_ref().map_or(ErrorKind::Transport, |last| last.0);
        self.cut_short(operation, kind, "the call was called off".to_owned());
    }

    pub(super) fn held_back<T>(&mut self, operation: &dyn Operation, wait: Duration) -> Option<T> {
        let evidence = Evidence {
            what: "the bank asked this client to slow down for longer than the call has".to_owned(),
            retry_after: Some(wait),
            ..Evidence::default()
        };
        let (kind, evidence) =
            self.last.take().unwrap_or((ErrorKind::RateLimited, evidence.into()));
        self.fail(operation, kind, evidence);
        None
    }

    pub(super) fn not_yet<T>(&mut self, operation: &dyn Operation) -> Option<T> {
        let evidence = Evidence {
            what: "first sent must not be in the future".to_owned(),
            input: Some("first sent".to_owned()),
            ..Evidence::default()
        };
        self.fail(operation, ErrorKind::InvalidInput, evidence.into());
        None
    }

    pub(super) fn too_old<T>(&mut self, operation: &dyn Operation, age: Duration) -> Option<T> {
        let limit = self.session.config().max_key_age.as_secs() / 3600;
        let age = age.as_secs() / 3600;
        self.cut_short(
            operation,
            ErrorKind::InvalidInput,
            format!(
                "the intent was first sent {age} h ago, and a bank may forget a key after {limit} h: reconcile first"
            ),
        );
        None
    }
}

/// What a poll after the end gets.
pub(crate) fn already_over(fate: Fate, key: Option<IdempotencyKey>) -> Error {
    let what = "the call has given its answer already".to_owned();
    Error::new(ErrorKind::InvalidInput, fate, Evidence { what, key, ..Evidence::default() })
}

/// The bank's record of the payment says that it failed.
pub(crate) fn payment_failed(reply: Reply<Payment>) -> Error {
    let mut error = failed(Some(reply.value.payment_id), reply.response);
    error.evidence_mut().payment = Some(Box::new(reply.value));
    error
}

fn failed(id: Option<PaymentId>, response: Response<Bytes>) -> Error {
    let named = id.map(|id| format!(" {id}")).unwrap_or_default();
    let mut evidence = Evidence {
        what: format!("the bank reports payment{named} as failed"),
        status: Some(response.status()),
        response: Some(response),
        ..Evidence::default()
    };
    evidence.problem.transaction_id = id;
    Error::new(ErrorKind::PaymentFailed, Fate::Refused, evidence)
}
