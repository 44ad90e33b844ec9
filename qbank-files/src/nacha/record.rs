//! Records of 94 columns, out of lines or out of one unbroken block.

use std::io::{self, BufRead};

use crate::error::RowError;

const COLUMNS: usize = 94;
/// A line is read so far, that its length can be told.
const LONGEST: usize = 1 << 16;

/// One record: 94 printable ASCII characters.
#[derive(Debug, Clone)]
pub(super) struct Record {
    pub(super) line: u64,
    text: String,
}

impl Record {
    /// The characters of a field, by its first and last column as the rules count them, from one.
    pub(super) fn field(&self, first: usize, last: usize) -> &str {
        self.text.get(first.saturating_sub(1)..last).unwrap_or_default()
    }

    /// A field of digits alone.
    pub(super) fn number(&self, first: usize, last: usize) -> Option<u64> {
        let text = self.field(first, last);
        text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok())?
    }

    /// A field without the blanks that fill it.
    pub(super) fn text(&self, first: usize, last: usize) -> &str {
        self.field(first, last).trim_matches(' ')
    }

    /// The record's type.
    pub(super) fn code(&self) -> &str {
        self.field(1, 1)
    }

    pub(super) fn is_filler(&self) -> bool {
        self.text.bytes().all(|byte| byte == b'9')
    }
}

/// Reads records.
pub(super) struct Records<R> {
    input: R,
    shape: Shape,
    line: u64,
    /// How many were read, good or bad.
    pub(super) count: u64,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Each is a line.
    Lines,
    /// Without line breaks. A record is told by its number.
    Block,
}

impl<R: BufRead> Records<R> {
    /// `start` is how the input begins: where no line breaks there, none does later.
    pub(super) fn new(input: R, start: &[u8]) -> Self {
        let first = start.get(..=COLUMNS + 1).unwrap_or(start);
        let in_lines = start.len() <= COLUMNS || first.iter().any(|byte| b"\r\n".contains(byte));
        let shape = if in_lines { Shape::Lines } else { Shape::Block };
        Self { input, shape, line: 0, count: 0 }
    }

    /// Where the last record is.
    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// The next record.
    pub(super) fn next(&mut self) -> Option<Result<Record, Bad>> {
        loop {
            let bytes = match self.bytes() {
                Ok(Some(bytes)) => bytes,
                Ok(None) => return None,
                Err(error) => return Some(Err(Bad::Input(RowError::of_input(self.line, &error)))),
            };
            self.line += 1;
            // An editor leaves empty lines at the end.
            if !bytes.is_empty() {
                self.count += 1;
                return Some(self.checked(bytes).map_err(Bad::Record));
            }
        }
    }

    fn checked(&self, bytes: Vec<u8>) -> Result<Record, RowError> {
        if let Some(at) = bytes.iter().position(|byte| !matches!(byte, b' '..=b'~')) {
            let message = format!("column {} is not printable ASCII, as NACHA wants it", at + 1);
            return Err(RowError::of_line(self.line, message));
        }
        let length = bytes.len();
        let text = String::from_utf8(bytes).unwrap_or_default();
        if length == COLUMNS {
            return Ok(Record { line: self.line, text });
        }
        let hint = if length < COLUMNS {
            ": an editor may have stripped blanks at its end, or the file was cut off"
        } else {
            ""
        };
        let message = format!("has {length} columns, and a NACHA record has {COLUMNS}{hint}");
        Err(RowError::of_line(self.line, message))
    }

    /// The bytes of the next record, without a line break; of a line that is too long, its start.
    fn bytes(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut bytes = Vec::with_capacity(COLUMNS + 2);
        let mut begun = false;
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            if available.is_empty() {
                return Ok(begun.then_some(bytes));
            }
            let (taken, ends) = match self.shape {
                Shape::Lines => match available.iter().position(|byte| *byte == b'\n') {
                    Some(at) => (at, true),
                    None => (available.len(), false),
                },
                Shape::Block => (available.len().min(COLUMNS - bytes.len()), false),
            };
            let room = LONGEST.saturating_sub(bytes.len()).min(taken);
            bytes.extend_from_slice(available.get(..room).unwrap_or_default());
            self.input.consume(taken + usize::from(ends));
            begun = true;
            if ends {
                if bytes.last() == Some(&b'\r') {
                    bytes.pop();
                }
                return Ok(Some(bytes));
            }
            if self.shape == Shape::Block && bytes.len() == COLUMNS {
                return Ok(Some(bytes));
            }
            // The line break at the end of a block.
            if self.shape == Shape::Block && bytes.iter().all(|byte| b"\r\n".contains(byte)) {
                bytes.clear();
                begun = false;
            }
        }
    }
}

/// Why there is no record.
pub(super) enum Bad {
    /// The next one may be good.
    Record(RowError),
    /// There is no next one.
    Input(RowError),
}
