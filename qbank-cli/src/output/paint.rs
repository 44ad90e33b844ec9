//! Colours by what became of the money, for a terminal that takes them.

use std::fmt::Write as _;
use std::io;

use anstream::stream::RawStream;
use anstream::{AutoStream, ColorChoice};
use anstyle::{AnsiColor, Style};
use qbank_proto::Fate;

use super::escape::plain_lines;

const GREEN: Style = AnsiColor::Green.on_default();
const RED: Style = AnsiColor::Red.on_default();
const YELLOW: Style = AnsiColor::Yellow.on_default();
const WARNING: Style = AnsiColor::Yellow.on_default().bold();

/// A text with colours. What is put in loses its active characters, so that all sequences
/// in it are the program's own.
#[derive(Debug, Default)]
pub(super) struct Painted(String);

impl Painted {
    pub(super) fn push(&mut self, text: &str) {
        self.0.push_str(&plain_lines(text));
    }

    pub(super) fn push_in(&mut self, style: Option<Style>, text: &str) {
        match style {
            Some(style) => {
                // Writing to a `String` does not fail.
                let _ = write!(self.0, "{style}{}{style:#}", plain_lines(text));
            }
            None => self.push(text),
        }
    }

    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Painted {
    fn from(text: &str) -> Self {
        Self(plain_lines(text).into_owned())
    }
}

/// Whether a stream is a terminal that takes colours: not with `NO_COLOR`, nor with
/// `TERM=dumb`.
pub(super) fn takes_colours(stream: &impl RawStream) -> bool {
    stream.is_terminal() && AutoStream::choice(stream) != ColorChoice::Never
}

/// As `takes_colours` of standard output.
pub(super) fn on_stdout() -> bool {
    takes_colours(&io::stdout())
}

/// The colour of a fate, a state of the outbox, or a status of a payment.
pub(super) fn of_word(word: &str) -> Option<Style> {
    match word {
        "accepted" | "settled" | "P_COMPLETED" => Some(GREEN),
        "refused" | "failed" | "P_FAILED" => Some(RED),
        "unknown" | "reconcile" => Some(WARNING),
        "in_progress" | "resend" => Some(YELLOW),
        _ => None,
    }
}

/// The colour of a failure.
pub(super) fn of_failure(fate: &str) -> Style {
    if fate == Fate::Unknown.as_str() {
        WARNING
    } else if fate == Fate::InProgress.as_str() {
        YELLOW
    } else {
        RED
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_sequence_from_outside_passes() {
        let mut text = Painted::default();
        text.push("a\u{1b}[31m\n");
        text.push_in(of_word("unknown"), "b\u{1b}[0m");
        assert_eq!(text.as_str(), "a [31m\n\u{1b}[1m\u{1b}[33mb [0m\u{1b}[0m");
    }
}
