//! `qbank outbox work`: a worker.

use std::time::Duration;

use qbank_outbox::{End, Lane, Stop, Worker};
use qbank_proto::Scope;
use serde_json::json;

use super::store::Place;
use crate::args::Work;
use crate::client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::input;

/// All that an intent may need; payments are looked at as well.
const SCOPES: [Scope; 5] = [
    Scope::PaymentsAchWrite,
    Scope::PaymentsWireWrite,
    Scope::PaymentsRead,
    Scope::TransfersWrite,
    Scope::PositivePayIssuesWrite,
];

pub(super) fn work(context: &Context<'_>, place: &Place, args: &Work) -> Result<(), Failure> {
    let client = client::connect(context.global, &SCOPES)?;
    let printer = context.printer.clone();
    let mut worker = Worker::new(client, place.open()?)
        .name(name()?)
        .concurrency(usize::from(args.concurrency))
        .report_every(Duration::from_secs(60))
        .on_pause(move |lane| printer.warning(&pause_message(lane)));
    if args.until_empty {
        worker = worker.until_empty();
    }
    if let Some(deadline) = context.global.deadline() {
        worker = worker.deadline(deadline);
    }
    if let Some(patience) = args.lane_patience {
        worker = worker.lane_patience(patience);
    }
    if let Some(grace) = args.grace {
        worker = worker.grace(grace);
    }
    let stop = Stop::new();
    let stopped = stop.clone();
    let ended = context.interrupts.until_stopped(move || worker.run(&stopped), || stop.stop())?;
    let Some(end) = ended else {
        return Err(Failure::Local("the worker broke; its rows are tried again".to_owned()));
    };
    let text = match end? {
        End::GaveUp(lane) => {
            return Err(Failure::Local(format!(
                "rows are still queued: {} is paused since {}: {}",
                lane.id,
                lane.paused_at.to_rfc3339(),
                lane.reason
            )));
        }
        End::Empty => "empty",
        End::Stopped => "stopped",
    };
    context.printer.either(text, &json!({ "ended": text }));
    Ok(())
}

/// What an operator needs to know of a lane that is paused.
pub(super) fn pause_message(lane: &Lane) -> String {
    let Lane { id, reason, .. } = lane;
    if id == Lane::ALL {
        return format!("all workers are paused: {reason}; `qbank outbox continue` ends it");
    }
    let what = if id == Lane::CREDENTIAL { "everything" } else { id };
    let next = lane.retry_at.map(|at| at.to_rfc3339()).unwrap_or_default();
    format!(
        "{what} is paused, and its rows stay queued: {reason}; one is tried at {next}, \
         `qbank outbox continue` tries at once"
    )
}

/// This machine and this process, as the tables name a worker.
fn name() -> Result<String, Failure> {
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let host = host.or(input::text("HOSTNAME")?).unwrap_or_else(|| "worker".to_owned());
    Ok(format!("{}:{}", host.trim(), std::process::id()))
}
