//! `qbank outbox`: payments that outlive the process.

mod operate;
mod show;
mod status;
mod store;
mod work;

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;

use qbank_outbox::Intent;

pub(super) use self::store::Place;
use super::Context;
use crate::args::{Outbox, OutboxCommand as Command};
use crate::failure::Failure;
use crate::output::Printer;

pub(crate) use self::store::keep;

pub(super) fn run(context: &Context<'_>, outbox: &Outbox) -> Result<(), Failure> {
    let place = Place::of(outbox.store.as_deref())?;
    if let Command::Migrate { print: true } = outbox.command {
        crate::output::print(place.schema().trim_end());
        return Ok(());
    }
    match &outbox.command {
        Command::Migrate { .. } => {
            drop(place.migrate()?);
            context.printer.either("the store is ready", &serde_json::json!({ "migrated": true }));
            Ok(())
        }
        Command::Add { file } => add(&place, file),
        Command::Work(args) => work::work(context, &place, args),
        Command::List { state } => show::list(context, &place, *state),
        Command::Status => status::status(context, &place),
        Command::Reconcile => show::reconcile(context, &place),
        Command::Show { id } => show::show(context, &place, *id),
        Command::VerifyAudit => show::verify_audit(context, &place),
        other => operate::operate(context, &place, other),
    }
}

/// One a line, of at most a megabyte, and a million of them at once.
const LONGEST_LINE: u64 = 1 << 20;

fn add(place: &Place, file: &Path) -> Result<(), Failure> {
    let source: Box<dyn Read> = if file == Path::new("-") {
        Box::new(io::stdin())
    } else {
        let cannot = |error| Failure::usage(format!("{}: {error}", file.display()));
        Box::new(File::open(file).map_err(cannot)?)
    };
    let mut reader = BufReader::new(source);
    let mut intents = Vec::new();
    for at in 1.. {
        let Some(line) = line(&mut reader, at)? else { break };
        if line.trim().is_empty() {
            continue;
        }
        let intent = Intent::from_json(line.trim());
        intents.push(intent.map_err(|error| {
            Failure::usage(format!("line {at}: {}; nothing was added", error.summary()))
        })?);
    }
    if intents.is_empty() {
        return Err(Failure::usage("there is no intent to add"));
    }
    for enqueued in place.open()?.enqueue(&intents)? {
        Printer::line(&enqueued);
    }
    Ok(())
}

fn line(reader: &mut impl BufRead, at: usize) -> Result<Option<String>, Failure> {
    let wrong = |what: &str| Failure::usage(format!("line {at}: {what}; nothing was added"));
    let mut bytes = Vec::new();
    let read = reader.take(LONGEST_LINE + 1).read_until(b'\n', &mut bytes);
    read.map_err(|error| wrong(&error.to_string()))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > LONGEST_LINE {
        return Err(wrong("is longer than 1 MiB"));
    }
    if bytes.is_empty() {
        return Ok(None);
    }
    let line = String::from_utf8(bytes).map_err(|_| wrong("is no UTF-8"))?;
    Ok(Some(if at == 1 { line.trim_start_matches('\u{feff}').to_owned() } else { line }))
}
