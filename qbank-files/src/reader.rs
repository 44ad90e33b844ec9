//! A file as an iterator of its payments and its mistakes.

use std::io::{self, BufRead, Chain, Cursor, Read};

use qbank_proto::AccountId;

use crate::csv::Csv;
use crate::error::RowError;
use crate::format::{BYTE_ORDER_MARK, Format};
use crate::nacha::Nacha;
use crate::pain001::Pain001;
use crate::payment::Payment;

/// How a file is read.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ReadOptions {
    /// Its format; `None`: by content.
    pub format: Option<Format>,
    /// The account that pays the rows that name none.
    pub from: Option<AccountId>,
    /// After so many mistakes reading ends, with one more that says so.
    pub max_errors: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { format: None, from: None, max_errors: 1000 }
    }
}

impl ReadOptions {
    /// By content, at most a thousand mistakes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads it as this format, whatever it looks like.
    #[must_use]
    pub const fn format(mut self, format: Format) -> Self {
        self.format = Some(format);
        self
    }

    /// The account that pays the rows that name none.
    #[must_use]
    pub const fn from(mut self, account: AccountId) -> Self {
        self.from = Some(account);
        self
    }

    /// Ends after so many mistakes.
    #[must_use]
    pub const fn max_errors(mut self, most: u64) -> Self {
        self.max_errors = most;
        self
    }
}

/// Reads a file's payments, one after the other; memory does not grow with the file.
///
/// **A payment is not to be sent before the whole file was read without a mistake**: control
/// totals stand at its end.
///
/// ```
/// use qbank_files::{ReadOptions, read};
/// let file = "payment_id,source_account_id,destination_account_id,amount\n\
///     INV-7,6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10,7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021,1000.50\n\
///     INV-8,6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10,7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021,10.505\n";
/// let mut rows = read(file.as_bytes(), &ReadOptions::new());
/// assert_eq!(rows.next().unwrap()?.payment_id, "INV-7");
/// let error = rows.next().unwrap().unwrap_err();
/// assert_eq!(error.to_string(), "line 3, amount: must have at most two decimals");
/// # Ok::<(), qbank_files::RowError>(())
/// ```
pub fn read<R: BufRead>(mut input: R, options: &ReadOptions) -> Reader<R> {
    let mut reader =
        Reader { inner: Inner::End, format: None, errors: 0, max_errors: options.max_errors };
    let mut start = Vec::with_capacity(Format::TELLING_BYTES);
    let telling = u64::try_from(Format::TELLING_BYTES).unwrap_or(u64::MAX);
    if let Err(error) = input.by_ref().take(telling).read_to_end(&mut start) {
        reader.inner = Inner::Failed(RowError::of_input(1, &error));
        return reader;
    }
    if start.starts_with(BYTE_ORDER_MARK) {
        start.drain(..BYTE_ORDER_MARK.len());
    }
    let format = options.format.map_or_else(|| Format::detect(&start), Ok);
    let format = match format {
        Ok(format) => format,
        Err(error) => {
            reader.inner = Inner::Failed(error);
            return reader;
        }
    };
    reader.format = Some(format);
    let whole = |start: Vec<u8>| Cursor::new(start).chain(input);
    reader.inner = match format {
        Format::Csv => Inner::Csv(Csv::new(whole(start), options.from)),
        Format::Nacha => {
            let records = start.clone();
            Inner::Nacha(Box::new(Nacha::new(whole(start), &records, options.from)))
        }
        Format::Pain001 => Inner::Pain001(Box::new(Pain001::new(whole(start), options.from))),
    };
    reader
}

type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

/// An iterator over the payments of a file and its mistakes, in the order of the file. It goes on
/// after a mistake where it can.
pub struct Reader<R> {
    inner: Inner<R>,
    format: Option<Format>,
    errors: u64,
    max_errors: u64,
}

enum Inner<R> {
    Csv(Csv<Whole<R>>),
    Nacha(Box<Nacha<Whole<R>>>),
    Pain001(Box<Pain001<Whole<R>>>),
    Failed(RowError),
    End,
}

impl<R> Reader<R> {
    /// The format as it was given or detected; `None` where it could not be told.
    pub const fn format(&self) -> Option<Format> {
        self.format
    }
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = Result<Payment, RowError>;

    fn next(&mut self) -> Option<Self::Item> {
        let next = match &mut self.inner {
            Inner::Csv(csv) => csv.next(),
            Inner::Nacha(nacha) => nacha.next(),
            Inner::Pain001(pain001) => pain001.next(),
            Inner::Failed(_) | Inner::End => None,
        };
        let Some(next) = next else {
            return match std::mem::replace(&mut self.inner, Inner::End) {
                Inner::Failed(error) => Some(Err(error)),
                _ => None,
            };
        };
        if next.is_err() {
            self.errors += 1;
            if self.errors > self.max_errors {
                self.inner = Inner::End;
                let message = format!(
                    "more than {} mistakes: the rest of the file was not read",
                    self.max_errors
                );
                return Some(Err(RowError::of_file(message)));
            }
        }
        Some(next)
    }
}

impl<R: BufRead> std::iter::FusedIterator for Reader<R> {}

impl<R> std::fmt::Debug for Reader<R> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("format", &self.format).finish_non_exhaustive()
    }
}

/// Reads all of an input's payments, or all of its mistakes: for small files.
///
/// ```
/// use qbank_files::{ReadOptions, read_all};
/// let errors = read_all(&b"{}"[..], &ReadOptions::new()).unwrap_err();
/// assert!(errors[0].message.contains("found JSON"));
/// ```
pub fn read_all<R: io::Read>(
    input: R,
    options: &ReadOptions,
) -> Result<Vec<Payment>, Vec<RowError>> {
    let (mut payments, mut errors) = (Vec::new(), Vec::new());
    for row in read(io::BufReader::new(input), options) {
        match row {
            Ok(payment) => payments.push(payment),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() { Ok(payments) } else { Err(errors) }
}
