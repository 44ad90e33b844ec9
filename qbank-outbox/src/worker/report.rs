//! What a worker reports: to `tracing`, and with the feature `metrics` to whatever the
//! application has installed as recorder of the `metrics` crate.

use std::time::Duration;

use tracing::{info, warn};

use crate::status::Status;
use crate::store::StoreError;
use crate::turn::{Ended, Turn, Turned};

/// When the store is measured next.
pub(super) struct Report {
    every: Option<Duration>,
    next: Duration,
}

impl Report {
    pub(super) const fn new(every: Option<Duration>) -> Self {
        Self { every, next: Duration::ZERO }
    }

    /// Whether it is to be measured now.
    pub(super) fn is_due(&mut self, now: Duration) -> bool {
        let Some(every) = self.every.filter(|_| now >= self.next) else { return false };
        self.next = now + every;
        true
    }
}

/// What a turn wrote down.
pub(super) fn turn(turn: &Turn, turned: &Turned) {
    for ended in &turn.ended {
        call(ended);
    }
    #[cfg(feature = "metrics")]
    {
        metrics::counter!("qbank_outbox_leases_lost_total").increment(turned.leases_lost.into());
        let paused = u32::try_from(turned.paused.len()).unwrap_or(u32::MAX);
        metrics::gauge!("qbank_outbox_paused_lanes").set(paused);
    }
    #[cfg(not(feature = "metrics"))]
    let _ = turned;
}

#[cfg(feature = "metrics")]
fn call(ended: &Ended) {
    let fate = ended.outcome.fate.as_str();
    let what = if ended.n.is_some() { "send" } else { "look" };
    metrics::counter!("qbank_outbox_calls_total", "call" => what, "fate" => fate).increment(1);
    metrics::histogram!("qbank_outbox_call_seconds", "call" => what).record(ended.took);
}

#[cfg(not(feature = "metrics"))]
const fn call(_: &Ended) {}

pub(super) fn store_failed() {
    #[cfg(feature = "metrics")]
    metrics::counter!("qbank_outbox_store_failures_total").increment(1);
}

/// What the store has, where it could be measured.
pub(super) fn status(status: Result<Status, StoreError>) {
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            warn!(%error, "the store was not measured");
            return;
        }
    };
    let seconds = |age: Option<Duration>| age.unwrap_or_default().as_secs();
    info!(
        open = status.open(),
        reconcile = status.rows(crate::row::State::Reconcile),
        oldest_due_s = seconds(status.oldest_due),
        oldest_unknown_s = seconds(status.oldest_unknown),
        paused = status.paused.len(),
        "the store"
    );
    #[cfg(feature = "metrics")]
    {
        for state in crate::row::State::ALL {
            #[expect(clippy::cast_precision_loss, reason = "a gauge is a float")]
            let rows = status.rows(state) as f64;
            metrics::gauge!("qbank_outbox_rows", "state" => state.as_str()).set(rows);
        }
        let ages = [
            ("qbank_outbox_oldest_due_seconds", status.oldest_due),
            ("qbank_outbox_oldest_unknown_seconds", status.oldest_unknown),
        ];
        for (name, age) in ages {
            metrics::gauge!(name).set(age.unwrap_or_default());
        }
    }
}
