//! What became of each row of a run: a CSV for people and spreadsheets, numbers for scripts, an
//! exit code.

use std::collections::{HashMap, HashSet};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::Path;

use qbank_files::{FailedWriter, Outcome, ResultRow, ResultsWriter};
use qbank_outbox::{End, Kind, Record, Request, Row, State, Store as _};
use qbank_proto::{Fate, Money};
use serde_json::{Map, Value, json};

use super::journal::{Journal, beside};
use super::source::Source;
use crate::args::Run;
use crate::commands::Context;
use crate::failure::{FAILED, Failure, IN_PROGRESS, UNKNOWN};

/// All outcomes, in the order in which they are counted.
const OUTCOMES: [Outcome; 9] = [
    Outcome::Accepted,
    Outcome::Refused,
    Outcome::NeverSent,
    Outcome::InProgress,
    Outcome::Unknown,
    Outcome::Reconcile,
    Outcome::Failed,
    Outcome::Held,
    Outcome::Pending,
];

/// What became of all rows.
#[derive(Default)]
struct Counts {
    rows: u64,
    total: Money,
    by_outcome: [u64; OUTCOMES.len()],
}

impl Counts {
    fn add(&mut self, outcome: Outcome, amount: Money) {
        self.rows += 1;
        self.total = self.total.checked_add(amount).unwrap_or(self.total);
        // What is settled was accepted.
        let of = if outcome == Outcome::Settled { Outcome::Accepted } else { outcome };
        for (known, count) in OUTCOMES.iter().zip(&mut self.by_outcome) {
            *count += u64::from(*known == of);
        }
    }

    fn of(&self, outcome: Outcome) -> u64 {
        let found = OUTCOMES.iter().zip(self.by_outcome).find(|(known, _)| **known == outcome);
        found.map_or(0, |(_, count)| count)
    }

    /// The worst row's.
    fn code(&self) -> u8 {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| self.of(*outcome) > 0);
        if any(&[Outcome::Unknown, Outcome::Reconcile]) {
            UNKNOWN
        } else if any(&[Outcome::InProgress]) {
            IN_PROGRESS
        } else if any(&[Outcome::Refused, Outcome::Failed, Outcome::NeverSent, Outcome::Pending]) {
            FAILED
        } else {
            0
        }
    }
}

/// Writes the results, prints the numbers, and gives the exit code as a result.
pub(super) fn write(
    context: &Context<'_>,
    args: &Run,
    source: &Source,
    journal: &mut Journal,
    end: &End,
) -> Result<(), Failure> {
    let path = args.results.clone().unwrap_or_else(|| beside(&args.file, ".results.csv"));
    let counts = write_rows(journal, &path)?;
    let failed =
        args.failed_to.as_deref().map(|to| write_failed(source, journal, to)).transpose()?;
    let mut document = json!({
        "run": journal.run,
        "rows": counts.rows,
        "total": counts.total.to_string(),
        "results": path.display().to_string(),
        "journal": journal.path.display().to_string(),
    });
    if let Some(document) = document.as_object_mut() {
        for (outcome, count) in OUTCOMES.iter().zip(counts.by_outcome) {
            document.insert(outcome.to_string(), count.into());
        }
        if let (Some(rows), Some(to)) = (failed, &args.failed_to) {
            let written: Map<String, Value> = [
                ("file".to_owned(), to.display().to_string().into()),
                ("rows".to_owned(), rows.into()),
            ]
            .into_iter()
            .collect();
            document.insert("failed_to".to_owned(), written.into());
        }
    }
    if let End::GaveUp(lane) = end {
        let (lane, reason) = (&lane.id, &lane.reason);
        context.printer.warning(&format!("rows are still queued: {lane} is paused: {reason}"));
    }
    context.printer.either(&text(&counts, &path, args), &json!({ "result": document }));
    match counts.code() {
        0 => Ok(()),
        code => Err(Failure::Ended(code)),
    }
}

/// For people, with what to do next.
fn text(counts: &Counts, path: &Path, args: &Run) -> String {
    let mut lines = vec![format!("{} payments, {} dollars", counts.rows, counts.total)];
    for outcome in OUTCOMES {
        let count = counts.of(outcome);
        if count > 0 {
            let advice = advice(outcome, args);
            lines.push(
                format!("  {:<12} {count:>8}  {advice}", outcome.as_str()).trim_end().to_owned(),
            );
        }
    }
    lines.push(format!("results: {}", path.display()));
    lines.join("\n")
}

