//! Plays scenarios against a transport.

use std::{
    io::Write as _,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
    time::{Duration, Instant},
};

use crate::{Failure, Log, Outcome, Scenario, Server, Transport, check, invariants, scenarios};

/// After so long the server stops, so that no transport waits for ever.
const LIMIT: Duration = Duration::from_secs(30);
/// Scenarios at once: most of their time is waiting.
const AT_ONCE: usize = 4;

/// Plays one scenario.
///
/// A scenario that is not for this transport (see [`Scenario::is_for`]) is met.
pub fn run(transport: &dyn Transport, scenario: &Scenario) -> Result<(), Box<Failure>> {
    if !scenario.is_for(transport.name()) {
        return Ok(());
    }
    let server = match Server::start(&scenario.server) {
        Ok(server) => server,
        Err(error) => {
            let unmet = vec![format!("the server does not start: {error}")];
            return Err(failure(transport, scenario, unmet, Outcome::default(), Log::default()));
        }
    };
    let began = Instant::now();
    let outcome = within_limit(&server, || transport.play(server.target(), &scenario.call));
    let elapsed = began.elapsed();
    let log = server.log();
    let (expect, wire) = scenario.expectations(transport.name());
    let mut unmet = check::outcome(&expect, &outcome, elapsed);
    unmet.extend(check::wire(&wire, &log));
    unmet.extend(
        invariants::broken(server.target(), &scenario.call, &outcome, &log)
            .into_iter()
            .map(|broken| format!("always: {broken}")),
    );
    if elapsed > LIMIT {
        unmet.push(format!("the call took {elapsed:?}, and ended when the server stopped"));
    }
    if unmet.is_empty() { Ok(()) } else { Err(failure(transport, scenario, unmet, outcome, log)) }
}

/// How it went.
#[derive(Debug, Default)]
#[must_use]
pub struct Summary {
    /// Scenarios that were met.
    pub passed: usize,
    /// Scenarios that are not for this transport.
    pub skipped: usize,
    /// Scenarios that were not met.
    pub failures: Vec<Failure>,
}

/// Plays every scenario, a few at once, and prints a line for each to standard output, then what
/// was not met, then a closing line.
///
/// With `QBANK_SCENARIO` in the environment only those whose name contains it.
pub fn run_all(transport: &dyn Transport) -> Summary {
    let only = std::env::var("QBANK_SCENARIO").unwrap_or_default();
    let chosen: Vec<Scenario> =
        scenarios().into_iter().filter(|scenario| scenario.name.contains(&only)).collect();
    let next = AtomicUsize::new(0);
    let summary = Mutex::new(Summary::default());
    thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                while let Some(scenario) = chosen.get(next.fetch_add(1, Ordering::Relaxed)) {
                    one(transport, scenario, &summary);
                }
            });
        }
    });
    let summary = summary.into_inner().unwrap_or_else(PoisonError::into_inner);
    for failure in &summary.failures {
        print(&format!("\n{failure}"));
    }
    let Summary { passed, skipped, failures } = &summary;
    print(&format!(
        "{}: {} scenarios: {passed} met, {} not met, {skipped} not for it",
        transport.name(),
        chosen.len(),
        failures.len(),
    ));
    summary
}

fn one(transport: &dyn Transport, scenario: &Scenario, summary: &Mutex<Summary>) {
    let is_for = scenario.is_for(transport.name());
    let began = Instant::now();
    let result = run(transport, scenario);
    let ms = began.elapsed().as_millis();
    let mut summary = summary.lock().unwrap_or_else(PoisonError::into_inner);
    let label = match result {
        _ if !is_for => {
            summary.skipped += 1;
            "skip"
        }
        Ok(()) => {
            summary.passed += 1;
            "ok  "
        }
        Err(failure) => {
            summary.failures.push(*failure);
            "FAIL"
        }
    };
    print(&format!("{label} {} ({ms} ms)", scenario.name));
}

/// Runs the call; past the limit the server stops.
fn within_limit(server: &Server, call: impl FnOnce() -> Outcome) -> Outcome {
    let (done, is_done) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            if is_done.recv_timeout(LIMIT) == Err(mpsc::RecvTimeoutError::Timeout) {
                server.stop();
            }
        });
        let outcome = call();
        drop(done);
        outcome
    })
}

fn failure(
    transport: &dyn Transport,
    scenario: &Scenario,
    unmet: Vec<String>,
    outcome: Outcome,
    log: Log,
) -> Box<Failure> {
    Box::new(Failure {
        scenario: scenario.name.clone(),
        row: scenario.row.clone(),
        transport: transport.name().to_owned(),
        unmet,
        outcome,
        log,
    })
}

fn print(line: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{line}");
}
