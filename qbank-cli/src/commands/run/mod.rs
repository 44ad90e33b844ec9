//! `qbank run FILE`: pays the payments of a file, each once, through kills and restarts.
//!
//! ```text
//! file ──► plan: all of it is checked, and summed up
//!            │  nothing is written before it is whole and somebody has said yes
//!            ▼
//!          journal: an outbox beside the file, locked by one process
//!            ▼
//!          submit: a worker, and how far it is
//!            ▼
//!          results: what became of each row
//!            ▼
//!          report: the numbers, what to do, and an exit code
//! ```

mod counts;
mod failed;
mod journal;
mod lock;
mod places;
mod plan;
mod question;
mod report;
mod results;
mod same;
mod scopes;
mod source;
mod submit;
mod whole;

use qbank_outbox::Store as _;
use qbank_proto::calendar::new_york_day;
use qbank_proto::chrono::Utc;
use serde_json::json;

use self::journal::Journal;
pub(super) use self::lock::lock as lock_journal;
use self::places::Places;
use self::plan::Plan;
use self::source::Source;
use super::Context;
use crate::args::Run;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::input;
use crate::output::Printer;

pub(super) fn run(context: &Context<'_>, args: &Run) -> Result<(), Failure> {
    let places = Places::of(args)?;
    if args.pause {
        return lock::pause(context, &places.journal);
    }
    let source = Source::open(args)?;
    let actor = input::actor(args.actor.as_ref())?;
    if args.dry_run {
        return look(context, args, &source, &places);
    }
    places.failed_is_new()?;
    let lock = lock::lock(&places.journal)?;
    places.may_be_written()?;
    let mut known = Journal::look(&places.journal)?;
    let is_known = match &mut known {
        Some(journal) => journal.is_of(&source, args)?,
        None => false,
    };
    if let Some(journal) = &mut known {
        journal.no_other_is_open()?;
    }
    let (mut journal, client) = match known {
        Some(journal) if is_known => go_on(context, args, journal, &actor)?,
        _ if args.approve => {
            return Err(Failure::usage(format!(
                "there is no run of this file in {}, so there is nothing to approve",
                places.journal.display()
            )));
        }
        known => begin(context, args, &source, known, &places, &actor)?,
    };
    // From here on money may move: no failure may say that none did.
    let ended = pay(context, args, &source, &places, &mut journal, &client, &actor);
    drop(lock);
    ended.map_err(|failure| match failure {
        Failure::Ended(code) => Failure::Ended(code),
        failure => Failure::Unfinished(failure.to_string()),
    })
}

/// Sends what is due, and tells what became of all of it.
fn pay(
    context: &Context<'_>,
    args: &Run,
    source: &Source,
    places: &Places,
    journal: &mut Journal,
    client: &Client,
    actor: &str,
) -> Result<(), Failure> {
    let end = submit::submit(context, args, journal, client)?;
    let results = results::write(journal, &places.results)?;
    let failed = places.failed.as_deref().map(|to| {
        let lost = args.failed_again.as_deref();
        failed::write(source, journal, &failed::Order { to, lost, actor })
    });
    report::report(context, args, journal, &end, results, failed)
}

/// What a file would pay.
fn look(
    context: &Context<'_>,
    args: &Run,
    source: &Source,
    places: &Places,
) -> Result<(), Failure> {
    let mut known = Journal::look(&places.journal)?;
    let mut began = None;
    if let Some(journal) = &mut known
        && journal.is_of(source, args)?
    {
        began = Some(journal.began()?);
    }
    let day = new_york_day(began.unwrap_or_else(Utc::now));
    let mut plan = Plan::make(args, source, known.as_ref(), day)?;
    if let (Some(journal), Some(_)) = (&known, began) {
        let status = journal.status()?;
        plan.warnings.push(format!(
            "{} of them are in the journal already, and {} are still to be sent: the same command \
             without --dry-run goes on with them",
            journal::rows(&status),
            status.open()
        ));
    }
    context.printer.either(&plan.text(), &json!({ "result": plan.document() }));
    Ok(())
}

/// A run that is in the journal: whoever worked on it before is gone.
fn go_on(
    context: &Context<'_>,
    args: &Run,
    mut journal: Journal,
    actor: &str,
) -> Result<(Journal, Client), Failure> {
    journal.expects(args)?;
    // Before any question: a pause that comes later holds.
    journal.store.resume()?;
    let status = journal.status()?;
    if args.hold && status.open() > 0 {
        return Err(Failure::usage(format!(
            "this run began without --hold, or was approved: {} of its payments are to be sent, \
             and nothing was sent now",
            status.open()
        )));
    }
    let ask = |rows, total| question::ask_approval(args, rows, total);
    if args.approve && !journal.approve(actor, ask)? {
        let text = "nothing of this run is held any more: what was approved goes on";
        context.printer.warning(text);
    }
    journal.store.take_over(actor)?;
    let status = journal.status()?;
    if context.printer.is_table() && status.open() > 0 {
        let (open, rows) = (status.open(), journal::rows(&status));
        Printer::before_question(&format!(
            "goes on with the run in {}: {open} of {rows} payments are to be sent",
            journal.path.display()
        ));
    }
    let client = client::connect(context.global, &scopes::of_rows(&journal)?)?;
    Ok((journal, client))
}

/// A run that is not in the journal yet: checked, asked about and written down.
fn begin(
    context: &Context<'_>,
    args: &Run,
    source: &Source,
    mut known: Option<Journal>,
    places: &Places,
    actor: &str,
) -> Result<(Journal, Client), Failure> {
    places.results_are_new()?;
    // Before the question: a pause that comes later holds.
    if let Some(journal) = &mut known {
        journal.store.resume()?;
    }
    let mut plan = Plan::make(args, source, known.as_ref(), new_york_day(Utc::now()))?;
    let client = plan.look_at_balances(context)?;
    question::ask(context, args, &plan)?;
    let mut journal = Journal::make(&places.journal, &source.digest)?;
    journal.enqueue(source, plan.checks(args), args.hold, actor)?;
    journal.store.take_over(actor)?;
    Ok((journal, client))
}
