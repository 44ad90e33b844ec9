//! Runs as many schedules as asked for:
//! `simulate --schedules N [--seed S] [--trace] [--mutant NAME]`.
//!
//! The seeds are S, S+1, and so on. A schedule that breaks a rule is shrunk and printed
//! line by line; `--trace` prints every schedule, `--mutant` takes a client that is
//! wrong on purpose. The last line sums up.

use std::io::Write;
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{io, thread};

use qbank_sandbox::simulator::{Mutant, Schedule, Violation};

const USAGE: &str = "usage: simulate --schedules N [--seed S] [--trace] [--mutant NAME]";

fn main() -> ExitCode {
    let order = match Order::read(std::env::args().skip(1)) {
        Ok(order) => order,
        Err(why) => {
            // Standard error may be closed.
            let _ = writeln!(io::stderr(), "{why}\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    if order.trace && order.trace_all().is_err() {
        return ExitCode::FAILURE;
    }
    let began = Instant::now();
    let mut broken = order.run();
    let seconds = began.elapsed().as_secs_f64();
    broken.sort_by_key(|(schedule, _)| schedule.seed());
    match report(&order, &broken, seconds) {
        Ok(()) if broken.is_empty() => ExitCode::SUCCESS,
        _ => ExitCode::FAILURE,
    }
}

/// What to do.
struct Order {
    schedules: u64,
    seed: u64,
    trace: bool,
    mutant: Option<Mutant>,
}

impl Order {
    /// Four options are not worth a library.
    fn read(mut arguments: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut schedules, mut seed, mut trace, mut mutant) = (None, 0, false, None);
        while let Some(argument) = arguments.next() {
            if argument == "--trace" {
                trace = true;
                continue;
            }
            let (name, value) = match argument.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (argument, arguments.next()),
            };
            if name == "--mutant" {
                let known = |it: &Mutant| Some(format!("{it:?}")) == value;
                mutant = Some(Mutant::ALL.into_iter().find(known).ok_or_else(mutants)?);
                continue;
            }
            let number = value.and_then(|value| value.replace('_', "").parse().ok());
            let number = number.ok_or_else(|| format!("{name} needs a number"))?;
            match name.as_str() {
                "--schedules" => schedules = Some(number),
                "--seed" => seed = number,
                _ => return Err(format!("{name} is not known")),
            }
        }
        let schedules = schedules.ok_or_else(|| "--schedules is missing".to_owned())?;
        Ok(Self { schedules, seed, trace, mutant })
    }

    fn schedule(&self, nth: u64) -> Schedule {
        let schedule = Schedule::new(self.seed.wrapping_add(nth));
        self.mutant.map_or(schedule, |mutant| schedule.with(mutant))
    }

    fn trace_all(&self) -> io::Result<()> {
        let mut out = io::stdout().lock();
        for schedule in (0..self.schedules).map(|nth| self.schedule(nth)) {
            writeln!(out, "seed {}\n{}", schedule.seed(), schedule.trace())?;
        }
        Ok(())
    }

    /// On all cores, each taking the next seed there is.
    fn run(&self) -> Vec<(Schedule, Violation)> {
        let next = AtomicU64::new(0);
        let work = || {
            let mut broken = Vec::new();
            loop {
                let nth = next.fetch_add(1, Ordering::Relaxed);
                if nth >= self.schedules {
                    return broken;
                }
                let schedule = self.schedule(nth);
                broken.extend(schedule.run().map(|violation| (schedule, violation)));
            }
        };
        let cores = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            threads.into_iter().flat_map(|it| it.join().unwrap_or_default()).collect()
        })
    }
}

fn mutants() -> String {
    format!("--mutant is one of {:?}", Mutant::ALL)
}

/// How many broken schedules are printed in full.
const MOST_TRACED: usize = 3;

fn report(order: &Order, broken: &[(Schedule, Violation)], seconds: f64) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for (schedule, violation) in broken.iter().take(MOST_TRACED) {
        writeln!(out, "seed {}: {violation}\n{}", schedule.seed(), schedule.explain(violation))?;
    }
    for (schedule, violation) in broken.iter().skip(MOST_TRACED) {
        writeln!(out, "seed {}: {violation}", schedule.seed())?;
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure to read")]
    let rate = order.schedules as f64 / seconds.max(f64::EPSILON) * 60.0;
    writeln!(
        out,
        "{} schedules, {} violations, {rate:.0} schedules/min",
        order.schedules,
        broken.len()
    )
}
