//! NACHA files, by the rules and no laxer.
//!
//! ```text
//! 1 file header, 5 batch header, 6 entries, 8 batch control, …, 9 file control, lines of 9s
//! ```

mod batch;
mod entry;
mod record;
mod totals;

use std::collections::VecDeque;
use std::io::BufRead;

use qbank_proto::AccountId;

use crate::error::RowError;
use crate::payment::Payment;
pub(crate) use entry::field_name;

use batch::{Batch, end_of_file};
use record::{Bad, Record, Records};
use totals::{Totals, expect};

/// Records come in blocks of so many.
const BLOCKING: u64 = 10;

/// Reads a NACHA file record by record.
pub(crate) struct Nacha<R> {
    records: Records<R>,
    from: Option<AccountId>,
    state: State,
    row: u64,
    batches: u64,
    /// The number of the batch before.
    last_batch: Option<u64>,
    totals: Totals,
    errors: VecDeque<RowError>,
}

enum State {
    /// Nothing was read.
    Start,
    /// Between batches.
    File,
    Batch(Batch),
    /// After an entry that says that addenda follow.
    AwaitsAddenda(Batch),
    /// After the file's control record, which is kept until all blocks are counted.
    Filler(Record),
    End,
}

impl<R: BufRead> Nacha<R> {
    pub(crate) fn new(input: R, start: &[u8], from: Option<AccountId>) -> Self {
        Self {
            records: Records::new(input, start),
            from,
            state: State::Start,
            row: 0,
            batches: 0,
            last_batch: None,
            totals: Totals::default(),
            errors: VecDeque::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Result<Payment, RowError>> {
        loop {
            if let Some(error) = self.errors.pop_front() {
                return Some(Err(error));
            }
            if matches!(self.state, State::End) {
                return None;
            }
            match self.records.next() {
                None => self.end(),
                Some(Err(Bad::Input(error))) => {
                    self.state = State::End;
                    self.errors.push_back(error);
                }
                Some(Err(Bad::Record(error))) => {
                    self.errors.push_back(error);
                    self.damaged();
                }
                Some(Ok(record)) => {
                    if let Some(payment) = self.record(record) {
                        return Some(Ok(payment));
                    }
                }
            }
        }
    }

    fn wrong(&mut self, line: u64, message: &str) {
        self.errors.push_back(RowError::of_line(line, message));
    }

    /// A record is lost, so no total can be compared.
    fn damaged(&mut self) {
        self.totals.damaged = true;
        match &mut self.state {
            State::Batch(batch) | State::AwaitsAddenda(batch) => batch.totals.damaged = true,
            State::Start => {
                self.wrong(1, "a NACHA file begins with its file header, record type 1");
                self.state = State::End;
            }
            _ => {}
        }
    }

    fn record(&mut self, record: Record) -> Option<Payment> {
        let state = std::mem::replace(&mut self.state, State::End);
        match (state, record.code()) {
            (State::Start, "1") => {
                self.file_header(&record);
                self.state = State::File;
            }
            (State::Start, _) => {
                let message = "a NACHA file begins with its file header, record type 1";
                self.wrong(record.line, message);
            }
            (State::File, "5") => {
                let batch = Batch::begin(&record, self.last_batch, &mut self.errors);
                self.last_batch = batch.number();
                self.batches += 1;
                self.state = State::Batch(batch);
            }
            (State::File, "9") => self.state = State::Filler(record),
            (State::Batch(mut batch) | State::AwaitsAddenda(mut batch), "7") => {
                self.addenda(&record, &mut batch);
                self.state = State::Batch(batch);
            }
            (State::AwaitsAddenda(batch), _) => {
                let message = "the entry before says that an addenda record follows: where none \
                               does, its indicator is 0";
                self.errors.push_back(RowError::new(
                    record.line,
                    "Addenda Record Indicator",
                    message,
                ));
                self.state = State::Batch(batch);
                return self.record(record);
            }
            (State::Batch(batch), "6") => return self.entry(&record, batch),
            (State::Batch(batch), "8") => {
                let mut errors = Vec::new();
                batch.end(&record, &mut errors);
                self.errors.extend(errors);
                self.totals.add(batch.totals);
                self.state = State::File;
            }
            (State::Filler(control), _) => {
                if record.is_filler() {
                    self.state = State::Filler(control);
                } else {
                    let message = "after the file control record there are only lines of 9s: one \
                                   file at a time is read";
                    self.wrong(record.line, message);
                }
            }
            (state @ State::Batch(_), _) => {
                let message = "a batch has records of type 6 and 7, and ends with its control \
                               record, type 8";
                self.wrong(record.line, message);
                self.state = state;
                self.damaged();
            }
            (state @ State::File, _) => {
                let message = "a batch begins with its header, type 5, and the file ends with its \
                               control record, type 9";
                self.wrong(record.line, message);
                self.state = state;
                self.damaged();
            }
            (State::End, _) => {}
        }
        None
    }

    fn file_header(&mut self, header: &Record) {
        for (name, columns, must) in [
            ("Priority Code", (2, 3), "01"),
            ("Record Size", (35, 37), "094"),
            ("Blocking Factor", (38, 39), "10"),
            ("Format Code", (40, 40), "1"),
        ] {
            if header.field(columns.0, columns.1) != must {
                let message = format!("must be {must}");
                self.errors.push_back(RowError::new(header.line, name, message));
            }
        }
    }

    fn entry(&mut self, record: &Record, mut batch: Batch) -> Option<Payment> {
        let entry = entry::Entry { record, row: self.row + 1, from: self.from };
        entry.count(&mut batch);
        let read = if batch.refused { Err(Vec::new()) } else { entry.payment(&mut batch) };
        if !batch.refused {
            self.row += 1;
        }
        self.state = match record.field(79, 79) {
            "1" => State::AwaitsAddenda(batch),
            _ => State::Batch(batch),
        };
        read.map_err(|errors| self.errors.extend(errors)).ok()
    }

    fn addenda(&mut self, record: &Record, batch: &mut Batch) {
        batch.totals.entries += 1;
        if !batch.refused {
            let message = match record.field(2, 3) {
                "99" => "is a return: a run pays, and reads no file that came back",
                "98" => "is a notification of change: a run pays, and reads no file that came back",
                "05" => {
                    "is an addenda record, whose text the bank's API cannot send: leave it out, \
                     and its entry's indicator 0"
                }
                _ => "is an addenda record, which the bank's API cannot send",
            };
            self.errors.push_back(RowError::new(record.line, "Addenda Type Code", message));
        }
    }

    fn end(&mut self) {
        let line = self.records.line();
        match std::mem::replace(&mut self.state, State::End) {
            State::Start => self.wrong(1, "the file is empty"),
            State::Filler(control) => {
                let mut errors = Vec::new();
                end_of_file(&control, self.batches, &self.totals, &mut errors);
                let blocks = self.records.count.div_ceil(BLOCKING);
                let plain = |number: u64| number.to_string();
                expect(&control, "Block Count", (8, 13), blocks, &plain, &mut errors);
                self.errors.extend(errors);
                let over = self.records.count % BLOCKING;
                if over != 0 {
                    let message = format!(
                        "the file has {} records, and they come in blocks of ten: {} lines of 9s \
                         are missing at the end",
                        self.records.count,
                        BLOCKING - over
                    );
                    self.wrong(line, &message);
                } else if self.totals.entries == 0 && self.errors.is_empty() {
                    self.errors.push_back(RowError::of_file("the file has no payment"));
                }
            }
            _ => self.wrong(
                line,
                "the file ends without its file control record, type 9: it was probably cut off",
            ),
        }
    }
}
