//! Lines for people, broken between words only: an identifier stays whole, so that it
//! can be copied.

use textwrap::{Options, WordSeparator, WordSplitter, fill};

/// Breaks a text into lines of `columns`; those after the first are indented.
pub(super) fn between_words(text: &str, columns: u16, indent: &str) -> String {
    let options = Options::new(columns.into())
        .subsequent_indent(indent)
        .break_words(false)
        .word_separator(WordSeparator::AsciiSpace)
        .word_splitter(WordSplitter::NoHyphenation);
    fill(text, options)
}
