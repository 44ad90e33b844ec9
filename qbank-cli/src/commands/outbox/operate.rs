//! What an operator does with a store and its rows.

use qbank_outbox::Command as Change;
use qbank_proto::chrono::NaiveTime;
use serde_json::json;

use super::store::Place;
use crate::args::{Decide, OutboxCommand as Command};
use crate::commands::Context;
use crate::failure::Failure;
use crate::input;
use crate::output::Printer;

pub(super) fn operate(
    context: &Context<'_>,
    place: &Place,
    command: &Command,
) -> Result<(), Failure> {
    let mut store = place.open()?;
    match command {
        Command::Pause { reason } => {
            store.pause(reason)?;
            let text = "paused: no worker claims anything; `outbox continue` ends it";
            context.printer.either(text, &json!({ "paused": true }));
        }
        Command::Continue => {
            store.resume()?;
            context.printer.either("workers go on", &json!({ "paused": false }));
        }
        Command::Prune { before, actor } => {
            let before = before.and_time(NaiveTime::MIN).and_utc();
            let pruned = store.prune(before, &input::actor(actor.as_ref())?)?;
            context.printer.either(
                &format!("{pruned} bodies were replaced by their digest"),
                &json!({ "pruned": pruned }),
            );
        }
        Command::AfterRestore { actor } => {
            let moved = store.after_restore(&input::actor(actor.as_ref())?)?;
            context.printer.either(
                &format!("{moved} intents are to be reconciled"),
                &json!({ "reconcile": moved }),
            );
        }
        _ => {
            let Some((id, change)) = change(command)? else { return Ok(()) };
            let row = store.command(id, &change)?;
            Printer::line(&row);
        }
    }
    Ok(())
}

/// What a command does to a row.
fn change(command: &Command) -> Result<Option<(i64, Change)>, Failure> {
    Ok(Some(match command {
        Command::Hold(it) => (it.id, Change::Hold { actor: it.actor.clone() }),
        Command::Approve(it) => (it.id, Change::Approve { actor: it.actor.clone() }),
        Command::Cancel { id, actor } => {
            (*id, Change::Cancel { actor: input::actor(actor.as_ref())? })
        }
        Command::Decide(Decide { id, accepted, reason, actor, .. }) => {
            let (reason, actor) = (reason.clone(), actor.clone());
            (*id, Change::Decide { accepted: *accepted, reason, actor })
        }
        _ => return Ok(None),
    }))
}
