//! CSV with a header, as an ERP or a spreadsheet writes it.

mod columns;
mod splitter;

use std::collections::VecDeque;
use std::io::BufRead;
use std::sync::Arc;

use csv::{ByteRecord, StringRecord};
use qbank_proto::AccountId;

pub use columns::known_columns;
pub(crate) use columns::{Columns, known};

use crate::draft::{Draft, Field, Place};
use crate::error::RowError;
use crate::payment::{Kind, Original, Payment};
use crate::value;
use splitter::{Fault, Found, LONGEST, Splitter};

const SAVE_AS: &str = "save it as \"CSV UTF-8\"";

/// Reads a CSV row by row.
pub(crate) struct Csv<R> {
    state: State<R>,
    from: Option<AccountId>,
    row: u64,
    record: ByteRecord,
    errors: VecDeque<RowError>,
}

enum State<R> {
    Header(Splitter<R>),
    Rows(Box<csv::Reader<Splitter<R>>>, Arc<Columns>),
    End,
}

impl<R: BufRead> Csv<R> {
    pub(crate) fn new(input: R, from: Option<AccountId>) -> Self {
        Self {
            state: State::Header(Splitter::new(input)),
            from,
            row: 0,
            record: ByteRecord::new(),
            errors: VecDeque::new(),
        }
    }

    pub(crate) fn next(&mut self) -> Option<Result<Payment, RowError>> {
        loop {
            if let Some(error) = self.errors.pop_front() {
                return Some(Err(error));
            }
            match std::mem::replace(&mut self.state, State::End) {
                State::Header(splitter) => self.header(splitter),
                State::Rows(cells, columns) => match self.row(cells, &columns) {
                    Ok(Some(payment)) => return Some(Ok(payment)),
                    Ok(None) => {}
                    Err(errors) => self.errors.extend(errors),
                },
                State::End => return None,
            }
        }
    }

    fn header(&mut self, mut splitter: Splitter<R>) {
        let found = match splitter.find() {
            Ok(Some(found)) => found,
            Ok(None) => return self.errors.push_back(RowError::of_line(1, "the file is empty")),
            Err(fault) => return self.errors.push_back(of_fault(&fault)),
        };
        match header(&splitter, found, self.from.is_some()) {
            Ok(columns) => {
                splitter.separate_by(columns.delimiter());
                let cells = reader(columns.delimiter()).from_reader(splitter);
                self.state = State::Rows(Box::new(cells), Arc::new(columns));
            }
            Err(errors) => self.errors.extend(errors),
        }
    }

    /// The next row; `None` of an empty one, and at the end, which the state has then.
    fn row(
        &mut self,
        mut cells: Box<csv::Reader<Splitter<R>>>,
        columns: &Arc<Columns>,
    ) -> Result<Option<Payment>, Vec<RowError>> {
        let found = match cells.get_mut().find() {
            Ok(Some(found)) => found,
            Ok(None) if self.row == 0 => {
                return Err(vec![RowError::of_file("the file has a header, and no payment")]);
            }
            Ok(None) => return Ok(None),
            Err(fault) => return Err(vec![of_fault(&fault)]),
        };
        let read = cells.read_byte_record(&mut self.record);
        self.state = State::Rows(cells, Arc::clone(columns));
        match read {
            Ok(true) => {}
            Ok(false) => return Ok(None),
            Err(error) => {
                return Err(vec![RowError::of_line(found.line, format!("is no CSV: {error}"))]);
            }
        }
        if self.record.iter().all(<[u8]>::is_empty) {
            return Ok(None);
        }
        self.row += 1;
        let cells = text(&self.record, found.line, columns.names())?;
        whole(&cells, found, columns)?;
        in_dollars(&cells, found.line, columns)?;
        payment(&cells, self.row, found.line, columns, self.from).map(Some)
    }
}

fn reader(delimiter: u8) -> csv::ReaderBuilder {
    let mut builder = csv::ReaderBuilder::new();
    builder.delimiter(delimiter).has_headers(false).flexible(true);
    builder
}

fn of_fault(fault: &Fault) -> RowError {
    match fault {
        Fault::Input(line, error) => RowError::of_input(*line, error),
        Fault::Unclosed(line) => RowError::of_line(
            *line,
            "a quoted cell of this row is not closed: a quote is missing, or the file was cut off",
        ),
        Fault::TooLong(line) => RowError::of_line(
            *line,
            format!("this row is longer than {LONGEST} bytes: a quote is probably not closed"),
        ),
    }
}

/// The header with the separator by which it has more columns that are known.
fn header<R: BufRead>(
    splitter: &Splitter<R>,
    found: Found,
    has_from: bool,
) -> Result<Columns, Vec<RowError>> {
    let line = found.line;
    let mut best: Option<(usize, StringRecord, u8)> = None;
    for delimiter in *b",;" {
        let mut record = ByteRecord::new();
        let read = reader(delimiter).from_reader(splitter.record()).read_byte_record(&mut record);
        if let Err(error) = read {
            return Err(vec![RowError::of_line(line, format!("is no CSV: {error}"))]);
        }
        let names = StringRecord::from_byte_record(record).map_err(|_| {
            vec![RowError::of_line(line, format!("the header is not UTF-8: {SAVE_AS}"))]
        })?;
        let count = names.iter().filter(|name| known(name).is_some()).count();
        if best.as_ref().is_none_or(|(most, ..)| count > *most) {
            best = Some((count, names, delimiter));
        }
    }
    match best {
        Some((1.., names, delimiter)) => Columns::read(names, delimiter, line, has_from),
        _ => Err(vec![no_header(splitter.record(), line)]),
    }
}

