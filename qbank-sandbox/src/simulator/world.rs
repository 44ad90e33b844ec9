//! One thread of virtual time, in which clients, network and bank meet.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::time::Duration;

use qbank_proto::Now;

use super::invariants::{Evidence, Rule, Violation};
use super::mutant::Mutant;
use super::network::Carried;
use super::plan::{Knob, Plan};
use super::process::{Process, START};
use super::random::Random;
use super::trace::Trace;
use crate::bank::Bank;
use crate::config::BankConfig;

/// The state of a run.
pub(super) struct World<'a> {
    pub(super) seed: u64,
    pub(super) mutant: Option<Mutant>,
    /// What does not happen.
    pub(super) disabled: &'a BTreeSet<Knob>,
    /// What could have been disabled and was not.
    pub(super) fired: Vec<Knob>,
    pub(super) trouble: u64,
    pub(super) token_lifetime: Duration,
    advances: Vec<(Duration, Duration)>,
    pub(super) time: Duration,
    queue: BinaryHeap<Reverse<Planned>>,
    order: Random,
    pub(super) bank: Bank,
    pub(super) processes: Vec<Process>,
    pub(super) carried: Vec<Carried>,
    pub(super) evidence: Evidence,
    pub(super) trace: Trace,
    pub(super) violation: Option<Violation>,
}

/// Something that will happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Event {
    /// A process comes up.
    Up {
        process: usize,
    },
    /// The application takes a job up, or takes it up again.
    Start {
        process: usize,
        job: usize,
        life: u32,
    },
    /// A wait is over.
    Timer {
        process: usize,
        job: usize,
        run: u32,
        timer: u32,
    },
    /// A poll for no reason.
    Poll {
        process: usize,
        job: usize,
        run: u32,
    },
    /// The application has lost patience.
    CallOff {
        process: usize,
        job: usize,
        run: u32,
    },
    Jump {
        process: usize,
        nth: usize,
    },
    Sleep {
        process: usize,
        nth: usize,
    },
    /// The bank's clock goes ahead.
    Advance {
        nth: usize,
    },
    /// A request reaches the bank.
    Arrive {
        exchange: usize,
        copy: bool,
    },
    /// A response or a fault reaches the driver.
    Settle {
        exchange: usize,
    },
    /// The driver's own limit for the exchange.
    GiveUp {
        exchange: usize,
    },
}

/// When, in what order among those of the same moment, and what.
type Planned = (Duration, u64, Event);

/// More happens in no schedule that ends.
const MOST_EVENTS: u32 = 20_000;

impl<'a> World<'a> {
    pub(super) fn new(
        seed: u64,
        mutant: Option<Mutant>,
        disabled: &'a BTreeSet<Knob>,
        trace: Trace,
    ) -> Self {
        let plan = Plan::draw(seed);
        let bank = Bank::new(BankConfig {
            seed,
            start: START,
            token_lifetime: plan.token_lifetime,
            key_lifetime: plan.key_lifetime,
            ..BankConfig::default()
        });
        let intents = plan.processes.iter().enumerate().flat_map(|(process, it)| {
            it.jobs.iter().enumerate().map(move |(job, it)| (it.cents, (process, job)))
        });
        Self {
            seed,
            mutant,
            disabled,
            fired: Vec::new(),
            trouble: plan.trouble,
            token_lifetime: plan.token_lifetime,
            advances: plan.advances,
            time: Duration::ZERO,
            queue: BinaryHeap::new(),
            order: Random::at(seed, [3, 0, 0, 0, 0]),
            evidence: Evidence::new(&bank, intents),
            bank,
            processes: plan.processes.into_iter().map(Process::new).collect(),
            carried: Vec::new(),
            trace,
            violation: None,
        }
    }

    /// Runs to the end, or to the first violation.
    pub(super) fn run(&mut self) {
        self.plan_all();
        let mut events = 0;
        while let Some(Reverse((at, _, event))) = self.queue.pop() {
            self.time = at;
            self.happens(event);
            events += 1;
            if events > MOST_EVENTS {
                self.broken(Rule::ComesToAnEnd, "the schedule does not end".to_owned());
            }
            if self.violation.is_some() {
                return;
            }
        }
        self.look_back();
    }

