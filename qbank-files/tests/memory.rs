//! A large file takes no more memory than a small one. A process of its own, since its peak is
//! what is looked at.
#![cfg(target_os = "linux")]
#![allow(clippy::unwrap_used, clippy::panic, clippy::expect_used, reason = "a test may fail")]

mod file;

use std::io::{BufReader, Read};

use file::{Entry, HEADER, csv_row, nacha, options, pain001, transfer};

const ROWS: usize = 100_000;

/// A file that is made while it is read.
struct Made<I> {
    pieces: I,
    rest: Vec<u8>,
    given: usize,
}

impl<I: Iterator<Item = String>> Read for Made<I> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        while self.given == self.rest.len() {
            let Some(piece) = self.pieces.next() else { return Ok(0) };
            self.rest = piece.into_bytes();
            self.given = 0;
        }
        let length = (self.rest.len() - self.given).min(buffer.len());
        buffer[..length].copy_from_slice(&self.rest[self.given..self.given + length]);
        self.given += length;
        Ok(length)
    }
}

/// KiB.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

fn reads_flat(name: &str, pieces: impl Iterator<Item = String>) {
    let input = BufReader::new(Made { pieces, rest: Vec::new(), given: 0 });
    let mut rows = qbank_files::read(input, &options());
    for row in rows.by_ref().take(1000) {
        row.unwrap();
    }
    let before = peak();
    let mut count = 1000;
    for row in rows {
        row.unwrap();
        count += 1;
    }
    let grown = peak() - before;
    assert_eq!(count, ROWS, "{name}");
    assert!(grown < 2048, "{name} took {grown} KiB more");
}

#[test]
fn a_hundred_thousand_rows_take_no_more_memory_than_a_thousand() {
    let csv = (0..ROWS).map(|row| csv_row(&format!("INV-{row}"), "1250.50"));
    reads_flat("CSV", std::iter::once(HEADER.to_owned()).chain(csv));

    // The parts of a small file, its entry again and again, and totals of them all.
    let lines = nacha(&[Entry::new("INV-0", 100)]);
    let hash = ROWS as u64 * 2_100_002 % 10_000_000_000;
    let total = ROWS as u64 * 100;
    let count = ROWS;
    let header = format!("{}\n{}\n", lines[0], lines[1]);
    let entry = lines[2].clone();
    let entries = (1..=ROWS).map(move |row| format!("{}{row:07}\n", &entry[..87]));
    let batch = format!("8220{count:06}{hash:010}{:012}{total:012}{}\n", 0, &lines[3][44..]);
    let blocks = (ROWS + 4).div_ceil(10);
    let file = format!("9000001{blocks:06}{count:08}{hash:010}{:012}{total:012}{:<39}\n", 0, "");
    let filler = format!("{}\n", "9".repeat(94)).repeat(blocks * 10 - ROWS - 4);
    let ends = [batch, file, filler].into_iter();
    reads_flat("NACHA", std::iter::once(header).chain(entries).chain(ends));

    let message = pain001(&["@".to_owned()], ROWS, &format!("{total}.00"));
    let (before, after) = message.split_once('@').unwrap();
    let transfers = (0..ROWS).map(|row| transfer(&format!("INV-{row}"), "100"));
    let (before, after) = (before.to_owned(), after.to_owned());
    reads_flat("pain.001", std::iter::once(before).chain(transfers).chain(std::iter::once(after)));
}