fn advice(outcome: Outcome, args: &Run) -> &'static str {
    match outcome {
        Outcome::Refused | Outcome::Failed if args.failed_to.is_none() => {
            "no money moved; --failed-to NEW.csv writes them, to be corrected"
        }
        Outcome::Refused | Outcome::Failed => "no money moved",
        Outcome::NeverSent => "nothing was sent",
        Outcome::InProgress => "the bank has them: look for them there, and do not pay them again",
        Outcome::Unknown => {
            "may have been paid: the same command sends them again with their own keys"
        }
        Outcome::Reconcile => {
            "only a person can say: `qbank reconcile`, then `qbank outbox decide`"
        }
        Outcome::Held => "somebody else approves them: --approve --actor NAME",
        Outcome::Pending => "were not sent: the same command goes on",
        _ => "",
    }
}

/// Written whole, and then renamed.
fn write_rows(journal: &mut Journal, path: &Path) -> Result<Counts, Failure> {
    let cannot = |error: io::Error| {
        Failure::Local(format!(
            "{} cannot be written: {error}; the journal has all of it",
            path.display()
        ))
    };
    let part = beside(path, ".part");
    let mut results =
        ResultsWriter::new(BufWriter::new(private(&part).map_err(cannot)?)).map_err(cannot)?;
    let mut counts = Counts::default();
    let mut failed: Vec<i64> = Vec::new();
    journal.store.each(Some(&journal.run), |row: Row, _| {
        if row.last_error.is_some() {
            failed.push(row.id);
        }
        Ok::<(), Failure>(())
    })?;
    let mut codes = HashMap::new();
    for id in failed {
        if let Some(found) = journal.store.evidence(id)?.and_then(|evidence| evidence.failure()) {
            codes.insert(id, found);
        }
    }
    journal.store.each(Some(&journal.run), |row: Row, intent: Record| {
        let outcome = outcome(&row);
        let amount = Money::from_cents(intent.amount_cents);
        counts.add(outcome, amount);
        let request = request(&intent);
        let failure =
            codes.get(&row.id).filter(|_| !matches!(outcome, Outcome::Accepted | Outcome::Settled));
        results
            .write(&ResultRow {
                row: counts.rows,
                payment_id: intent.intent_id.into(),
                outcome,
                bank_payment_id: row.payment_id.map(|id| id.to_string().into()),
                bank_status: row.payment_status.map(Into::into),
                amount,
                recipient_name: request.as_ref().and_then(|it| it.recipient_name()).map(Into::into),
                account: request
                    .as_ref()
                    .map(qbank_files::Request::account)
                    .unwrap_or_default()
                    .into(),
                idempotency_key: Some(intent.idempotency_key.into()),
                first_sent: row.first_sent_at,
                attempts: row.sends.into(),
                error_kind: failure.map(|(kind, _)| kind.as_str().into()),
                error_code: failure.and_then(|(_, code)| code.as_deref()).map(Into::into),
                request_id: row.bank_request_id.map(Into::into),
                message: row
                    .last_error
                    .filter(|_| failure.is_some() || outcome != Outcome::Accepted)
                    .map(Into::into),
            })
            .map_err(cannot)
    })?;
    let file = results
        .finish()
        .map_err(cannot)?
        .into_inner()
        .map_err(|error| cannot(error.into_error()))?;
    file.sync_all().and_then(|()| fs::rename(&part, path)).map_err(cannot)?;
    Ok(counts)
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

/// The file must be a new one: what was corrected in it must not be lost.
pub(super) fn may_write_failed(args: &Run) -> Result<(), Failure> {
    match &args.failed_to {
        Some(to) if to.exists() => Err(Failure::usage(format!(
            "--failed-to: {} is there already; nothing was sent",
            to.display()
        ))),
        _ => Ok(()),
    }
}

/// The rows that moved no money, under new ids. Gives how many.
fn write_failed(source: &Source, journal: &Journal, to: &Path) -> Result<u64, Failure> {
    let cannot = |error: io::Error| {
        Failure::Local(format!("--failed-to: {} cannot be written: {error}", to.display()))
    };
    let mut ids: HashSet<String> = HashSet::new();
    let mut failed: HashSet<String> = HashSet::new();
    journal.store.each(None, |row: Row, intent: Record| {
        let of_run = intent.run_id.as_deref() == Some(&journal.run[..]);
        if of_run
            && matches!(outcome(&row), Outcome::Refused | Outcome::Failed | Outcome::NeverSent)
        {
            failed.insert(intent.intent_id.clone());
        }
        ids.insert(intent.intent_id);
        Ok::<(), Failure>(())
    })?;
    let mut writer = FailedWriter::new(BufWriter::new(private(to).map_err(cannot)?));
    for payment in source.read()?.flatten() {
        if failed.contains(&payment.payment_id) {
            writer.write(&payment, |id| ids.contains(id)).map_err(cannot)?;
        }
    }
    writer.finish().and_then(|mut file| file.flush()).map_err(cannot)?;
    Ok(failed.len() as u64)
}

/// A file that is its owner's alone: names and accounts lie in it.
fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(path)
}