    fn plan_all(&mut self) {
        for process in 0..self.processes.len() {
            self.at(Duration::ZERO, Event::Up { process });
            let plan = &self.processes[process].plan;
            let jumps = plan.jumps.iter().enumerate();
            let jumps = jumps.map(|(nth, (at, _))| (*at, Event::Jump { process, nth }));
            let sleeps = plan.sleeps.iter().enumerate();
            let sleeps = sleeps.map(|(nth, it)| (it.at, Event::Sleep { process, nth }));
            for (at, event) in jumps.chain(sleeps).collect::<Vec<_>>() {
                self.at(at, event);
            }
        }
        for (nth, (at, _)) in self.advances.clone().into_iter().enumerate() {
            self.at(at, Event::Advance { nth });
        }
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Up { process } => self.come_up(process),
            Event::Start { process, job, life } => {
                if !self.deferred(process, event) && self.processes[process].life == life {
                    self.start(process, job);
                    self.wake(process);
                }
            }
            Event::Timer { process, job, run, timer } => {
                if self.deferred(process, event) {
                    return;
                }
                let now = self.now(process);
                let Some(task) = self.processes[process].task(job, run) else { return };
                if task.timer != timer {
                    return;
                }
                // The clock stood still meanwhile.
                if let Some(left) =
                    task.sleeps_until.checked_sub(now.mono).filter(|it| !it.is_zero())
                {
                    self.after(left, event);
                    return;
                }
                task.slept = true;
                self.poll(process, job);
                self.wake(process);
            }
            Event::Poll { process, job, run } => {
                if !self.deferred(process, event)
                    && self.processes[process].task(job, run).is_some()
                {
                    self.poll(process, job);
                    self.wake(process);
                }
            }
            Event::CallOff { process, job, run } => {
                if !self.deferred(process, event) {
                    self.call_off(process, job, run);
                    self.wake(process);
                }
            }
            Event::Jump { process, nth } => {
                if self.fires(Knob::Jump { process, nth }) {
                    let by = self.processes[process].plan.jumps[nth].1;
                    self.processes[process].clock.set(by);
                    self.note(|| format!("p{process}: the wall clock is set by {} s", by / 1000));
                }
            }
            Event::Sleep { process, nth } => {
                if self.fires(Knob::Sleep { process, nth }) {
                    let plan = self.processes[process].plan.sleeps[nth];
                    let time = self.time;
                    self.processes[process].clock.sleep(time, plan.lasts, plan.stops_the_clock);
                    self.note(|| format!("p{process}: the machine sleeps for {:?}", plan.lasts));
                }
            }
            Event::Advance { nth } => {
                if self.fires(Knob::Advance { nth }) {
                    let by = self.advances[nth].1;
                    self.bank.advance(START + self.time, by);
                    self.note(|| format!("bank: its clock goes ahead by {by:?}"));
                }
            }
            Event::Arrive { exchange, copy } => self.arrive(exchange, copy),
            Event::Settle { exchange } | Event::GiveUp { exchange } => {
                let process = self.carried[exchange].process;
                if !self.deferred(process, event) {
                    self.settle(exchange, matches!(event, Event::GiveUp { .. }));
                    self.wake(process);
                }
            }
        }
    }

    /// Polls the calls that were woken.
    fn wake(&mut self, process: usize) {
        for job in 0..self.processes[process].tasks.len() {
            let Some(task) = &self.processes[process].tasks[job] else { continue };
            if task.flag.lower() {
                let run = task.run;
                self.after(Duration::ZERO, Event::Poll { process, job, run });
            }
        }
    }

    fn look_back(&mut self) {
        // Every payment comes to its end first.
        self.bank.advance(START + self.time, Duration::from_secs(10 * 24 * 60 * 60));
        for process in 0..self.processes.len() {
            let it = &self.processes[process];
            if it.tasks.iter().any(Option::is_some) {
                self.broken(Rule::ComesToAnEnd, format!("p{process}: a call never ended"));
            } else if it.session.as_ref().is_some_and(|session| session.waiting() > 0) {
                self.broken(Rule::NoLostWakeup, format!("p{process}: a call still waits"));
            }
        }
        let processes = &self.processes;
        let what = |(process, job): (usize, usize)| processes[process].jobs[job].plan.what;
        let misled = |(process, job): (usize, usize)| processes[process].jobs[job].misled;
        if let Err((rule, what)) = self.evidence.settle(&self.bank, what, misled) {
            self.broken(rule, what);
        }
    }

    /// While its machine sleeps, nothing happens to a process.
    fn deferred(&mut self, process: usize, event: Event) -> bool {
        match self.processes[process].clock.asleep_until(self.time) {
            Some(until) => {
                self.at(until, event);
                true
            }
            None => false,
        }
    }

    pub(super) fn now(&self, process: usize) -> Now {
        self.processes[process].clock.now(self.time)
    }

    /// Whether this trouble happens.
    pub(super) fn fires(&mut self, knob: Knob) -> bool {
        let fires = !self.disabled.contains(&knob);
        if fires {
            self.fired.push(knob);
        }
        fires
    }

    pub(super) fn after(&mut self, delay: Duration, event: Event) {
        self.at(self.time + delay, event);
    }

    /// What happens at the same moment happens in any order.
    pub(super) fn at(&mut self, at: Duration, event: Event) {
        let tie = self.order.next();
        self.queue.push(Reverse((at, tie, event)));
    }

    pub(super) fn broken(&mut self, rule: Rule, what: String) {
        if self.violation.is_none() {
            self.note(|| format!("VIOLATION {rule:?}: {what}"));
            self.violation = Some(Violation { rule, at: self.time, what });
        }
    }

    pub(super) fn check(&mut self, held: Result<(), (Rule, String)>) {
        if let Err((rule, what)) = held {
            self.broken(rule, what);
        }
    }

    pub(super) fn note(&mut self, line: impl FnOnce() -> String) {
        self.trace.note(self.time, line);
    }
}
