//! How far a run is: a bar on a terminal, elsewhere a line now and then.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{HumanDuration, ProgressBar, ProgressState, ProgressStyle};

use super::escape::plain;
use super::{Printer, streams};

/// Shows how far a run is, on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    rows: u64,
    said: Option<(Instant, String)>,
}

/// At most so often, where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

const UNDER_WAY: &str = "{wide_bar} {pos}/{len} rows{rate}\n{wide_msg}";
const ENDED: &str = "{wide_bar} {pos}/{len} rows\n{wide_msg}";

impl Progress {
    /// Of so many rows, of which so many are done already.
    pub(crate) fn new(rows: u64, done: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(rows).with_position(done);
            // Whatever is done already says nothing of the time that is left.
            bar.reset_eta();
            style(&bar, UNDER_WAY);
            bar
        });
        // One that cannot move its cursor gets lines.
        let bar = bar.filter(|bar| !bar.is_hidden());
        Self { bar, rows, said: None }
    }

    /// What else is to be told while it is shown.
    pub(crate) fn notes(&self, printer: &Printer) -> Notes {
        Notes { bar: self.bar.clone(), printer: printer.clone() }
    }

    /// What is done by now.
    pub(crate) fn show(&mut self, done: u64, text: &str) {
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(plain(text));
            return;
        }
        let is_due = self.said.as_ref().is_none_or(|(at, _)| at.elapsed() >= BETWEEN_LINES);
        if is_due {
            self.line(done, text);
        }
    }

    /// Leaves what was shown last.
    pub(crate) fn end(mut self, done: u64, text: &str) {
        match self.bar.take() {
            Some(bar) => {
                style(&bar, ENDED);
                bar.set_position(done);
                bar.set_message(plain(text));
                bar.abandon();
            }
            None => self.line(done, text),
        }
    }

    /// Unless it was the last one already.
    fn line(&mut self, done: u64, text: &str) {
        let text = plain(&format!("{done} of {} rows, {text}", self.rows));
        if self.said.as_ref().is_none_or(|(_, said)| *said != text) {
            streams::message(&text);
            self.said = Some((Instant::now(), text));
        }
    }
}

fn style(bar: &ProgressBar, template: &str) {
    if let Ok(style) = ProgressStyle::with_template(template) {
        bar.set_style(style.with_key("rate", rate));
    }
}

/// How many a second, and the time that is left; nothing before there is a rate.
fn rate(state: &ProgressState, out: &mut dyn std::fmt::Write) {
    if state.per_sec() >= 0.1 {
        let _ = write!(out, ", {:.1}/s, {:#} left", state.per_sec(), HumanDuration(state.eta()));
    }
}

/// Messages that do not disturb a bar.
#[derive(Clone)]
pub(crate) struct Notes {
    bar: Option<ProgressBar>,
    printer: Printer,
}

impl Notes {
    pub(crate) fn warning(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| self.printer.warning(text)),
            None => self.printer.warning(text),
        }
    }
}
