//! `--failed-to`: rows that were not paid, to be corrected and run as a file of their own.

use std::io::{self, Write};

use qbank_proto::endpoint::Destination;

use crate::csv::known_columns;
use crate::draft::Field;
use crate::payment::{Original, Payment, Request};

/// Writes payments as a CSV that can be read again: one of a CSV with the columns and the cells of
/// that file, others with the columns of [`known_columns`]. Each gets a new id that names the old
/// one, `INV-7-retry-1` after `INV-7` and `INV-7-retry-2` after that.
///
/// A CSV without source accounts needs `--from` again. All payments must be of one file. Its cells are as secret as those of that file, and are
/// written as they were: nothing is done against spreadsheets that run a cell as a formula.
#[derive(Debug)]
pub struct FailedWriter<W: Write> {
    state: State<W>,
}

#[derive(Debug)]
enum State<W: Write> {
    /// The header depends on the first payment.
    Start(W),
    Rows(Box<csv::Writer<W>>),
    /// A write failed.
    Broken,
}

impl<W: Write> FailedWriter<W> {
    /// Writes nothing yet.
    pub const fn new(output: W) -> Self {
        Self { state: State::Start(output) }
    }

    /// Writes a payment under a new id, which it gives. `is_taken` tells the ids that must not be
    /// used, such as [`Checks::has`](crate::Checks::has) for those of the file.
    pub fn write(
        &mut self,
        payment: &Payment,
        is_taken: impl Fn(&str) -> bool,
    ) -> io::Result<String> {
        let mut writer = match std::mem::replace(&mut self.state, State::Broken) {
            State::Start(output) => Box::new(begin(output, payment)?),
            State::Rows(writer) => writer,
            State::Broken => return Err(io::Error::other("an earlier write failed")),
        };
        let id = new_id(&payment.payment_id, is_taken);
        match &payment.original {
            Original::Csv { columns, cells } => {
                let at = columns.position(Field::PaymentId);
                let cells = cells.iter().enumerate();
                let cells = cells.map(|(place, cell)| if Some(place) == at { &id } else { cell });
                writer.write_record(cells)?;
            }
            Original::Nacha | Original::Pain001 { .. } => {
                writer.write_record(standard_cells(payment, &id))?;
            }
        }
        self.state = State::Rows(writer);
        Ok(id)
    }

    /// Writes what is left in memory, and gives the output back. Without a payment it is empty.
    pub fn finish(self) -> io::Result<W> {
        match self.state {
            State::Start(output) => Ok(output),
            State::Rows(writer) => writer.into_inner().map_err(csv::IntoInnerError::into_error),
            State::Broken => Err(io::Error::other("an earlier write failed")),
        }
    }
}

fn begin<W: Write>(output: W, payment: &Payment) -> io::Result<csv::Writer<W>> {
    let mut builder = csv::WriterBuilder::new();
    Ok(match &payment.original {
        Original::Csv { columns, .. } => {
            let mut writer = builder.delimiter(columns.delimiter()).from_writer(output);
            writer.write_record(columns.names())?;
            writer
        }
        Original::Nacha | Original::Pain001 { .. } => {
            let mut writer = builder.from_writer(output);
            writer.write_record(known_columns())?;
            writer
        }
    })
}

/// In the order of [`known_columns`].
fn standard_cells(payment: &Payment, id: &str) -> [String; 10] {
    let elsewhere = |name: &str, bank: &str, account: &str| {
        [String::new(), name.to_owned(), bank.to_owned(), account.to_owned()]
    };
    let [destination, name, bank, account] = match &payment.request {
        Request::Ach(it) => match &it.destination {
            Destination::Account(id) => {
                [id.to_string(), String::new(), String::new(), String::new()]
            }
            Destination::Recipient(to) => {
                elsewhere(&to.name, to.bank_id.as_str(), to.account_number.expose())
            }
        },
        Request::Wire(it) => {
            let to = &it.beneficiary;
            elsewhere(&to.name, to.bank_id.as_str(), to.account_number.expose())
        }
    };
    [
        id.to_owned(),
        payment.kind().to_string(),
        payment.source_account().to_string(),
        destination,
        name,
        bank,
        account,
        payment.amount().to_string(),
        payment.effective_date.map(|day| day.to_string()).unwrap_or_default(),
        payment.reference().unwrap_or_default().to_owned(),
    ]
}

/// The first free one of `ID-retry-1`, `ID-retry-2` and so on.
fn new_id(id: &str, is_taken: impl Fn(&str) -> bool) -> String {
    let free = retry_ids(id).find(|new| !is_taken(new));
    free.unwrap_or_else(|| format!("{id}{MARK}1"))
}

const MARK: &str = "-retry-";

/// The ids that a corrected row can get, in order: `ID-retry-1`, `ID-retry-2` and so on. Of
/// `ID-retry-1` itself the first is `ID-retry-2`.
pub fn retry_ids(id: &str) -> impl Iterator<Item = String> {
    let (stem, tries) = match id.rsplit_once(MARK) {
        Some((stem, number)) if !stem.is_empty() => match number.parse::<u32>() {
            Ok(tries) => (stem, tries),
            Err(_) => (id, 0),
        },
        _ => (id, 0),
    };
    (tries.saturating_add(1)..=u32::MAX).map(move |n| format!("{stem}{MARK}{n}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_id_names_the_old_one() {
        let free = |_: &str| false;
        assert_eq!(new_id("INV-7", free), "INV-7-retry-1");
        assert_eq!(new_id("INV-7-retry-1", free), "INV-7-retry-2");
        assert_eq!(new_id("-retry-1", free), "-retry-1-retry-1");
        assert_eq!(new_id("a-retry-b", free), "a-retry-b-retry-1");
        let taken = |id: &str| id == "INV-7-retry-1" || id == "INV-7-retry-2";
        assert_eq!(new_id("INV-7", taken), "INV-7-retry-3");
    }
}
