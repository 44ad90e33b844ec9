//! Sends what is due of a run, and shows how far it is.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use qbank_outbox::{End, Kind, Lane, Record, Row, Sqlite, State, Status, Stop, StoreError, Worker};
use qbank_proto::{Money, Scope};

use super::journal::Journal;
use crate::args::Run;
use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::Progress;

/// How often it is looked how far the run is.
const LOOK: Duration = Duration::from_millis(200);

/// Works until nothing of the journal is open, and with `--wait` until each payment is final; or
/// until a signal, or a pause.
pub(super) fn submit(
    context: &Context<'_>,
    args: &Run,
    journal: &Journal,
    client: &Client,
) -> Result<End, Failure> {
    let began = Instant::now();
    let stop = Stop::new();
    let paused = stop.clone();
    let printer = context.printer.clone();
    let worker = |store| {
        let mut worker = Worker::new(client.clone(), store)
            .name(format!("run:{}", std::process::id()))
            .concurrency(usize::from(args.concurrency))
            .interval(Duration::from_millis(100));
        if let Some(deadline) = context.global.deadline().filter(|_| !args.wait) {
            worker = worker.deadline(deadline);
        }
        if let Some(patience) = args.lane_patience {
            worker = worker.lane_patience(patience);
        }
        worker
    };
    let on_pause = move |lane: &Lane| {
        if lane.id == Lane::ALL {
            paused.stop();
        }
        printer.warning(&crate::commands::outbox::pause_message(lane));
    };
    let first = worker(Sqlite::open(&journal.path)?).until_empty().on_pause(on_pause);
    let shown = Shown { path: journal.path.clone(), run: journal.run.clone() };
    let sent = shown.while_running(context, &stop, |_| false, {
        let stop = stop.clone();
        move || first.run(&stop)
    })?;
    if sent != End::Empty || !args.wait || stop.is_stopped() {
        return Ok(sent);
    }
    let within = context.global.deadline().unwrap_or(Duration::from_secs(180));
    let is_over = |status: &Status| status.unsettled == 0 || began.elapsed() >= within;
    let second = worker(Sqlite::open(&journal.path)?);
    shown.while_running(context, &stop, is_over, {
        let stop = stop.clone();
        move || second.run(&stop)
    })
}

/// What the bank has to allow for the rows of a run.
pub(super) fn scopes(journal: &Journal) -> Result<Vec<Scope>, Failure> {
    let (mut ach, mut wire) = (false, false);
    journal.store.each(Some(&journal.run), |_: Row, intent: Record| {
        ach |= intent.kind == Kind::Ach;
        wire |= intent.kind == Kind::Wire;
        Ok::<(), StoreError>(())
    })?;
    Ok(of_kinds(ach, wire))
}

/// Of payments of these kinds. Payments are looked at as well.
pub(super) fn of_kinds(ach: bool, wire: bool) -> Vec<Scope> {
    let kinds = [(ach, Scope::PaymentsAchWrite), (wire, Scope::PaymentsWireWrite)];
    let writes = kinds.into_iter().filter(|(there, _)| *there).map(|(_, scope)| scope);
    writes.chain([Scope::PaymentsRead]).collect()
}

/// How far a run is, by a connection of its own.
struct Shown {
    path: std::path::PathBuf,
    run: String,
}

impl Shown {
    /// Shows it while something works, which ends by itself, by a signal, or once it is over.
    fn while_running(
        &self,
        context: &Context<'_>,
        stop: &Stop,
        is_over: impl Fn(&Status) -> bool + Send,
        work: impl FnOnce() -> Result<End, StoreError> + Send + 'static,
    ) -> Result<End, Failure> {
        let store = Sqlite::open(&self.path)?;
        let status = store.status_of_run(&self.run)?;
        let mut progress = Progress::new(rows(&status), done(&status));
        let ended = AtomicBool::new(false);
        let has_ended = &ended;
        thread::scope(|threads| {
            let shows = threads.spawn(move || {
                while !has_ended.load(Ordering::Relaxed) {
                    thread::sleep(LOOK);
                    // A store that is busy is looked at again.
                    if let Ok(status) = store.status_of_run(&self.run) {
                        progress.show(done(&status), &text(&status));
                        if is_over(&status) {
                            stop.stop();
                        }
                    }
                }
                progress.end();
            });
            let stopped = stop.clone();
            let result = context.interrupts.until_stopped(work, move || stopped.stop());
            ended.store(true, Ordering::Relaxed);
            let _ = shows.join();
            match result? {
                Some(end) => Ok(end?),
                None => Err(Failure::Local(
                    "the worker broke; the same command goes on with the run".to_owned(),
                )),
            }
        })
    }
}

fn rows(status: &Status) -> u64 {
    status.depth.iter().map(|(_, rows)| rows).sum()
}

fn done(status: &Status) -> u64 {
    rows(status) - status.open()
}

fn text(status: &Status) -> String {
    let of = |states: &[State]| -> u64 { states.iter().map(|state| status.rows(*state)).sum() };
    let accepted = [State::Accepted, State::Settled];
    let dollars = accepted.map(|state| status.dollars(state));
    let total = Money::checked_sum(status.dollars.iter().map(|(_, dollars)| *dollars));
    format!(
        "{} of {} rows, {} of {} dollars; {} accepted, {} refused, {} unknown",
        done(status),
        rows(status),
        Money::checked_sum(dollars).unwrap_or_default(),
        total.unwrap_or_default(),
        of(&accepted),
        of(&[State::Refused, State::Failed]),
        of(&[State::Sending, State::Resend, State::Reconcile]),
    )
}
