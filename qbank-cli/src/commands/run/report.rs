//! What became of a run, in numbers: for people with what to do next, for scripts as a document
//! and an exit code.

use qbank_files::Outcome;
use qbank_outbox::End;
use qbank_proto::Money;
use serde_json::{Value, json};

use super::journal::Journal;
use super::results::Results;
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
pub(super) struct Counts {
    pub(super) rows: u64,
    total: Money,
    by_outcome: [u64; OUTCOMES.len()],
}

impl Counts {
    pub(super) fn add(&mut self, outcome: Outcome, amount: Money) {
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

    /// The worst row's. `unsettled` are accepted, and were waited for.
    fn code(&self, unsettled: u64) -> u8 {
        let any = |outcomes: &[Outcome]| outcomes.iter().any(|outcome| self.of(*outcome) > 0);
        if any(&[Outcome::Unknown, Outcome::Reconcile]) {
            UNKNOWN
        } else if any(&[Outcome::InProgress]) || unsettled > 0 {
            IN_PROGRESS
        } else if any(&[Outcome::Refused, Outcome::Failed, Outcome::NeverSent, Outcome::Pending]) {
            FAILED
        } else {
            0
        }
    }
}

/// Prints the numbers, and gives the exit code as a result. The money is told of whatever became
/// of the files.
pub(super) fn report(
    context: &Context<'_>,
    args: &Run,
    journal: &mut Journal,
    end: &End,
    results: Results,
    failed: Option<Result<u64, Failure>>,
) -> Result<(), Failure> {
    let Results { counts, path, written } = results;
    let printer = context.printer;
    if let Err(error) = &written {
        let path = path.display();
        printer.warning(&format!("{path} cannot be written: {error}; the journal has all of it"));
    }
    if let Some(Err(error)) = &failed {
        printer.warning(&error.to_string());
    }
    if let End::GaveUp(lane) = end {
        printer.warning(&format!(
            "{} payments are still queued: {} is paused: {}; once that is put right, the same \
             command goes on with them",
            counts.of(Outcome::Pending),
            lane.id,
            lane.reason
        ));
    }
    let unsettled = if args.wait { journal.status()?.unsettled } else { 0 };
    if unsettled > 0 {
        printer.warning(&format!(
            "{unsettled} payments are accepted and not final yet: the same command goes on waiting"
        ));
    }
    let mut document = json!({
        "run": journal.run,
        "rows": counts.rows,
        "total": counts.total.to_string(),
        "results": written.is_ok().then(|| path.display().to_string()),
        "journal": journal.path.display().to_string(),
    });
    let failed = failed.and_then(Result::ok);
    if let Some(document) = document.as_object_mut() {
        for (outcome, count) in OUTCOMES.iter().zip(counts.by_outcome) {
            document.insert(outcome.to_string(), count.into());
        }
        if args.failed_to.is_some() {
            document.insert("failed_to".to_owned(), failed_document(args, failed));
        }
    }
    let mut lines = text(&counts, args);
    if let (Some(rows @ 1..), Some(to)) = (failed, &args.failed_to) {
        lines.push(format!("to be corrected: {rows} in {}", to.display()));
    }
    if written.is_ok() {
        lines.push(format!("results: {}", path.display()));
    }
    printer.either(&lines.join("\n"), &json!({ "result": document }));
    match counts.code(unsettled) {
        0 => Ok(()),
        code => Err(Failure::Ended(code)),
    }
}

fn failed_document(args: &Run, rows: Option<u64>) -> Value {
    let file = args.failed_to.as_ref().filter(|_| rows > Some(0));
    json!({ "file": file.map(|file| file.display().to_string()), "rows": rows })
}

/// For people, with what to do next.
fn text(counts: &Counts, args: &Run) -> Vec<String> {
    let mut lines = vec![format!("{} payments, {} dollars", counts.rows, counts.total)];
    for outcome in OUTCOMES {
        let count = counts.of(outcome);
        if count > 0 {
            let advice = advice(outcome, args);
            let line = format!("  {:<12} {count:>8}  {advice}", outcome.as_str());
            lines.push(line.trim_end().to_owned());
        }
    }
    lines
}

/// In few words: a line has 80 columns.
fn advice(outcome: Outcome, args: &Run) -> &'static str {
    match outcome {
        Outcome::Accepted => "the bank has them",
        Outcome::Refused | Outcome::Failed if args.failed_to.is_none() => {
            "no money moved; to correct them: --failed-to NEW.csv"
        }
        Outcome::Refused | Outcome::Failed => "no money moved",
        Outcome::NeverSent => "nothing was sent",
        Outcome::InProgress => "the bank has them: do not pay them again",
        Outcome::Unknown => "may be paid: the same command resends, each with its key",
        Outcome::Reconcile => "may be paid: `qbank reconcile`, `qbank outbox decide`",
        Outcome::Held => "not sent: somebody else gives --approve --actor NAME",
        Outcome::Pending => "not sent: the same command goes on with them",
        _ => "",
    }
}
