//! JSON texts of one line, in which every active character is escaped.

use std::io;

use serde::Serialize;
use serde_json::Serializer;
use serde_json::ser::Formatter;

use super::escape::is_active;

/// A document, without white space.
pub(super) fn one_line(value: &impl Serialize) -> String {
    text(value, Line { after_colon: b"" })
}

/// A line whose documented form has a space after each colon.
pub(super) fn spaced(value: &impl Serialize) -> String {
    text(value, Line { after_colon: b" " })
}

fn text(value: &impl Serialize, line: Line) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, line));
    written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_else(|| "null".to_owned())
}

struct Line {
    after_colon: &'static [u8],
}

impl Formatter for Line {
    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b":")?;
        writer.write_all(self.after_colon)
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escaped(writer, fragment)
    }

    /// JSON has active characters in its strings only, once the line breaks between
    /// its tokens are gone.
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        escaped(writer, fragment)
    }
}

/// All active characters are of the basic plane: one `\uXXXX` each.
fn escaped<W: ?Sized + io::Write>(writer: &mut W, text: &str) -> io::Result<()> {
    let mut from = 0;
    for (at, active) in text.match_indices(is_active) {
        writer.write_all(&text.as_bytes()[from..at])?;
        for unit in active.encode_utf16() {
            write!(writer, "\\u{unit:04x}")?;
        }
        from = at + active.len();
    }
    writer.write_all(&text.as_bytes()[from..])
}
