//! `qbank outbox status`: a store in numbers.

use std::time::Duration;

use qbank_outbox::{Lane, Status};
use serde_json::{Map, Value, json};

use super::store::Place;
use super::work::pause_message;
use crate::commands::Context;
use crate::failure::Failure;

pub(super) fn status(context: &Context<'_>, place: &Place) -> Result<(), Failure> {
    let status = place.open()?.status()?;
    context.printer.either(&text(&status), &document(&status));
    Ok(())
}

fn text(status: &Status) -> String {
    let mut lines: Vec<String> =
        status.depth.iter().map(|(it, rows)| format!("{:<16}{rows}", it.as_str())).collect();
    if lines.is_empty() {
        lines.push("nothing was enqueued".to_owned());
    }
    let ages = [("due for", status.oldest_due), ("in doubt for", status.oldest_unknown)];
    for (what, age) in ages {
        lines.extend(age.map(|age| format!("{what:<16}{} s at most", age.as_secs())));
    }
    if status.leases_lost > 0 {
        lines.push(format!("{:<16}{}", "leases lost", status.leases_lost));
    }
    lines.extend(status.paused.iter().map(|(lane, _)| pause_message(lane)));
    lines.join("\n")
}

fn document(status: &Status) -> Value {
    let seconds = |age: Option<Duration>| age.map(|age| age.as_secs_f64());
    let depth: Map<String, Value> =
        status.depth.iter().map(|(state, rows)| (state.to_string(), json!(rows))).collect();
    let lane = |(lane, since): &(Lane, Duration)| {
        json!({
            "lane": lane.id,
            "reason": lane.reason,
            "paused_at": lane.paused_at,
            "paused_for_s": since.as_secs_f64(),
            "retry_at": lane.retry_at,
        })
    };
    json!({
        "depth": depth,
        "open": status.open(),
        "sends": status.sends,
        "leases_lost": status.leases_lost,
        "oldest_due_s": seconds(status.oldest_due),
        "oldest_unknown_s": seconds(status.oldest_unknown),
        "paused": status.paused.iter().map(lane).collect::<Vec<_>>(),
    })
}
