//! What the bank itself says of a row: the answer to a resend with the same key, or the payment.

use std::time::{Duration, Instant};

use qbank_outbox::{
    Command, Ended, Evidence, Job, Lane, Outcome, State, Stop, Store, StoreError, Turn,
};
use qbank_proto::endpoint::PaymentStatus;
use qbank_proto::uuid::{Builder, Uuid};
use qbank_proto::{Driver as _, ErrorKind};

use super::report::{Entry, How, Report};
use super::rows::{Question, Rows, may_be_paid, question};
use crate::client::Client;
use crate::failure::Failure;

/// Whom to ask, and how.
pub(super) struct Asks {
    pub(super) client: Client,
    /// Of one call.
    pub(super) limit: Duration,
    /// Whether what the bank's records say is written down.
    pub(super) apply: bool,
    pub(super) stop: Stop,
}

/// By how much a lease is longer than its call.
const MARGIN: Duration = Duration::from_secs(60);
/// The bank keeps a key for so long, as far as anybody knows.
const KEY_AGE: Duration = Duration::from_secs(24 * 3600);

/// Asks about each row that is in doubt, and then about each payment that is not final. What was
/// not asked when this fails is still in `rows`.
pub(super) fn ask(
    asks: &Asks,
    store: &mut dyn Store,
    rows: &mut Rows,
    report: &mut Report,
) -> Result<(), Failure> {
    for waiting in &rows.waiting {
        report.in_doubt += usize::from(may_be_paid(waiting));
        let how = if may_be_paid(waiting) { How::UnderWay } else { How::NotSent };
        report.pending.push(Entry::of(waiting, how));
    }
    let mut left = Vec::new();
    while let Some(doubtful) = rows.doubtful.pop() {
        match about_doubtful(asks, store, &doubtful, report) {
            Ok(Said::Paid(known)) => rows.known.push(*known),
            Ok(Said::NotPaid) => {}
            Ok(Said::Nothing) => left.push(doubtful),
            Err(failure) => {
                rows.doubtful.push(doubtful);
                rows.doubtful.extend(left);
                return Err(failure);
            }
        }
    }
    rows.doubtful = left;
    about_known(asks, store, rows, report)
}

/// What the bank said of a row.
enum Said {
    /// It has the payment, which explains a debit.
    Paid(Box<Evidence>),
    /// It failed there, or is somebody else's.
    NotPaid,
    /// It could not be asked, or did not say.
    Nothing,
}

/// What became of a row in doubt, by the bank's own word.
fn about_doubtful(
    asks: &Asks,
    store: &mut dyn Store,
    doubtful: &Evidence,
    report: &mut Report,
) -> Result<Said, Failure> {
    let id = doubtful.row.id;
    let token = token(&asks.client);
    let (ended, how) = match question(doubtful) {
        Question::None => return Ok(Said::Nothing),
        Question::Look(payment) => {
            stopped(asks)?;
            let ended = drive(asks, &Job::look(doubtful, payment, asks.limit, token))?;
            if asks.apply {
                write_down(store, ended.clone())?;
            }
            (ended, How::Payment)
        }
        Question::Resend => {
            stopped(asks)?;
            let Some(ended) = resend(asks, store, id, token)? else {
                return Ok(Said::Nothing);
            };
            (ended, How::Resend)
        }
    };
    let mut now = store.evidence(id)?.unwrap_or_else(|| doubtful.clone());
    learn(&mut now, &ended.outcome);
    let failed = ended.outcome.kind() == Some(ErrorKind::PaymentFailed);
    if ended.outcome.foreign {
        report.in_doubt += 1;
        report.ambiguous.push(Entry::of(&now, how));
        return Ok(Said::NotPaid);
    }
    let seen = match how {
        How::Payment => failed || ended.outcome.failure.is_none(),
        _ => matches!(now.row.state, State::Accepted | State::Settled | State::Failed),
    };
    if !seen {
        return Ok(Said::Nothing);
    }
    report.matched.push(Entry::of(&now, how));
    if failed || now.row.state == State::Failed {
        return Ok(Said::NotPaid);
    }
    Ok(Said::Paid(Box::new(now)))
}

