//! What is checked over all rows of a file: a second layer, fed with the payments one by one.
//!
//! Of each row a digest of its id and one of its payee and amount are kept, and its id, to name
//! it; so 100,000 rows take some 20 MB.

mod dates;
mod duplicates;
mod limits;
mod summary;

use std::collections::{BTreeSet, HashMap};
use std::io::BufRead;

use chrono::NaiveDate;

pub use dates::{Roll, Rolled};
pub use duplicates::{Duplicate, Earlier};
pub use limits::Limits;
pub use summary::{Listed, Subtotal, Summary};

use crate::digest::{Digest, digest};
use crate::draft::Field;
use crate::error::RowError;
use crate::payment::Payment;
use crate::reader::{ReadOptions, read};
use duplicates::Duplicates;
use summary::Sums;

/// What a file as a whole must be.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CheckOptions {
    /// The day in New York: see [`new_york_day`](qbank_proto::calendar::new_york_day). When a run
    /// is resumed, the day on which it began.
    pub today: NaiveDate,
    /// Where a day that is past or no bank day is moved; `None`: it is a mistake.
    pub roll_dates: Option<Roll>,
    /// Pays the same payee the same amount within seven days without a question.
    pub allow_duplicates: bool,
    /// The payments for which that is meant, by their ids.
    pub allowed_duplicates: BTreeSet<String>,
    /// The most that is paid, and what is expected.
    pub limits: Limits,
}

impl CheckOptions {
    /// No limits, no duplicates, no days that are moved.
    pub fn new(today: NaiveDate) -> Self {
        Self {
            today,
            roll_dates: None,
            allow_duplicates: false,
            allowed_duplicates: BTreeSet::new(),
            limits: Limits::default(),
        }
    }
}

/// Checks payments one by one, and sums them up.
#[derive(Debug)]
pub struct Checks {
    options: CheckOptions,
    /// Which row had each id first, and on which line.
    ids: HashMap<Digest, (u64, u64)>,
    duplicates: Duplicates,
    sums: Sums,
}

impl Checks {
    /// Has seen no payment yet.
    pub fn new(options: CheckOptions) -> Self {
        Self {
            options,
            ids: HashMap::new(),
            duplicates: Duplicates::default(),
            sums: Sums::default(),
        }
    }

    /// Takes a payment that was made before, such as one of another run. Leave out those that moved
    /// no money, and, where a run is resumed, its own: the file has them. A payment is no
    /// duplicate of one of the same id.
    pub fn earlier(&mut self, earlier: Earlier) {
        self.duplicates.earlier(earlier);
    }

    /// Checks the next payment of the file. Its effective date may be moved.
    pub fn check(&mut self, payment: &mut Payment) -> Vec<RowError> {
        let mut errors = Vec::new();
        let wrong = |field, message| RowError::new(payment.line, payment.column(field), message);
        let here = (payment.row, payment.line);
        let first = *self.ids.entry(digest(&payment.payment_id)).or_insert(here);
        if first != here {
            let (row, line) = first;
            errors
                .push(wrong(Field::PaymentId, format!("is that of row {row} too, on line {line}")));
        }
        if let Some(message) = self.options.limits.row(payment.amount()) {
            errors.push(wrong(Field::Amount, message));
        }
        match dates::check(payment, self.options.today, self.options.roll_dates) {
            Ok(None) => {}
            Ok(Some(day)) => {
                self.sums.rolled(payment, day);
                payment.move_to(day);
            }
            Err(message) => errors.push(wrong(Field::EffectiveDate, message)),
        }
        if let Some(mut duplicate) = self.duplicates.next(payment, self.options.today) {
            duplicate.allowed = self.options.allow_duplicates
                || self.options.allowed_duplicates.contains(&payment.payment_id);
            if !duplicate.allowed {
                errors.push(RowError::of_line(payment.line, duplicate.message()));
            }
            self.sums.duplicates.push(duplicate);
        }
        if let Err(message) = self.sums.add(payment) {
            errors.push(RowError::new(payment.line, payment.column(Field::Amount), message));
        }
        errors
    }

    /// Whether a payment of this id was checked: for ids of new payments.
    pub fn has(&self, payment_id: &str) -> bool {
        self.ids.contains_key(&digest(payment_id))
    }

    /// The summary, and what is wrong with the file as a whole.
    pub fn finish(&mut self) -> (Summary, Vec<RowError>) {
        let summary = std::mem::take(&mut self.sums).finish();
        let errors = self.options.limits.file(summary.rows, summary.total);
        (summary, errors)
    }
}

/// Reads a file and checks it as a whole. `each` gets the payments in the order of the file, also
/// where a mistake comes later: **nothing is to be sent before the result is `Ok`**.
///
/// ```
/// use qbank_files::{CheckOptions, Checks, ReadOptions, validate};
/// let file = "payment_id,source_account_id,destination_account_id,amount\n\
///     INV-7,6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10,7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021,1000.50\n\
///     INV-7,6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10,7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021,2.00\n";
/// let today = qbank_proto::parse_day("2026-11-30").ok_or("a day")?;
/// let mut checks = Checks::new(CheckOptions::new(today));
/// let result = validate(file.as_bytes(), &ReadOptions::new(), &mut checks, |_| {});
/// assert_eq!(result.unwrap_err()[0].to_string(), "line 3, payment_id: is that of row 1 too, on line 2");
/// # Ok::<(), &str>(())
/// ```
pub fn validate<R: BufRead>(
    input: R,
    options: &ReadOptions,
    checks: &mut Checks,
    mut each: impl FnMut(Payment),
) -> Result<Summary, Vec<RowError>> {
    let mut errors: Vec<RowError> = Vec::new();
    let is_full = |errors: &[RowError]| {
        u64::try_from(errors.len()).is_ok_and(|count| count >= options.max_errors)
    };
    for row in read(input, options) {
        match row {
            Ok(mut payment) => {
                errors.extend(checks.check(&mut payment));
                each(payment);
            }
            Err(error) => errors.push(error),
        }
        if is_full(&errors) {
            errors.push(RowError::of_file("so many mistakes: the rest of the file was not read"));
            return Err(errors);
        }
    }
    // Rows that could not be read are missing in every sum.
    if !errors.is_empty() {
        return Err(errors);
    }
    let (summary, errors) = checks.finish();
    if errors.is_empty() { Ok(summary) } else { Err(errors) }
}
