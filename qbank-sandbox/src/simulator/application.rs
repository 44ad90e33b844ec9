//! What an application does that follows the advice of this library: it saves key,
//! bytes and moment before the first send, resumes what is in doubt with the same key,
//! waits for what is in process, and pays again with a new key only what is known not
//! to have moved money.

use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::{
    CallOptions, Entropy, ErrorKind, Fate, IdempotencyKey, Now, PaymentId, Resume, Session,
    WriteOptions,
};

use super::mutant::Mutant;
use super::plan::{Knob, What};
use super::process::{Phase, Saved, Task};
use super::random::Random;
use super::running::{self, Outcome, Running};
use super::trace::short;
use super::world::{Event, World};

impl World<'_> {
    /// Continues a job from its phase on disk.
    pub(super) fn start(&mut self, process: usize, job: usize) {
        if self.processes[process].tasks[job].is_some() || self.crashes(process) {
            return;
        }
        let it = &mut self.processes[process];
        let Some(session) = it.session.clone() else { return };
        let session = match self.mutant {
            Some(Mutant::SessionPerCall) => Session::new(it.plan.config.clone()).unwrap_or(session),
            _ => session,
        };
        let kept = &mut it.jobs[job];
        kept.runs += 1;
        let (run, phase) = (kept.runs, kept.phase);
        let machine = match phase {
            Phase::Done => return,
            Phase::Planned if !kept.plan.what.writes() => {
                let options = self.options(process, job);
                let plan = &self.processes[process].jobs[job].plan;
                Some(running::read(&session, plan, options, self.entropy(process, job, run).jitter))
            }
            Phase::Planned | Phase::Sending => self.write(&session, process, job),
            Phase::Waiting(payment) => {
                let plan = &self.processes[process].jobs[job].plan;
                let mut options = self.options(process, job);
                options.deadline = Some(plan.wait.unwrap_or(Duration::from_secs(15)));
                Some(running::wait(
                    &session,
                    payment,
                    options,
                    self.entropy(process, job, run).jitter,
                ))
            }
        };
        // None: it crashed before the first send.
        if let Some(machine) = machine {
            self.drive(process, job, run, machine);
        }
    }

    /// A write, with its key on disk.
    fn write(&mut self, session: &Session, process: usize, job: usize) -> Option<Running> {
        let now = self.now(process);
        let kept = &self.processes[process].jobs[job];
        let (run, phase) = (kept.runs, kept.phase);
        let entropy = self.entropy(process, job, run);
        let saved = kept.keys.last().filter(|_| phase == Phase::Sending).cloned();
        let options = match &saved {
            Some(saved) if self.mutant != Some(Mutant::RestartsAtNeverSent) => {
                let resume = Resume::new(saved.key, saved.first_sent);
                WriteOptions::resume(resume.body(saved.body.clone()))
            }
            Some(saved) => WriteOptions::new(saved.key),
            None => WriteOptions::new(IdempotencyKey::from_entropy(entropy.key)),
        };
        let key = options.key;
        let mut options = options.call(self.options(process, job));
        options.on_conflict = kept.plan.on_conflict;
        let prepared = running::write(session, &kept.plan, options, entropy.jitter).ok()?;
        let (name, cents) = (kept.plan.what.name(), kept.plan.cents);
        let resumed = saved.is_some();
        self.note(|| {
            let how = if resumed { "resumes" } else { "saves key and bytes, and starts" };
            let (whole, rest) = (cents / 100, cents % 100);
            format!("p{process} {name}#{job} [{}]: {how}, {whole}.{rest:02}", short(key))
        });
        if !resumed {
            let kept = &mut self.processes[process].jobs[job];
            kept.keys.push(Saved { key, body: prepared.body, first_sent: utc(now) });
            kept.phase = Phase::Sending;
            // Saved, and not sent.
            if self.crashes(process) {
                return None;
            }
        }
        Some(prepared.machine)
    }

    fn drive(&mut self, process: usize, job: usize, run: u32, machine: Running) {
        let it = &mut self.processes[process];
        let (plan, config) = (&it.jobs[job].plan, &it.plan.config);
        let limit = match it.jobs[job].phase {
            Phase::Waiting(_) => plan.wait.unwrap_or(Duration::from_secs(15)),
            _ => plan.options.deadline.unwrap_or(config.deadline),
        };
        let retries = plan.options.max_retries.unwrap_or(config.retry.max_retries);
        let call_off = plan.call_off;
        it.tasks[job] = Some(Task::new(machine, run, limit, retries));
        if let Some((after, _)) = call_off {
            self.after(after, Event::CallOff { process, job, run });
        }
        self.poll(process, job);
    }

    /// What the call does differently; and what a wrong client makes of that.
    fn options(&self, process: usize, job: usize) -> CallOptions {
        let it = &self.processes[process];
        let mut options = it.jobs[job].plan.options.clone();
        match self.mutant {
            Some(Mutant::IgnoresDeadline) => {
                let deadline = options.deadline.unwrap_or(it.plan.config.deadline);
                options.deadline = Some(deadline * 4);
            }
            Some(Mutant::IgnoresRetryLimit) => {
                let retries = options.max_retries.unwrap_or(it.plan.config.retry.max_retries);
                options.max_retries = Some(retries + 2);
            }
            _ => {}
        }
        options
    }

    pub(super) fn entropy(&self, process: usize, job: usize, run: u32) -> Entropy {
        let place = [5, process as u64, job as u64, u64::from(run), 0];
        let mut random = Random::at(self.seed, place);
        let mut bytes = [0; 24];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&random.next().to_le_bytes());
        }
        Entropy::from_bytes(bytes)
    }

    /// A machine is done, and the application decides what follows.
    pub(super) fn conclude(&mut self, process: usize, job: usize, outcome: Outcome) {
        // It may crash before it has saved the outcome.
        if self.crashes(process) {
            return;
        }
        let kept = &self.processes[process].jobs[job];
        let name = kept.plan.what.name();
        let (phase, cents) = (kept.phase, kept.plan.cents);
        let key = kept.keys.last().map(|saved| saved.key);
        self.note(|| {
            let key = key.map(short).unwrap_or_default();
            let kind = outcome.kind.map_or("done", ErrorKind::as_str);
            format!("p{process} {name}#{job} [{key}]: {kind}, fate {}", outcome.fate)
        });
        let Some(key) = key.filter(|_| phase != Phase::Planned) else {
            self.processes[process].jobs[job].phase = Phase::Done;
            return;
        };
        // The record of another payment decides nothing about this one.
        let misled = outcome.amount.is_some_and(|amount| amount.cents() != cents);
        if misled && self.mutant != Some(Mutant::FollowsAnyPayment) {
            self.processes[process].jobs[job].misled = true;
            self.evidence.claim(key, Fate::Unknown, None);
            self.processes[process].jobs[job].phase = Phase::Sending;
            self.once_more(process, job);
        } else if let Phase::Waiting(payment) = phase {
            self.waited(process, job, key, payment, outcome);
        } else {
            self.sent(process, job, key, outcome);
        }
        // Or right after.
        self.crashes(process);
    }

    /// A write has ended.
    fn sent(&mut self, process: usize, job: usize, key: IdempotencyKey, outcome: Outcome) {
        let fate = match (self.mutant, outcome.fate) {
            (Some(Mutant::TakesConflictForRefusal), Fate::InProgress) => Fate::Refused,
            (Some(Mutant::LastAttemptDecides), fate) => outcome.last.unwrap_or(fate),
            (_, fate) => fate,
        };
        self.evidence.claim(key, fate, outcome.payment.filter(|_| fate == Fate::Accepted));
        let kept = &mut self.processes[process].jobs[job];
        match (fate, outcome.payment) {
            (Fate::Accepted, Some(payment)) if kept.plan.wait.is_some() => {
                kept.phase = Phase::Waiting(payment);
                self.later(process, job, Duration::ZERO);
            }
            (Fate::Accepted, _) => kept.phase = Phase::Done,
            (Fate::InProgress, Some(payment))
                if matches!(kept.plan.what, What::Ach | What::Wire) =>
            {
                kept.phase = Phase::Waiting(payment);
                self.later(process, job, Duration::ZERO);
            }
            (Fate::NeverSent | Fate::Refused, _) => self.pay_again(process, job),
            (Fate::Unknown, _) if self.mutant == Some(Mutant::PaysAgainWhenUnknown) => {
                self.pay_again(process, job);
            }
            // Too old, or from the future: the clock may be set right meanwhile.
            _ => self.once_more(process, job),
        }
    }

    /// The wait for a payment has ended.
    fn waited(
        &mut self,
        process: usize,
        job: usize,
        key: IdempotencyKey,
        payment: PaymentId,
        outcome: Outcome,
    ) {
        match outcome.kind {
            None => {
                self.evidence.claim(key, Fate::Accepted, Some(payment));
                self.evidence.settled(key);
                self.processes[process].jobs[job].phase = Phase::Done;
            }
            Some(ErrorKind::PaymentFailed) => {
                self.evidence.claim(key, Fate::Refused, None);
                self.pay_again(process, job);
            }
            Some(_) => self.once_more(process, job),
        }
    }

    /// With a new key: nothing is in doubt.
    fn pay_again(&mut self, process: usize, job: usize) {
        let kept = &mut self.processes[process].jobs[job];
        let left = kept.again.checked_sub(1);
        kept.phase = if left.is_some() { Phase::Planned } else { Phase::Done };
        kept.again = left.unwrap_or(0);
        if left.is_some() {
            let pause = kept.plan.pause;
            self.later(process, job, pause);
        }
    }

    /// With the same key, or another wait for the same payment.
    fn once_more(&mut self, process: usize, job: usize) {
        let kept = &mut self.processes[process].jobs[job];
        let left = kept.resumes.checked_sub(1);
        kept.resumes = left.unwrap_or(0);
        if left.is_some() {
            let pause = kept.plan.pause;
            self.later(process, job, pause);
        } else {
            kept.phase = Phase::Done;
        }
    }

    fn later(&mut self, process: usize, job: usize, pause: Duration) {
        let life = self.processes[process].life;
        self.after(pause, Event::Start { process, job, life });
    }

    /// The application has lost patience: it asks what is known, or just leaves.
    pub(super) fn call_off(&mut self, process: usize, job: usize, run: u32) {
        let now = self.now(process);
        let it = &mut self.processes[process];
        let asks = it.jobs[job].plan.call_off.is_some_and(|(_, asks)| asks);
        if it.task(job, run).is_none() || !self.fires(Knob::CallOff { process, job }) {
            return;
        }
        let it = &mut self.processes[process];
        let Some(mut task) = it.tasks[job].take() else { return };
        if let Some(out) = task.out {
            it.tokens.lands(out as u64, now);
        }
        let outcome = asks.then(|| task.machine.abandon(now));
        drop(task);
        self.note(|| format!("p{process} job {job}: is called off"));
        match outcome {
            Some(outcome) => self.conclude(process, job, outcome),
            None if self.processes[process].jobs[job].phase == Phase::Planned => {
                self.processes[process].jobs[job].phase = Phase::Done;
            }
            None => self.once_more(process, job),
        }
    }
}

/// What chrono cannot hold does not occur in a schedule.
fn utc(now: Now) -> DateTime<Utc> {
    let seconds = i64::try_from(now.unix.as_secs()).unwrap_or(i64::MAX);
    DateTime::from_timestamp(seconds, now.unix.subsec_nanos()).unwrap_or_default()
}
