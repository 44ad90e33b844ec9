//! Standard output and standard error: the only place that writes to either, and no
//! active character passes.

use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use terminal_size::{Width, terminal_size_of};

use super::escape::plain_lines;
use super::paint::{self, Painted};
use super::wrap::between_words;

/// What became of a text for standard output.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Written {
    Done,
    /// The reader closed the pipe.
    Closed,
    Failed,
}

/// Something could not be written to standard output.
static FAILED: AtomicBool = AtomicBool::new(false);

pub(super) fn has_failed() -> bool {
    FAILED.load(Ordering::Relaxed)
}

/// A text and a line break, on standard output.
pub(crate) fn print(text: &str) -> Written {
    print_raw(&format!("{text}\n"))
}

/// A text as it is, on standard output.
pub(super) fn print_raw(text: &str) -> Written {
    print_painted(&text.into())
}

/// A text with colours, on standard output.
pub(super) fn print_painted(text: &Painted) -> Written {
    print_verbatim(text.as_str())
}

/// Every character of a text of the program's own, on standard output.
pub(crate) fn print_verbatim(text: &str) -> Written {
    let mut out = io::stdout().lock();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => Written::Done,
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Written::Closed,
        Err(_) => {
            FAILED.store(true, Ordering::Relaxed);
            Written::Failed
        }
    }
}

/// A text and a line break, on standard error; whether it could be written.
pub(super) fn message(text: &str) -> bool {
    let mut err = io::stderr().lock();
    writeln!(err, "{}", plain_lines(text)).and_then(|()| err.flush()).is_ok()
}

/// What failed, for people: its first word has the colour of its fate.
pub(super) fn failure(text: &str, fate: &str) -> bool {
    let mut err = io::stderr().lock();
    let text = match terminal_size_of(io::stderr()) {
        Some((Width(columns), _)) => between_words(text, columns, ""),
        None => text.to_owned(),
    };
    let (word, rest) = text.split_at(text.find(' ').unwrap_or(0));
    let style = paint::takes_colours(&err).then(|| paint::of_failure(fate));
    let mut painted = Painted::default();
    painted.push_in(style, word);
    painted.push(rest);
    writeln!(err, "{}", painted.as_str()).and_then(|()| err.flush()).is_ok()
}

/// A text for people, on standard error: as wide as its terminal.
pub(super) fn prose(text: &str) -> bool {
    match terminal_size_of(io::stderr()) {
        Some((Width(columns), _)) => message(&between_words(text, columns, "")),
        None => message(text),
    }
}

/// A text without a line break, on standard error.
pub(super) fn question(text: &str) -> bool {
    let mut err = io::stderr().lock();
    write!(err, "{}", plain_lines(text)).and_then(|()| err.flush()).is_ok()
}
