//! One call of the core for a row that was claimed: its machine, and what came of it.

use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{ApiResponse, Endpoint, GetPayment, Payment, Write};
use qbank_proto::http::Method;
use qbank_proto::{
    Call, CallOptions, DecodeError, Error, Fate, IdempotencyKey, Machine, Now, PaymentId, Reply,
    Resume, Scope, Session, WriteOptions,
};
use tracing::{Span, info_span};
use uuid::Uuid;

use crate::audit::Evidence;
use crate::intent::{Record, Request};
use crate::row::State;
use crate::turn::{Ended, Failure, Lease, Outcome};

/// What a call of a job comes to.
pub type JobResult = Result<Reply<Answer>, Error>;

/// The machine of a job: any driver drives it.
pub type JobMachine = Box<dyn Machine<Output = JobResult> + Send>;

/// One call to make: a send that is written down as begun, or a look at a payment.
#[derive(Debug, Clone, PartialEq)]
pub struct Job {
    /// The row, and the lease it is done under.
    pub lease: Lease,
    /// Which send of the row it is; none of a look.
    pub n: Option<u32>,
    /// How long the call may last: its lease holds for longer.
    pub limit: Duration,
    /// Until when it may begin, by the clock that [`Outbox::poll`](crate::Outbox::poll) gets:
    /// later, its lease could run out during the call.
    pub start_by: Duration,
    pub(crate) what: What,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    Send { intent: Box<Record>, first_sent: Option<Duration> },
    Look { intent: Box<Record>, payment: PaymentId },
}

/// What a good response says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Answer {
    payment_id: Option<PaymentId>,
    status: Option<String>,
    request_id: Option<String>,
    payment: Option<Payment>,
}

impl Job {
    /// What its call is traced in.
    pub(crate) fn span(&self) -> Span {
        let (What::Send { intent, .. } | What::Look { intent, .. }) = &self.what;
        info_span!(
            "outbox",
            outbox_id = self.lease.id,
            intent_id = intent.intent_id,
            send = self.n,
            lease = %self.lease.token,
        )
    }

    /// The send that [`Command::Resend`](crate::Command::Resend) has begun, by what the store
    /// says of it since; nothing, where somebody else has the row. What came of it is handed to a
    /// [`Turn`](crate::Turn).
    pub fn resend(evidence: &Evidence, limit: Duration, token: Uuid) -> Option<Self> {
        let Evidence { row, intent, read_at, .. } = evidence;
        if row.lease_token != Some(token) || row.state != State::Sending {
            return None;
        }
        let age = (*read_at - row.first_sent_at?).to_std().unwrap_or_default();
        let intent = Box::new(intent.clone());
        Some(Self {
            lease: Lease { id: row.id, token },
            n: Some(row.sends),
            limit,
            start_by: Duration::MAX,
            what: What::Send { intent, first_sent: Some(age) },
        })
    }

    /// The same for a look at a payment that the bank has named.
    pub fn look(evidence: &Evidence, payment: PaymentId, limit: Duration, token: Uuid) -> Self {
        let Evidence { row, intent, .. } = evidence;
        let intent = Box::new(intent.clone());
        Self {
            lease: Lease { id: row.id, token },
            n: None,
            limit,
            start_by: Duration::MAX,
            what: What::Look { intent, payment },
        }
    }

    /// The call: with the key and the bytes of the intent, sent once. It is sent again by a
    /// later job, after that is written down.
    pub fn machine(&self, session: &Session, now: Now, jitter: u64) -> Result<JobMachine, Error> {
        let options = CallOptions::new().deadline(self.limit).max_retries(0);
        let (intent, first_sent) = match &self.what {
            What::Look { payment, .. } => {
                let call = Call::new(session, GetPayment::new(*payment), options, jitter);
                return Ok(Box::new(call.map(answered(of_payment))));
            }
            What::Send { intent, first_sent } => (intent, *first_sent),
        };
        let key: IdempotencyKey = intent
            .idempotency_key
            .parse()
            .map_err(|rule| Error::invalid_input("idempotency_key", rule))?;
        let body = Bytes::from(intent.body.clone());
        let write = match first_sent {
            None => WriteOptions::new(key),
            Some(ago) => {
                let at = sent_at(now, ago);
                WriteOptions::resume(Resume::new(key, at).body(body.clone()))
            }
        };
        let write = write.call(options);
        let text = std::str::from_utf8(&body).unwrap_or_default();
        Ok(match Request::read(intent.kind, text)? {
            Request::Ach(it) => Box::new(call(session, it, body, write, jitter, |it| Answer {
                payment_id: it.payment_id,
                status: it.status.map(|status| status.to_string()),
                ..Answer::default()
            })),
            Request::Wire(it) => Box::new(call(session, it, body, write, jitter, of_payment)),
            Request::Transfer(it) => Box::new(call(session, it, body, write, jitter, |it| {
                Answer { payment_id: it.location, ..Answer::default() }
            })),
            Request::CheckIssue(it) => {
                Box::new(call(session, it, body, write, jitter, |_| Answer::default()))
            }
        })
    }

