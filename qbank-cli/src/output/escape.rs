//! Characters that a terminal obeys, or that change how a line reads. Text from outside
//! may hold them; nothing that the program prints does.

use std::borrow::Cow;

/// C0 and C1 controls, DEL, bidi controls, and the line and paragraph separators.
pub(super) fn is_active(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text for people on one line: a space in place of each.
pub(crate) fn plain(text: &str) -> String {
    text.replace(is_active, " ")
}

/// A text of several lines.
pub(super) fn plain_lines(text: &str) -> Cow<'_, str> {
    let is_active = |c| c != '\n' && is_active(c);
    if text.contains(is_active) { text.replace(is_active, " ").into() } else { text.into() }
}
