//! What happened, line by line.

use std::fmt::Write as _;
use std::time::Duration;

use qbank_proto::IdempotencyKey;

/// Written only on request: a million schedules run without it.
#[derive(Debug, Default)]
pub(super) struct Trace(Option<String>);

impl Trace {
    pub(super) fn written() -> Self {
        Self(Some(String::new()))
    }

    pub(super) fn is_written(&self) -> bool {
        self.0.is_some()
    }

    pub(super) fn note(&mut self, time: Duration, line: impl FnOnce() -> String) {
        if let Some(text) = &mut self.0 {
            // Writing to a string cannot fail.
            let _ = writeln!(text, "{:>12.3} s  {}", time.as_secs_f64(), line());
        }
    }

    pub(super) fn into_text(self) -> String {
        self.0.unwrap_or_default()
    }
}

/// Enough of a key to distinguish it within a schedule.
pub(super) fn short(key: IdempotencyKey) -> String {
    let mut text = key.to_string();
    text.truncate(4);
    text
}
