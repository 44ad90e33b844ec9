//! Counts lines, and bounds what one piece of XML may take.

use std::io::{self, BufRead, Read};

/// Longer than any tag or text of a payment.
const LONGEST: usize = 1 << 18;

/// An input that knows how many lines were read of it.
pub(super) struct Lines<R> {
    input: R,
    line: u64,
    left: usize,
}

impl<R> Lines<R> {
    pub(super) const fn new(input: R) -> Self {
        Self { input, line: 1, left: LONGEST }
    }

    pub(super) const fn line(&self) -> u64 {
        self.line
    }

    /// Whether the piece that is being read got too long.
    pub(super) const fn is_exhausted(&self) -> bool {
        self.left == 0
    }

    /// The next piece begins.
    pub(super) const fn renew(&mut self) {
        self.left = LONGEST;
    }
}

impl<R: BufRead> BufRead for Lines<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.left == 0 {
            return Err(io::Error::other("a tag or a text is too long"));
        }
        let available = self.input.fill_buf()?;
        Ok(available.get(..self.left).unwrap_or(available))
    }

    fn consume(&mut self, amount: usize) {
        // What was filled before is given again.
        if let Ok(available) = self.input.fill_buf() {
            let taken = available.get(..amount).unwrap_or(available);
            self.line += taken.iter().map(|byte| u64::from(*byte == b'\n')).sum::<u64>();
        }
        self.left = self.left.saturating_sub(amount);
        self.input.consume(amount);
    }
}

impl<R: BufRead> Read for Lines<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut available = self.fill_buf()?;
        let read = available.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}