/// Sends a row again, as a worker does: that is written down before, and what came of it after.
fn resend(
    asks: &Asks,
    store: &mut dyn Store,
    id: i64,
    token: Uuid,
) -> Result<Option<Ended>, Failure> {
    if store.lanes()?.iter().any(|(lane, _)| lane.id == Lane::ALL) {
        return Ok(None);
    }
    let since = Instant::now();
    let begin = Command::Resend {
        actor: "reconcile".to_owned(),
        token,
        lease: asks.limit + MARGIN,
        max_key_age: KEY_AGE,
    };
    match store.command(id, &begin) {
        Ok(_) => {}
        // Somebody else has it by now, or its key is too old.
        Err(StoreError::Refused(_)) => return Ok(None),
        Err(error) => return Err(error.into()),
    }
    let Some(evidence) = store.evidence(id)? else { return Ok(None) };
    let Some(job) = Job::resend(&evidence, asks.limit, token) else { return Ok(None) };
    // As a worker: nothing begins whose lease could run out during the call.
    let ended = if since.elapsed() > MARGIN / 2 { job.too_late() } else { drive(asks, &job)? };
    write_down(store, ended.clone())?;
    Ok(Some(ended))
}

/// Where the payments stand that the bank has.
fn about_known(
    asks: &Asks,
    store: &mut dyn Store,
    rows: &mut Rows,
    report: &mut Report,
) -> Result<(), Failure> {
    let before = report.matched_ids();
    let mut known = Vec::new();
    while let Some(mut evidence) = rows.known.pop() {
        let asked = before.contains(&evidence.row.id);
        let Some(payment) = evidence.row.payment_id.filter(|_| !asked && !is_final(&evidence))
        else {
            if !asked {
                report.matched.push(Entry::of(&evidence, How::Known));
            }
            known.push(evidence);
            continue;
        };
        let job = Job::look(&evidence, payment, asks.limit, token(&asks.client));
        let looked = stopped(asks).and_then(|()| drive(asks, &job)).and_then(|ended| {
            if asks.apply {
                write_down(store, ended.clone())?;
            }
            Ok(ended)
        });
        let ended = match looked {
            Ok(ended) => ended,
            Err(failure) => {
                rows.known.push(evidence);
                return Err(failure);
            }
        };
        learn(&mut evidence, &ended.outcome);
        if ended.outcome.foreign {
            report.in_doubt += 1;
            report.ambiguous.push(Entry::of(&evidence, How::Payment));
            continue;
        }
        let failed = ended.outcome.kind() == Some(ErrorKind::PaymentFailed);
        let seen = failed || ended.outcome.failure.is_none();
        let how = if seen { How::Payment } else { How::Known };
        report.matched.push(Entry::of(&evidence, how));
        if !failed {
            known.push(evidence);
        }
    }
    rows.known = known;
    Ok(())
}

/// Between two questions.
fn stopped(asks: &Asks) -> Result<(), Failure> {
    if asks.stop.is_stopped() {
        return Err(Failure::Local("interrupted; asking again is safe".to_owned()));
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

fn drive(asks: &Asks, job: &Job) -> Result<Ended, Failure> {
    let client = &asks.client;
    let began = Instant::now();
    let machine = job.machine(client.session(), client.now(), client.driver().jitter())?;
    let result = client.drive(machine);
    Ok(job.ended(began.elapsed(), &result))
}

fn write_down(store: &mut dyn Store, ended: Ended) -> Result<(), Failure> {
    let turn = Turn {
        token: ended.lease.token,
        worker: "reconcile".to_owned(),
        lease: Duration::ZERO,
        max_key_age: KEY_AGE,
        ended: vec![ended],
        begin: Vec::new(),
        release: Vec::new(),
        claim: 0,
    };
    store.turn(&turn)?;
    Ok(())
}
