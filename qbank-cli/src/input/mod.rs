//! What the program reads besides its arguments: files, standard input and
//! environment variables, each with a bound.

mod file;
mod variable;

pub(crate) use file::{bytes, others_can_read, pem, secret};
pub(crate) use variable::{actor, path, text, variable};

/// A text without what an editor or a copy adds: one byte order mark, and white space
/// around it.
pub(crate) fn cleaned(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text).trim()
}