    /// What came of it, to hand to the outbox.
    pub fn ended(&self, took: Duration, result: &JobResult) -> Ended {
        let mut outcome = outcome(result);
        let (What::Send { intent, .. } | What::Look { intent, .. }) = &self.what;
        // A payment that was seen, and whose call ended without it, is not the one asked for.
        let seen = match result {
            Ok(reply) => reply.value.payment.as_ref(),
            Err(error) => error.payment(),
        };
        outcome.foreign = seen.is_some_and(|payment| !intent.is(payment))
            || (outcome.fate == Fate::InProgress && seen.is_some());
        Ended { lease: self.lease, n: self.n, took, outcome }
    }

    /// The same where it is too late for the call.
    pub fn too_late(&self) -> Ended {
        self.given_up(Duration::ZERO, Outcome::not_sent("nothing was sent: its lease had run out"))
    }

    /// The same where the call could not be made, or was given up.
    pub(crate) fn given_up(&self, took: Duration, outcome: Outcome) -> Ended {
        Ended { lease: self.lease, n: self.n, took, outcome }
    }
}

/// The moment of the first send by this process's clock: how long ago it was is known by the
/// database's, and no clock is compared with another.
fn sent_at(now: Now, ago: Duration) -> DateTime<Utc> {
    let ago = TimeDelta::from_std(ago).unwrap_or(TimeDelta::MAX);
    now.utc().checked_sub_signed(ago).unwrap_or(DateTime::UNIX_EPOCH)
}

fn call<E: Endpoint<Effect = Write>>(
    session: &Session,
    endpoint: E,
    body: Bytes,
    options: WriteOptions,
    jitter: u64,
    read: fn(E::Output) -> Answer,
) -> impl Machine<Output = JobResult> + Send + use<E> {
    Call::new(session, Stored { endpoint, body }, options, jitter).map(answered(read))
}

fn answered<T>(read: fn(T) -> Answer) -> impl FnMut(Result<Reply<T>, Error>) -> JobResult {
    move |result| result.map(|reply| reply.map(read))
}

fn of_payment(payment: Payment) -> Answer {
    Answer {
        payment_id: Some(payment.payment_id),
        status: payment.status.as_ref().map(|status| status.as_str().to_owned()),
        request_id: payment.audit.request_id.map(|id| id.to_string()),
        payment: Some(payment),
    }
}

/// What came of a call, as plain data.
fn outcome(result: &JobResult) -> Outcome {
    match result {
        Ok(reply) => Outcome {
            fate: reply.fate,
            http_status: Some(reply.status().as_u16()),
            fault: None,
            payment_id: reply.value.payment_id,
            payment_status: reply.value.status.clone(),
            request_id: reply.value.request_id.clone(),
            foreign: false,
            failure: None,
        },
        Err(error) => {
            let payment = error.payment();
            let attempt = error.attempts().last();
            Outcome {
                fate: error.fate(),
                // Without an attempt it is the token endpoint's.
                http_status: attempt.and_then(|it| it.status).map(|status| status.as_u16()),
                fault: attempt.and_then(|it| it.fault).map(|fault| fault.to_string()),
                payment_id: error.transaction_id().or(payment.map(|it| it.payment_id)),
                payment_status: payment
                    .and_then(|it| it.status.as_ref())
                    .map(|status| status.as_str().to_owned()),
                request_id: error.request_id().map(|id| id.to_string()),
                foreign: false,
                failure: Some(Failure {
                    kind: error.kind(),
                    code: error.error_code().map(str::to_owned),
                    message: error.to_string(),
                    retry_after: error.retry_after(),
                }),
            }
        }
    }
}

/// An operation with the bytes that were written down for it.
#[derive(Debug)]
struct Stored<E> {
    endpoint: E,
    body: Bytes,
}

impl<E: Endpoint> Endpoint for Stored<E> {
    type Effect = E::Effect;
    type Output = E::Output;

    const METHOD: Method = E::METHOD;
    const PATH: &'static str = E::PATH;
    const SCOPE: Option<Scope> = E::SCOPE;
    const FOLLOWS: bool = E::FOLLOWS;

    fn target(&self, url: &mut String) {
        self.endpoint.target(url);
    }

    fn body(&self) -> Result<Bytes, Error> {
        Ok(self.body.clone())
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<E::Output, DecodeError> {
        self.endpoint.decode(response)
    }

    fn follow(&self, payment: &Payment) -> Option<E::Output> {
        self.endpoint.follow(payment)
    }

    fn secrets(&self) -> Vec<&str> {
        self.endpoint.secrets()
    }
}
