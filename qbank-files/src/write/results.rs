//! `FILE.results.csv`: a line for each row, in the order of the file.

use std::borrow::Cow;
use std::fmt;
use std::io::{self, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use qbank_proto::Money;
use serde::Serialize;

use crate::payment::Payment;

const COLUMNS: [&str; 15] = [
    "row",
    "payment_id",
    "outcome",
    "bank_payment_id",
    "bank_status",
    "amount",
    "recipient_name",
    "account",
    "idempotency_key",
    "first_sent",
    "attempts",
    "error_kind",
    "error_code",
    "request_id",
    "message",
];

/// What became of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
#[expect(missing_docs, reason = "the states and fates of the outbox")]
pub enum Outcome {
    Accepted,
    Refused,
    NeverSent,
    InProgress,
    Unknown,
    Reconcile,
    Settled,
    Failed,
    Held,
    Pending,
}

impl Outcome {
    /// As it is written.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Refused => "refused",
            Self::NeverSent => "never_sent",
            Self::InProgress => "in_progress",
            Self::Unknown => "unknown",
            Self::Reconcile => "reconcile",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Pending => "pending",
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// One line of the results.
#[derive(Debug, Clone)]
#[expect(missing_docs, reason = "each is the column of its name")]
pub struct ResultRow<'a> {
    pub row: u64,
    pub payment_id: Cow<'a, str>,
    pub outcome: Outcome,
    pub bank_payment_id: Option<Cow<'a, str>>,
    pub bank_status: Option<Cow<'a, str>>,
    pub amount: Money,
    pub recipient_name: Option<Cow<'a, str>>,
    /// The last four digits alone: [`Payment::account`].
    pub account: Cow<'a, str>,
    pub idempotency_key: Option<Cow<'a, str>>,
    pub first_sent: Option<DateTime<Utc>>,
    pub attempts: u64,
    pub error_kind: Option<Cow<'a, str>>,
    pub error_code: Option<Cow<'a, str>>,
    pub request_id: Option<Cow<'a, str>>,
    pub message: Option<Cow<'a, str>>,
}

impl<'a> ResultRow<'a> {
    /// What the file says of a row, and what became of it. Nothing is known of the bank's part.
    pub fn new(payment: &'a Payment, outcome: Outcome) -> Self {
        Self {
            row: payment.row,
            payment_id: Cow::Borrowed(&payment.payment_id),
            outcome,
            bank_payment_id: None,
            bank_status: None,
            amount: payment.amount().into(),
            recipient_name: payment.recipient_name().map(Cow::Borrowed),
            account: Cow::Owned(payment.account()),
            idempotency_key: None,
            first_sent: None,
            attempts: 0,
            error_kind: None,
            error_code: None,
            request_id: None,
            message: None,
        }
    }
}

/// Writes the results. A cell that a spreadsheet would run as a formula gets an apostrophe before
/// it.
///
/// ```
/// use qbank_files::{Outcome, ReadOptions, ResultRow, ResultsWriter, read_all};
/// let file = "payment_id,source_account_id,recipient_name,bank_id,account_number,amount\n\
///     INV-7,6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10,=ACME,021000021,0012345678,12.50\n";
/// let payments = read_all(file.as_bytes(), &ReadOptions::new()).map_err(|_| "a good file")?;
/// let mut results = ResultsWriter::new(Vec::new()).map_err(|_| "memory")?;
/// results.write(&ResultRow::new(&payments[0], Outcome::Accepted)).map_err(|_| "memory")?;
/// let written = results.finish().map_err(|_| "memory")?;
/// let written = String::from_utf8(written).map_err(|_| "UTF-8")?;
/// assert!(written.ends_with("1,INV-7,accepted,,,12.50,'=ACME,5678,,,0,,,,\n"));
/// # Ok::<(), &str>(())
/// ```
#[derive(Debug)]
pub struct ResultsWriter<W: Write> {
    writer: csv::Writer<W>,
}

impl<W: Write> ResultsWriter<W> {
    /// Writes the header.
    pub fn new(output: W) -> io::Result<Self> {
        let mut writer = csv::Writer::from_writer(output);
        writer.write_record(COLUMNS)?;
        Ok(Self { writer })
    }

    /// Writes a row.
    pub fn write(&mut self, row: &ResultRow<'_>) -> io::Result<()> {
        let first_sent = row
            .first_sent
            .map(|moment| moment.to_rfc3339_opts(SecondsFormat::Millis, true))
            .unwrap_or_default();
        let (number, amount) = (row.row.to_string(), row.amount.to_string());
        let attempts = row.attempts.to_string();
        let cells: [&str; COLUMNS.len()] = [
            &number,
            &row.payment_id,
            row.outcome.as_str(),
            text(row.bank_payment_id.as_ref()),
            text(row.bank_status.as_ref()),
            &amount,
            text(row.recipient_name.as_ref()),
            &row.account,
            text(row.idempotency_key.as_ref()),
            &first_sent,
            &attempts,
            text(row.error_kind.as_ref()),
            text(row.error_code.as_ref()),
            text(row.request_id.as_ref()),
            text(row.message.as_ref()),
        ];
        self.writer.write_record(cells.map(|cell| neutral(cell).into_owned()))?;
        Ok(())
    }

    /// Writes what is left in memory, and gives the output back.
    pub fn finish(self) -> io::Result<W> {
        self.writer.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn text<'a>(cell: Option<&'a Cow<'_, str>>) -> &'a str {
    cell.map(AsRef::as_ref).unwrap_or_default()
}

/// A cell that no spreadsheet runs as a formula.
fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}
