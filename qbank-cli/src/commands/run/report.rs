//! What became of a run, in numbers: for people with what to do next, for scripts as a document
//! and an exit code.

use qbank_files::Outcome;
use qbank_outbox::End;
use serde_json::{Value, json};

use super::counts::Counts;
use super::failed::Failed;
use super::journal::Journal;
use super::results::Results;
use crate::args::Run;
use crate::commands::Context;
use crate::failure::Failure;

/// Prints the numbers, and gives the exit code as a result. The money is told of whatever became
/// of the files.
pub(super) fn report(
    context: &Context<'_>,
    args: &Run,
    journal: &mut Journal,
    end: &End,
    results: Results,
    failed: Option<Result<Failed, Failure>>,
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
        for (outcome, rows, _) in counts.each() {
            document.insert(outcome.to_string(), rows.into());
        }
        if args.failed_to.is_some() {
            document.insert("failed_to".to_owned(), failed_document(args, failed.as_ref()));
        }
    }
    let code = counts.code(unsettled);
    let mut lines = text(&counts, args);
    if let (Some(Failed { rows: rows @ 1.., .. }), Some(to)) = (&failed, &args.failed_to) {
        lines.push(format!("to be corrected: {rows} in {}", to.display()));
    }
    for (file, rows) in failed.iter().flat_map(|failed| &failed.earlier) {
        printer.warning(&format!(
            "to be corrected, and written to {file} before: {rows}. They are not written again: of \
             two files both could be paid. If that file is lost and was never run, give \
             --failed-again with its name"
        ));
    }
    if let Some(Failed { may_be_paid, .. }) = &failed
        && !may_be_paid.is_empty()
    {
        printer.warning(&format!(
            "written to a file of corrections before, and accepted or in doubt by now: {}. Take \
             them out of that file: they would be paid twice",
            may_be_paid.join(", ")
        ));
    }
    if written.is_ok() {
        let what = if code == 0 { "results" } else { "results, with the reason of each row" };
        lines.push(format!("{what}: {}", path.display()));
    }
    printer.either(&lines.join("\n"), &json!({ "result": document }));
    match code {
        0 => Ok(()),
        code => Err(Failure::Ended(code)),
    }
}

fn failed_document(args: &Run, failed: Option<&Failed>) -> Value {
    let rows = failed.map(|failed| failed.rows);
    let file = args.failed_to.as_ref().filter(|_| rows > Some(0));
    let earlier = failed.iter().flat_map(|failed| &failed.earlier);
    let earlier: Vec<Value> =
        earlier.map(|(file, rows)| json!({ "file": file, "rows": rows })).collect();
    json!({
        "file": file.map(|file| file.display().to_string()),
        "rows": rows,
        "earlier": earlier,
        "may_be_paid": failed.map_or(&[][..], |failed| &failed.may_be_paid),
    })
}

/// For people, with what to do next.
fn text(counts: &Counts, args: &Run) -> Vec<String> {
    let mut lines = vec![format!("{} payments, {} dollars", counts.rows, counts.total)];
    for (outcome, rows, dollars) in counts.each().filter(|(_, rows, _)| *rows > 0) {
        let (dollars, advice) = (dollars.to_string(), advice(outcome, args));
        let line = format!("  {:<11} {rows:>7} {dollars:>14}  {advice}", outcome.as_str());
        lines.push(line.trim_end().to_owned());
    }
    lines
}

/// In few words: a line has 80 columns, and 42 are left.
fn advice(outcome: Outcome, args: &Run) -> &'static str {
    match outcome {
        Outcome::Accepted => "the bank has them",
        Outcome::Refused | Outcome::Failed if args.failed_to.is_none() => {
            "no money moved; --failed-to NEW.csv"
        }
        Outcome::Refused | Outcome::Failed => "no money moved",
        Outcome::NeverSent => "nothing was sent",
        Outcome::InProgress => "the bank has them: do not pay again",
        Outcome::Unknown => "may be paid: the same command resends",
        Outcome::Reconcile => "may be paid: `qbank reconcile` first",
        Outcome::Held => "not sent: --approve --actor NAME",
        Outcome::Pending => "not sent: the same command goes on",
        _ => "",
    }
}
