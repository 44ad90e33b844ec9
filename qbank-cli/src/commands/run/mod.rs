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
//! ```

mod journal;
mod plan;
mod question;
mod results;
mod same;
mod source;
mod submit;

use std::path::Path;

use qbank_outbox::Store as _;
use serde_json::json;

use self::journal::Journal;
pub(super) use self::journal::lock as lock_journal;
use self::plan::Plan;
use self::source::Source;
use super::Context;
use crate::args::Run;
use crate::client::{self, Client};
use crate::failure::Failure;
use crate::input;

pub(super) fn run(context: &Context<'_>, args: &Run) -> Result<(), Failure> {
    let path = journal::path(args);
    if args.pause {
        return journal::pause(context, &path);
    }
    let source = Source::open(args)?;
    let actor = input::actor(args.actor.as_ref())?;
    if args.dry_run {
        let plan = Plan::make(args, &source, Journal::look(&path)?.as_ref())?;
        context.printer.either(&plan.text(), &json!({ "result": plan.document() }));
        return Ok(());
    }
    results::may_write_failed(args)?;
    let lock = journal::lock(&path)?;
    let mut known = Journal::look(&path)?;
    let is_known = match &mut known {
        Some(journal) => journal.is_of(&source, args)?,
        None => false,
    };
    let (mut journal, client) = match known {
        Some(journal) if is_known => go_on(context, args, journal, &actor)?,
        _ if args.approve => {
            return Err(Failure::usage(format!(
                "there is no run of this file in {}, so there is nothing to approve",
                path.display()
            )));
        }
        known => begin(context, args, &source, known.as_ref(), &path, &actor)?,
    };
    let end = submit::submit(context, args, &journal, &client)?;
    let outcome = results::write(context, args, &source, &mut journal, &end);
    drop(lock);
    outcome
}

/// A run that is in the journal: whoever worked on it before is gone.
fn go_on(
    context: &Context<'_>,
    args: &Run,
    mut journal: Journal,
    actor: &str,
) -> Result<(Journal, Client), Failure> {
    journal.expects(args)?;
    if args.approve {
        journal.approve(actor)?;
    }
    journal.store.take_over(actor)?;
    journal.store.resume()?;
    let client = client::connect(context.global, &submit::scopes(&journal)?)?;
    Ok((journal, client))
}

/// A run that is not in the journal yet: checked, asked about and written down.
fn begin(
    context: &Context<'_>,
    args: &Run,
    source: &Source,
    known: Option<&Journal>,
    path: &Path,
    actor: &str,
) -> Result<(Journal, Client), Failure> {
    let mut plan = Plan::make(args, source, known)?;
    let client = plan.look_at_balances(context)?;
    question::ask(context, args, &plan)?;
    let mut journal = Journal::make(path, &source.digest)?;
    journal.enqueue(args, source, &plan, actor)?;
    journal.store.take_over(actor)?;
    journal.store.resume()?;
    Ok((journal, client))
}
