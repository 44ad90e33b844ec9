//! How far a run is: a bar on a terminal, elsewhere a line now and then.

use std::io::{self, IsTerminal as _};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};

use super::escape::plain;
use super::streams;

/// Shows how far a run is, on standard error.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    said: Option<(Instant, String)>,
}

/// At most so often, where there is no terminal.
const BETWEEN_LINES: Duration = Duration::from_secs(1);

impl Progress {
    /// Of so many rows, of which so many are done already.
    pub(crate) fn new(rows: u64, done: u64) -> Self {
        let bar = io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(rows).with_position(done);
            // Whatever is done already says nothing of the time that is left.
            bar.reset_eta();
            let style = "{wide_bar} {pos}/{len} rows, {per_sec}, {eta} left\n{msg}";
            if let Ok(style) = ProgressStyle::with_template(style) {
                bar.set_style(style);
            }
            bar
        });
        Self { bar, said: None }
    }

    /// What is done by now.
    pub(crate) fn show(&mut self, done: u64, text: &str) {
        let text = plain(text);
        if let Some(bar) = &self.bar {
            bar.set_position(done);
            bar.set_message(text);
            return;
        }
        let is_new = self
            .said
            .as_ref()
            .is_none_or(|(at, said)| at.elapsed() >= BETWEEN_LINES && *said != text);
        if is_new {
            streams::message(&text);
            self.said = Some((Instant::now(), text));
        }
    }

    /// Leaves what was shown last.
    pub(crate) fn end(self) {
        if let Some(bar) = self.bar {
            bar.abandon();
        }
    }
}
