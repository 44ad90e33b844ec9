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
        let mut start = self.line;
        let mut stray_quote = false;
        loop {
            let Some(byte) = self.next_byte().map_err(|error| Fault::Input(self.line, error))?
            else {
                if state == State::Quoted {
                    return Err(Fault::Unclosed(start));
                }
                if self.record.is_empty() {
                    return Ok(None);
                }
                self.record.push(b'\n');
                let ends_quoted = state == State::Closed;
                return Ok(Some(Found {
                    line: start,
                    terminated: false,
                    ends_quoted,
                    stray_quote,
                }));
            };
            if byte == b'\n' {
                self.line += 1;
                if state != State::Quoted {
                    if self.record.is_empty() {
                        start = self.line;
                        continue;
                    }
                    self.record.push(byte);
                    let ends_quoted = state == State::Closed;
                    let found = Found { line: start, terminated: true, ends_quoted, stray_quote };
                    return Ok(Some(found));
                }
            }
            if self.record.len() >= LONGEST {
                return Err(Fault::TooLong(start));
            }
            self.record.push(byte);
            state = match state {
                State::Quoted if byte == b'"' => State::Closed,
                State::Quoted => State::Quoted,
                State::CellStart | State::Closed if byte == b'"' => State::Quoted,
                _ if self.delimiters.contains(&byte) => State::CellStart,
                State::Closed => {
                    stray_quote = true;
                    State::Plain
                }
                State::CellStart | State::Plain => State::Plain,
            };
        }
    }

    /// CR LF and a lone CR are LF.
    fn next_byte(&mut self) -> io::Result<Option<u8>> {
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(byte) = available.first().copied() else { return Ok(None) };
            self.input.consume(1);
            match byte {
                b'\n' if self.after_cr => self.after_cr = false,
                b'\r' => {
                    self.after_cr = true;
                    return Ok(Some(b'\n'));
                }
                _ => {
                    self.after_cr = false;
                    return Ok(Some(byte));
                }
            }
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
