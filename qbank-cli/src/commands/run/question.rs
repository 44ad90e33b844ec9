//! Whether it is to be paid: nobody else can say.

use std::io::{self, BufRead as _, IsTerminal as _};

use qbank_proto::Money;

use super::plan::Plan;
use crate::args::Run;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::Printer;

/// Asks on a terminal; elsewhere `--yes` is needed.
pub(super) fn ask(context: &Context<'_>, args: &Run, plan: &Plan) -> Result<(), Failure> {
    let (rows, total) = (plan.summary.rows, plan.summary.total);
    if args.yes {
        for warning in &plan.warnings {
            context.printer.warning(warning);
        }
        return Ok(());
    }
    if !may_ask() {
        return Err(Failure::usage(format!(
            "this would pay {rows} payments, {total} dollars, and nobody can be asked here: give \
             --yes, best with --expect-count and --expect-total; nothing was sent"
        )));
    }
    Printer::before_question(&plan.text());
    let what = if args.hold { "Write down" } else { "Pay" };
    confirm(&format!("{what} {rows} payments, {total} dollars? [y/N] "))
}

/// Whoever approves a run on a terminal sees what it pays. Elsewhere `--approve` says it.
pub(super) fn ask_approval(args: &Run, rows: u64, total: Money) -> Result<(), Failure> {
    if args.yes || !may_ask() {
        return Ok(());
    }
    confirm(&format!("Approve and pay {rows} payments, {total} dollars? [y/N] "))
}

fn may_ask() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn confirm(question: &str) -> Result<(), Failure> {
    Printer::question(question);
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    if !answer.ends_with('\n') {
        // The input ended on the line of the question.
        Printer::before_question("");
    }
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(Failure::usage("not confirmed; nothing was sent")),
    }
}
