//! The machines of `qbank-proto` behind one face, and what they come to.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Wake;

use bytes::Bytes;
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Endpoint, GetBalance,
    ListAccounts, Payment, Write,
};
use qbank_proto::{
    Amount, Authenticate, Call, CallOptions, Error, ErrorKind, Fate, IssueId, Machine, Money,
    PaymentId, Reply, RoutingNumberError, Session, WaitForPayment, WriteOptions,
};
use uuid::Uuid;

use super::plan::{JobPlan, What};

/// A machine of any kind.
pub(super) type Running = Box<dyn Machine<Output = Outcome>>;

/// What the application gets.
#[derive(Debug, Clone, Copy)]
pub(super) struct Outcome {
    pub(super) fate: Fate,
    /// None: a success.
    pub(super) kind: Option<ErrorKind>,
    /// The fate of the last attempt alone, which decides nothing.
    pub(super) last: Option<Fate>,
    pub(super) payment: Option<PaymentId>,
    /// Of the bank's record of the payment, where one was seen.
    pub(super) amount: Option<Money>,
}

/// A write before its first send: what the application saves of it.
pub(super) struct Prepared {
    pub(super) machine: Running,
    pub(super) body: Bytes,
}

/// A job cannot be put into a request; the plan should not make such jobs.
#[derive(Debug)]
pub(super) struct InvalidJob;

/// The call that does a write.
pub(super) fn write(
    session: &Session,
    job: &JobPlan,
    options: WriteOptions,
    jitter: u64,
) -> Result<Prepared, InvalidJob> {
    let amount = Amount::from_cents(job.cents).map_err(|_| InvalidJob)?;
    let prepared = match job.what {
        What::Wire => {
            let bank = "021000021".parse().map_err(|_: RoutingNumberError| InvalidJob)?;
            let beneficiary = Beneficiary::new("ACME", bank, "123456789");
            let reference = job.reference.unwrap_or("INV-8");
            prepared(
                session,
                CreateWire::new(job.from, beneficiary, amount, reference),
                options,
                jitter,
                |payment| Some(payment.payment_id),
            )
        }
        What::Transfer => {
            let transfer = CreateTransfer::new(job.from, job.to, amount);
            prepared(session, transfer, options, jitter, |accepted| accepted.location)
        }
        What::Check => {
            let cents = u128::try_from(job.cents).unwrap_or_default();
            let issue = IssueId::from_uuid(Uuid::from_u128((4 << 76) | (8 << 60) | cents));
            let date = chrono::NaiveDate::from_ymd_opt(2026, 1, 5).ok_or(InvalidJob)?;
            let issue = CreateCheckIssue::new(issue, job.from, "10012", amount, date);
            prepared(session, issue, options, jitter, |_| None)
        }
        _ => {
            let payment = CreateAch::new(job.from, job.to, amount);
            let payment = match job.reference {
                Some(reference) => payment.reference_id(reference),
                None => payment,
            };
            prepared(session, payment, options, jitter, |accepted| accepted.payment_id)
        }
    };
    Ok(prepared)
}

fn prepared<E: Endpoint<Effect = Write>>(
    session: &Session,
    endpoint: E,
    options: WriteOptions,
    jitter: u64,
    id: fn(E::Output) -> Option<PaymentId>,
) -> Prepared {
    let call = Call::erased(session, endpoint, options, jitter, id);
    let body = call.body().clone();
    let machine = Box::new(call.map(|result| Outcome::of(result, |id| *id)));
    Prepared { machine, body }
}

/// The call that only reads.
pub(super) fn read(session: &Session, job: &JobPlan, options: CallOptions, jitter: u64) -> Running {
    match job.what {
        What::Balance => {
            let call = Call::new(session, GetBalance::new(job.from), options, jitter);
            Box::new(call.map(|result| Outcome::of(result, |_| None)))
        }
        What::Token => {
            let machine = Authenticate::new(session, &options, jitter);
            Box::new(machine.map(|result| match result {
                Ok(_) => Outcome::good(Fate::NotApplicable),
                Err(error) => Outcome::bad(&error),
            }))
        }
        _ => {
            let call = Call::new(session, ListAccounts, options, jitter);
            Box::new(call.map(|result| Outcome::of(result, |_| None)))
        }
    }
}

/// The wait for a payment that the bank has.
pub(super) fn wait(
    session: &Session,
    payment: PaymentId,
    options: CallOptions,
    jitter: u64,
) -> Running {
    let wait = WaitForPayment::new(session, payment, options, jitter).accepted();
    Box::new(wait.map(|result: Result<Reply<Payment>, Error>| {
        let amount = result.as_ref().ok().and_then(|reply| reply.value.amount);
        let outcome = Outcome::of(result, |payment: &Payment| Some(payment.payment_id));
        Outcome { amount: amount.or(outcome.amount), ..outcome }
    }))
}

impl Outcome {
    fn good(fate: Fate) -> Self {
        Self { fate, kind: None, last: None, payment: None, amount: None }
    }

    fn bad(error: &Error) -> Self {
        Self {
            fate: error.fate(),
            kind: Some(error.kind()),
            last: error.attempts().last().map(|attempt| attempt.fate),
            payment: error.transaction_id(),
            amount: error.payment().and_then(|payment| payment.amount),
        }
    }

    fn of<T>(result: Result<Reply<T>, Error>, payment: fn(&T) -> Option<PaymentId>) -> Self {
        match result {
            Ok(reply) => Self { payment: payment(&reply.value), ..Self::good(reply.fate) },
            Err(error) => Self::bad(&error),
        }
    }
}

/// Raised by a waker.
#[derive(Debug, Default)]
pub(super) struct Flag(AtomicBool);

impl Flag {
    pub(super) fn lower(&self) -> bool {
        self.0.swap(false, Ordering::Relaxed)
    }
}

impl Wake for Flag {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}
