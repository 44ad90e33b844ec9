//! Finds the records of a CSV, and on which lines they are.
//!
//! The crate `csv` reads a record's cells, and counts lines; but not as an editor does where
//! lines end in CR LF, and it takes a last cell whose quote is never closed. So the records are
//! found here, by the few states of a quoted cell, and it is handed one at a time.

use std::io::{self, BufRead, Read};

/// Longer than any row; beyond it a quote was probably not closed.
pub(super) const LONGEST: usize = 1 << 20;

/// Gives the bytes of the record that was found last, with line breaks as LF.
pub(super) struct Splitter<R> {
    input: R,
    /// What separates cells: both, while it is not known which.
    delimiters: [u8; 2],
    record: Vec<u8>,
    given: usize,
    line: u64,
    /// The last byte was a CR, so an LF now is the same line break.
    after_cr: bool,
}

/// A record that was found.
#[derive(Debug, Clone, Copy)]
pub(super) struct Found {
    /// Where it begins.
    pub(super) line: u64,
    /// Whether a line break ends it, and not the file.
    pub(super) terminated: bool,
    /// Whether its last cell is quoted, and so known to be whole.
    pub(super) ends_quoted: bool,
    /// Whether a quoted cell goes on after its quote, such as `"a"b`.
    pub(super) stray_quote: bool,
}

/// Why there is no further record.
#[derive(Debug)]
pub(super) enum Fault {
    Input(u64, io::Error),
    /// A cell's quote is not closed at the end; the line is that of its record.
    Unclosed(u64),
    TooLong(u64),
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    CellStart,
    Plain,
    Quoted,
    /// After a quote in a quoted cell: it is doubled, or closes the cell.
    Closed,
}

impl<R: BufRead> Splitter<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, delimiters: *b",;", record: Vec::new(), given: 0, line: 1, after_cr: false }
    }

    /// What separates cells from here on.
    pub(super) fn separate_by(&mut self, delimiter: u8) {
        self.delimiters = [delimiter; 2];
    }

    /// The bytes of the record.
    pub(super) fn record(&self) -> &[u8] {
        &self.record
    }

    /// Finds the next record that is no empty line.
    pub(super) fn find(&mut self) -> Result<Option<Found>, Fault> {
        self.record.clear();
        self.given = 0;
        let mut state = State::CellStart;
        let mut found =
            Found { line: self.line, terminated: false, ends_quoted: false, stray_quote: false };
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(Fault::Input(self.line, error)),
            };
            if available.is_empty() {
                break;
            }
            let mut taken = 0;
            for byte in available {
                taken += 1;
                // CR LF and a lone CR are LF.
                let ends_crlf = *byte == b'\n' && self.after_cr;
                self.after_cr = *byte == b'\r';
                if ends_crlf {
                    continue;
                }
                let byte = if *byte == b'\r' { b'\n' } else { *byte };
                self.line += u64::from(byte == b'\n');
                if byte == b'\n' && state != State::Quoted {
                    if self.record.is_empty() {
                        found.line = self.line;
                        continue;
                    }
                    found.terminated = true;
                    break;
                }
                if self.record.len() >= LONGEST {
                    return Err(Fault::TooLong(found.line));
                }
                self.record.push(byte);
                let next = state.next(byte, self.delimiters);
                found.stray_quote |= state == State::Closed && next == State::Plain;
                state = next;
            }
            self.input.consume(taken);
            if found.terminated {
                break;
            }
        }
        if state == State::Quoted {
            return Err(Fault::Unclosed(found.line));
        }
        if self.record.is_empty() {
            return Ok(None);
        }
        self.record.push(b'\n');
        found.ends_quoted = state == State::Closed;
        Ok(Some(found))
    }
}

impl State {
    fn next(self, byte: u8, delimiters: [u8; 2]) -> Self {
        match self {
            Self::Quoted if byte == b'"' => Self::Closed,
            Self::Quoted => Self::Quoted,
            Self::CellStart | Self::Closed if byte == b'"' => Self::Quoted,
            _ if delimiters.contains(&byte) => Self::CellStart,
            Self::CellStart | Self::Plain | Self::Closed => Self::Plain,
        }
    }
}

impl<R> Read for Splitter<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let rest = self.record.get(self.given..).unwrap_or_default();
        let length = rest.len().min(buffer.len());
        for (to, from) in buffer.iter_mut().zip(rest) {
            *to = *from;
        }
        self.given += length;
        Ok(length)
    }
}
