//! What the bank itself says of a row: the answer to a resend with the same key, or the payment.

use std::time::{Duration, Instant};

use qbank_outbox::{Ended, Evidence, Job, Outcome, Stop, Store, Turn};
use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::uuid::{Builder, Uuid};
use qbank_proto::{Driver as _, Fate};

use super::report::{Entry, How, Report};
use super::rows::{Question, Rows, question};
use crate::client::Client;
use crate::failure::Failure;

/// Whom to ask, and how.
pub(super) struct Asks {
    pub(super) client: Client,
    /// Of one call.
    pub(super) limit: Duration,
    /// Whether the answers are written down.
    pub(super) apply: bool,
    pub(super) stop: Stop,
}

/// Asks about each row that is in doubt, and about each payment that is not final.
pub(super) fn ask(
    asks: &Asks,
    store: &mut dyn Store,
    rows: &mut Rows,
    report: &mut Report,
) -> Result<(), Failure> {
    let Asks { client, limit, apply, stop } = asks;
    let (limit, apply) = (*limit, *apply);
    for waiting in &rows.waiting {
        report.pending.push(Entry::of(waiting, How::NotSent));
    }
    for known in &mut rows.known {
        let Some(payment) = known.row.payment_id.filter(|_| !is_final(known)) else {
            report.matched.push(Entry::of(known, How::Known));
            continue;
        };
        stopped(stop)?;
        let job = Job::look(known, payment, limit, token(client));
        let ended = drive(client, &job)?;
        let seen = ended.outcome.failure.is_none();
        learn(known, &ended.outcome);
        write_down(store, apply, ended)?;
        report.matched.push(Entry::of(known, if seen { How::Payment } else { How::Known }));
    }
    let mut left = Vec::new();
    for mut doubtful in std::mem::take(&mut rows.doubtful) {
        let (job, how) = match question(&doubtful, limit) {
            Question::None => {
                left.push(doubtful);
                continue;
            }
            Question::Look(payment) => {
                (Job::look(&doubtful, payment, limit, token(client)), How::Payment)
            }
            Question::Resend(age) => {
                (Job::resend(&doubtful, age, limit, token(client)), How::Resend)
            }
        };
        stopped(stop)?;
        let ended = drive(client, &job)?;
        let outcome = ended.outcome.clone();
        let has_it = outcome.failure.is_none() || outcome.fate == Fate::Accepted;
        let named = outcome.fate == Fate::InProgress && outcome.payment_id.is_some();
        write_down(store, apply, ended)?;
        learn(&mut doubtful, &outcome);
        if (has_it || named) && !outcome.foreign {
            report.matched.push(Entry::of(&doubtful, how));
            rows.known.push(doubtful);
        } else {
            left.push(doubtful);
        }
    }
    rows.doubtful = left;
    Ok(())
}

/// Between two questions.
fn stopped(stop: &Stop) -> Result<(), Failure> {
    if stop.is_stopped() {
        let why = "interrupted; what is not told yet is as it was, and asking again is safe";
        return Err(Failure::Local(why.to_owned()));
    }
    Ok(())
}

fn is_final(evidence: &Evidence) -> bool {
    let status = evidence.row.payment_status.as_deref().map(PaymentStatus::from);
    status.is_some_and(|status| status.is_final())
}

/// What was found out, for the rest of this report.
fn learn(evidence: &mut Evidence, outcome: &Outcome) {
    let row = &mut evidence.row;
    if outcome.foreign {
        return;
    }
    row.payment_id = row.payment_id.or(outcome.payment_id);
    if outcome.payment_status.is_some() {
        row.payment_status.clone_from(&outcome.payment_status);
    }
    if outcome.request_id.is_some() && outcome.failure.is_none() {
        row.bank_request_id.clone_from(&outcome.request_id);
    }
}

fn token(client: &Client) -> Uuid {
    Builder::from_random_bytes(client.driver().entropy().key).into_uuid()
}

fn drive(client: &Client, job: &Job) -> Result<Ended, Failure> {
    let began = Instant::now();
    let machine = job.machine(client.session(), client.now(), client.driver().jitter())?;
    let result = client.drive(machine);
    Ok(job.ended(began.elapsed(), &result))
}

/// As an answer that came late: it joins what is known, whoever has the row.
fn write_down(store: &mut dyn Store, apply: bool, ended: Ended) -> Result<(), Failure> {
    if !apply {
        return Ok(());
    }
    let turn = Turn {
        token: ended.lease.token,
        worker: "reconcile".to_owned(),
        lease: Duration::ZERO,
        max_key_age: Duration::ZERO,
        ended: vec![ended],
        begin: Vec::new(),
        release: Vec::new(),
        claim: 0,
    };
    store.turn(&turn)?;
    Ok(())
}
