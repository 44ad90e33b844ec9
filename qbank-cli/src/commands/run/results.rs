//! `FILE.results.csv`: what became of each row of a run.

use std::fs::File;
use std::io::{self, BufWriter};
use std::path::{Path, PathBuf};

use qbank_files::{Outcome, ResultRow, ResultsWriter};
use qbank_outbox::{Kind, Record, Request, Row, Sqlite, State, Store as _};
use qbank_proto::{Fate, Money};

use super::counts::Counts;
use super::journal::Journal;
use super::whole;
use crate::failure::Failure;

/// What became of all rows, and of the file that tells of them.
pub(super) struct Results {
    pub(super) counts: Counts,
    pub(super) path: PathBuf,
    pub(super) written: io::Result<()>,
}

/// Writes the results. The rows are counted whatever becomes of the file.
pub(super) fn write(journal: &Journal, path: &Path) -> Result<Results, Failure> {
    let mut counts = Counts::default();
    let mut file = whole::begin(path).and_then(ResultsWriter::new);
    // By a connection of its own, while the rows are read by another.
    let mut evidence = Sqlite::open(&journal.path)?;
    journal.store.each(Some(&journal.run), |row: Row, intent: Record| {
        let outcome = outcome(&row);
        counts.add(outcome, Money::from_cents(intent.amount_cents));
        if let Ok(writer) = &mut file
            && let Err(error) = write_row(writer, &mut evidence, counts.rows, row, intent)?
        {
            file = Err(error);
        }
        Ok::<(), Failure>(())
    })?;
    let written = file.and_then(ResultsWriter::finish).and_then(|file| whole::finish(path, file));
    if written.is_err() {
        whole::give_up(path);
    }
    Ok(Results { counts, path: path.to_owned(), written })
}

fn write_row(
    writer: &mut ResultsWriter<BufWriter<File>>,
    evidence: &mut Sqlite,
    number: u64,
    row: Row,
    intent: Record,
) -> Result<io::Result<()>, Failure> {
    let outcome = outcome(&row);
    // An earlier send that failed is no failure of a payment that the bank has.
    let message =
        row.last_error.filter(|_| !matches!(outcome, Outcome::Accepted | Outcome::Settled));
    let failure = match &message {
        Some(_) => evidence.evidence(row.id)?.and_then(|evidence| evidence.failure()),
        None => None,
    };
    let request = request(&intent);
    Ok(writer.write(&ResultRow {
        row: number,
        payment_id: intent.intent_id.into(),
        outcome,
        bank_payment_id: row.payment_id.map(|id| id.to_string().into()),
        bank_status: row.payment_status.map(Into::into),
        amount: Money::from_cents(intent.amount_cents),
        recipient_name: request.as_ref().and_then(|it| it.recipient_name()).map(Into::into),
        account: request.as_ref().map(qbank_files::Request::account).unwrap_or_default().into(),
        idempotency_key: Some(intent.idempotency_key.into()),
        first_sent: row.first_sent_at,
        attempts: row.sends.into(),
        error_kind: failure.as_ref().map(|(kind, _)| kind.as_str().into()),
        error_code: failure.as_ref().and_then(|(_, code)| code.as_deref()).map(Into::into),
        request_id: row.bank_request_id.map(Into::into),
        message: message.map(Into::into),
    }))
}

/// What was sent; not there once its body has been pruned.
fn request(intent: &Record) -> Option<qbank_files::Request> {
    let body = std::str::from_utf8(&intent.body).ok()?;
    match (intent.kind, Request::read(intent.kind, body).ok()?) {
        (Kind::Ach, Request::Ach(it)) => Some(qbank_files::Request::Ach(it)),
        (Kind::Wire, Request::Wire(it)) => Some(qbank_files::Request::Wire(it)),
        _ => None,
    }
}

/// What became of a row, in one word.
fn outcome(row: &Row) -> Outcome {
    match row.state {
        State::Held => Outcome::Held,
        State::Queued | State::Claimed if row.fate < Fate::Unknown => Outcome::Pending,
        State::Accepted => Outcome::Accepted,
        State::Settled => Outcome::Settled,
        State::Failed => Outcome::Failed,
        State::Refused if row.sends == 0 => Outcome::NeverSent,
        State::Refused => Outcome::Refused,
        State::Cancelled => Outcome::NeverSent,
        State::Reconcile if row.fate == Fate::InProgress => Outcome::InProgress,
        State::Reconcile => Outcome::Reconcile,
        _ => Outcome::Unknown,
    }
}
