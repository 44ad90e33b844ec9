//! Sends what is due of a run, and shows how far it is.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use qbank_outbox::{End, Lane, Sqlite, State, Status, Stop, Worker};
use qbank_proto::Money;
use qbank_proto::chrono::SecondsFormat;

use super::journal::{Journal, rows};
use crate::args::Run;
use crate::client::Client;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Notes, Progress};

/// How often it is looked how far the run is, at most.
const LOOK: Duration = Duration::from_millis(200);
/// Of a large journal less often, so that looking takes no more than this part of the time.
const LOOK_PART: u32 = 20;
/// How long payments are waited for, once all are sent.
const WAIT: Duration = Duration::from_secs(180);

/// Works until nothing of the journal is open, and with `--wait` until each payment is final; or
/// until a signal, or a pause.
pub(super) fn submit(
    context: &Context<'_>,
    args: &Run,
    journal: &Journal,
    client: &Client,
) -> Result<End, Failure> {
    let began = Instant::now();
    let work = Work { context, args, journal, client, stop: Stop::new() };
    // With --wait the deadline is the whole run's.
    let whole = context.global.deadline().filter(|_| args.wait);
    let is_late = move |began: Instant| whole.is_some_and(|whole| began.elapsed() >= whole);
    let sent = work.run(Phase::Send, move |_| is_late(began))?;
    if sent != End::Empty || !args.wait || work.stop.is_stopped() {
        return Ok(sent);
    }
    let end = whole.map_or_else(|| Instant::now() + WAIT, |whole| began + whole);
    work.run(Phase::Wait, move |status| status.unsettled == 0 || Instant::now() >= end)
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Send,
    Wait,
}

struct Work<'a> {
    context: &'a Context<'a>,
    args: &'a Run,
    journal: &'a Journal,
    client: &'a Client,
    stop: Stop,
}

impl Work<'_> {
    /// Works until the phase ends by itself, by a signal, or once it is over; and shows it.
    fn run(&self, phase: Phase, is_over: impl Fn(&Status) -> bool + Send) -> Result<End, Failure> {
        let journal = Sqlite::open(&self.journal.path)?;
        let status = journal.status_of_run(&self.journal.run)?;
        let progress = Progress::new(rows(&status), phase.done(&status));
        let notes = progress.notes(self.context.printer);
        let worker = self.worker(phase, &notes)?;
        let shown = Shown { phase, journal, run: self.journal.run.clone(), progress };
        let stop = &self.stop;
        thread::scope(|threads| {
            let (ended, has_ended) = mpsc::channel();
            let display = threads.spawn(move || {
                shown.until(&has_ended, |status| {
                    if is_over(status) {
                        stop.stop();
                    }
                });
            });
            let stopped = stop.clone();
            let result = self.context.interrupts.until_stopped(
                move || worker.run(&stopped),
                || {
                    stop.stop();
                    notes.warning(
                        "stopping: nothing new is sent; what is under way may take 30 s to end",
                    );
                },
            );
            drop(ended);
            let _ = display.join();
            match result? {
                Some(end) => Ok(end?),
                None => Err(Failure::Local(
                    "the worker broke; the same command goes on with the run".to_owned(),
                )),
            }
        })
    }

    fn worker(
        &self,
        phase: Phase,
        notes: &Notes,
    ) -> Result<Worker<crate::client::EitherDriver, Sqlite>, Failure> {
        let store = Sqlite::open(&self.journal.path)?;
        let mut worker = Worker::new(self.client.clone(), store)
            .name(format!("run:{}", std::process::id()))
            .concurrency(usize::from(self.args.concurrency))
            .interval(Duration::from_millis(100));
        if phase == Phase::Send {
            worker = worker.until_empty();
        }
        if let Some(deadline) = self.context.global.deadline().filter(|_| !self.args.wait) {
            worker = worker.deadline(deadline);
        }
        if let Some(patience) = self.args.lane_patience {
            worker = worker.lane_patience(patience);
        }
        let (notes, stop) = (notes.clone(), self.stop.clone());
        Ok(worker.on_pause(move |lane| {
            if lane.id == Lane::ALL {
                stop.stop();
            }
            notes.warning(&pause_message(lane));
        }))
    }
}

/// What whoever runs a file needs to know of a lane that is paused.
fn pause_message(lane: &Lane) -> String {
    let Lane { id, reason, .. } = lane;
    if id == Lane::ALL {
        return format!("{reason}: nothing new is sent, and what is under way ends");
    }
    let what = if id == Lane::CREDENTIAL { "everything" } else { id };
    let next = lane.retry_at.map(|at| at.to_rfc3339_opts(SecondsFormat::Secs, true));
    let next = next.map(|at| format!("; one is tried at {at}")).unwrap_or_default();
    format!("{what} is paused, and its rows stay queued: {reason}{next}")
}

/// How far a run is, by a connection of its own.
struct Shown {
    phase: Phase,
    journal: Sqlite,
    run: String,
    progress: Progress,
}

impl Shown {
    /// Shows it until the other end is gone.
    fn until(mut self, has_ended: &mpsc::Receiver<()>, look: impl Fn(&Status)) {
        let mut wait = LOOK;
        while has_ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
            let began = Instant::now();
            // A store that is busy is looked at again.
            if let Ok(status) = self.journal.status_of_run(&self.run) {
                self.progress.show(self.phase.done(&status), &self.phase.text(&status));
                look(&status);
            }
            wait = LOOK.max(began.elapsed() * LOOK_PART);
        }
        if let Ok(status) = self.journal.status_of_run(&self.run) {
            self.progress.end(self.phase.done(&status), &self.phase.text(&status));
        }
    }
}

impl Phase {
    fn done(self, status: &Status) -> u64 {
        let left = match self {
            Self::Send => status.open() + status.rows(State::Held),
            Self::Wait => status.unsettled,
        };
        rows(status) - left
    }

    fn text(self, status: &Status) -> String {
        let of = |states: &[State]| -> u64 { states.iter().map(|it| status.rows(*it)).sum() };
        if self == Self::Wait {
            let (settled, failed) = (status.rows(State::Settled), status.rows(State::Failed));
            let unsettled = status.unsettled;
            return format!("waiting for {unsettled}; {settled} settled, {failed} failed");
        }
        let accepted = [State::Accepted, State::Settled];
        let dollars = accepted.map(|state| status.dollars(state));
        let total = Money::checked_sum(status.dollars.iter().map(|(_, dollars)| *dollars));
        format!(
            "{} of {} dollars; {} accepted, {} refused, {} unknown",
            Money::checked_sum(dollars).unwrap_or_default(),
            total.unwrap_or_default(),
            of(&accepted),
            of(&[State::Refused, State::Failed]),
            of(&[State::Resend, State::Reconcile]),
        )
    }
}