fn no_header(record: &[u8], line: u64) -> RowError {
    let columns: Vec<&str> = known_columns().collect();
    let expected = format!("the first line must name the columns: {}", columns.join(", "));
    let text = String::from_utf8_lossy(record).to_lowercase();
    let message = if text.starts_with("sep=") {
        "Excel's line that names the separator stands before the header: take it away".to_owned()
    } else if text.split('\t').any(|name| known(name).is_some()) {
        "columns are separated by tabs: separate them by commas or semicolons".to_owned()
    } else {
        format!("there is no header; {expected}")
    };
    RowError::of_line(line, message)
}

fn text(
    record: &ByteRecord,
    line: u64,
    names: &StringRecord,
) -> Result<StringRecord, Vec<RowError>> {
    StringRecord::from_byte_record(record.clone()).map_err(|error| {
        let column = names.get(error.utf8_error().field()).unwrap_or_default();
        vec![RowError::new(line, column, format!("is not UTF-8: {SAVE_AS}"))]
    })
}

/// A row that can be told to be whole: a last one without a line break may be cut off.
fn whole(cells: &StringRecord, found: Found, columns: &Columns) -> Result<(), Vec<RowError>> {
    let line = found.line;
    if found.stray_quote {
        let message = "a quoted cell goes on after its closing quote: double a quote that is part \
                       of the text";
        return Err(vec![RowError::of_line(line, message)]);
    }
    let (has, needs) = (cells.len(), columns.names().len());
    if has != needs {
        let message = if found.terminated {
            "quote a value that has the separator or a line break"
        } else {
            "the file may have been cut off"
        };
        let message = format!("has {has} cells where the header has {needs}: {message}");
        return Err(vec![RowError::of_line(line, message)]);
    }
    if found.terminated || found.ends_quoted {
        return Ok(());
    }
    // Whatever else is cut off there is noticed, or changes no payment.
    let last = cells.iter().next_back().unwrap_or_default();
    let may_be_cut = match columns.last() {
        Some(Field::Amount) => last.rsplit_once('.').is_none_or(|(_, cents)| cents.len() < 2),
        Some(Field::AccountNumber | Field::PaymentId) => true,
        _ => false,
    };
    match columns.last().filter(|_| may_be_cut) {
        Some(field) => {
            let message = "may be cut off, since no line break ends the last line: add one if the \
                           file is whole";
            Err(vec![RowError::new(line, columns.name(field), message)])
        }
        None => Ok(()),
    }
}

/// A column of currencies is none that is read; but what it says is not to be paid as dollars.
fn in_dollars(cells: &StringRecord, line: u64, columns: &Columns) -> Result<(), Vec<RowError>> {
    let is_currency =
        |name: &str| ["currency", "ccy"].iter().any(|it| name.trim().eq_ignore_ascii_case(it));
    for (name, cell) in columns.further(cells) {
        let cell = cell.trim();
        if is_currency(name) && !cell.is_empty() && !cell.eq_ignore_ascii_case("USD") {
            return Err(vec![RowError::new(line, name, "must be USD: only dollars are paid")]);
        }
    }
    Ok(())
}

fn payment(
    cells: &StringRecord,
    row: u64,
    line: u64,
    columns: &Arc<Columns>,
    from: Option<AccountId>,
) -> Result<Payment, Vec<RowError>> {
    let cell = |field| columns.cell(cells, field);
    let account = |field| match cell(field) {
        text if text.trim().is_empty() => Ok(None),
        text => value::account_id(text).map(Some),
    };
    let draft = Draft {
        payment_id: cell(Field::PaymentId),
        kind: kind(cell(Field::Kind)),
        source: account(Field::Source),
        destination: account(Field::Destination),
        recipient_name: cell(Field::RecipientName),
        bank_id: cell(Field::BankId),
        account_number: cell(Field::AccountNumber),
        amount: value::amount(cell(Field::Amount)),
        effective_date: match cell(Field::EffectiveDate) {
            text if text.trim().is_empty() => Ok(None),
            text => value::day(text).map(Some),
        },
        reference: cell(Field::Reference),
    };
    let name = |field| columns.name(field);
    let original = Original::Csv { columns: Arc::clone(columns), cells: cells.clone() };
    draft.build(&Place { row, line, name: &name }, from, original)
}

fn kind(text: &str) -> Result<Kind, String> {
    match text.trim() {
        "" => Ok(Kind::Ach),
        text if text.eq_ignore_ascii_case("ach") => Ok(Kind::Ach),
        text if text.eq_ignore_ascii_case("wire") => Ok(Kind::Wire),
        _ => Err("must be ach or wire".to_owned()),
    }
}
