//! Payment files: what is read can be sent, and nothing that is told repeats the file.

use std::io::{BufRead, Read};

use qbank_files::{FailedWriter, Format, Payment, ReadOptions, Request, RowError, read};
use qbank_proto::endpoint::Endpoint;

const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

/// Each row that is read can be sent as it is, on a line that there is; read byte by byte it is
/// the same; written as rows to correct it is read again as the same payment.
pub fn csv_file(input: &[u8]) {
    let rows = rows(input, Format::Csv);
    for error in rows.iter().filter_map(|row| row.as_ref().err()) {
        assert!(!repeats(input, &error.message), "{error}");
    }
}

/// The same; and where nothing is wrong, the entries add up to what their columns say.
pub fn nacha_file(input: &[u8]) {
    let rows = rows(input, Format::Nacha);
    if rows.iter().any(Result::is_err) {
        return;
    }
    let text = String::from_utf8(input.strip_prefix(b"\xef\xbb\xbf").unwrap_or(input).to_vec());
    let text: String = text.unwrap().split(['\r', '\n']).collect();
    let records = text.as_bytes().chunks(94);
    let entries: Vec<u64> = records
        .filter(|record| record[0] == b'6')
        .map(|record| std::str::from_utf8(&record[29..39]).unwrap().parse().unwrap())
        .collect();
    let cents: Vec<u64> = rows.iter().flatten().map(cents).collect();
    assert_eq!(cents, entries);
}

/// The same; no depth, entity or length brings it down.
pub fn pain001_file(input: &[u8]) {
    for error in rows(input, Format::Pain001).iter().filter_map(|row| row.as_ref().err()) {
        assert!(!repeats(input, &error.message) || error.message.contains("payments"), "{error}");
    }
}

fn cents(payment: &Payment) -> u64 {
    u64::try_from(payment.amount().cents()).unwrap()
}

fn rows(input: &[u8], format: Format) -> Vec<Result<Payment, RowError>> {
    let options = ReadOptions::new().from(FROM.parse().unwrap()).format(format).max_errors(100);
    let rows: Vec<_> = read(input, &options).collect();
    let lines = u64::try_from(input.len()).unwrap() + 1;
    let mut number = 0;
    let mut failed = FailedWriter::new(Vec::new());
    for row in &rows {
        let line = row.as_ref().map_or_else(|error| error.line, |payment| Some(payment.line));
        assert!(line.is_none_or(|line| (1..=lines).contains(&line)), "line {line:?}");
        let Ok(payment) = row else { continue };
        assert!(payment.row > number, "row {}", payment.row);
        number = payment.row;
        assert!((1..=200).contains(&payment.payment_id.len()));
        assert!(!body(payment).is_empty());
        assert!(payment.account().chars().count() <= 4);
        failed.write(payment, |_| false).unwrap();
    }
    let told = |rows: &[Result<Payment, RowError>]| format!("{rows:?}");
    let slow: Vec<_> = read(Single(input), &options).collect();
    assert_eq!(told(&rows), told(&slow), "byte by byte");

    let good: Vec<&Payment> = rows.iter().flatten().collect();
    let written = failed.finish().unwrap();
    let again = read(&written[..], &options.clone().format(Format::Csv));
    for (before, after) in good.iter().zip(again) {
        // An id of 190 bytes and more has no room for the name of the next try.
        let after = match after {
            Err(_) if before.payment_id.len() > 180 => break,
            after => after.unwrap(),
        };
        assert_ne!(before.payment_id, after.payment_id);
        assert_eq!(body(before), body(&after));
    }
    rows
}

fn body(payment: &Payment) -> Vec<u8> {
    let body = match &payment.request {
        Request::Ach(ach) => ach.body(),
        Request::Wire(wire) => wire.body(),
    };
    body.unwrap().to_vec()
}

/// Whether a message has a number of the input as long as that of an account.
fn repeats(input: &[u8], message: &str) -> bool {
    let numbers = message.split(|c: char| !c.is_ascii_digit()).filter(|it| it.len() > 5);
    let mut foreign = numbers.filter(|number| !["1048576", "202601"].contains(number));
    foreign.any(|number| input.windows(number.len()).any(|it| it == number.as_bytes()))
}

/// Gives one byte at a time.
struct Single<'a>(&'a [u8]);

impl Read for Single<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        let Some(to) = buffer.first_mut() else { return Ok(0) };
        let Some((byte, rest)) = self.0.split_first() else { return Ok(0) };
        *to = *byte;
        self.0 = rest;
        Ok(1)
    }
}

impl BufRead for Single<'_> {
    fn fill_buf(&mut self) -> std::io::Result<&[u8]> {
        Ok(self.0.get(..1).unwrap_or_default())
    }

    fn consume(&mut self, amount: usize) {
        self.0 = self.0.get(amount..).unwrap_or_default();
    }
}
