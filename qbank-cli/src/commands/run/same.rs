//! Whether a file is the one whose run is in a journal.

use std::collections::HashSet;

use qbank_files::{CheckOptions, Checks, Payment, Roll, RowError};
use qbank_outbox::{Record, Row, StoreError};
use qbank_proto::IdempotencyKey;
use qbank_proto::calendar::new_york_day;
use qbank_proto::chrono::{DateTime, Utc};

use super::journal::{Journal, intent};
use super::source::Source;
use crate::args::Run;
use crate::failure::Failure;

/// So many rows are named.
const MOST_NAMED: usize = 1000;

impl Journal {
    /// Whether the run of this file is in it, which is then the one that is worked on. A file
    /// that is another one by now is refused.
    pub(super) fn is_of(&mut self, source: &Source, args: &Run) -> Result<bool, Failure> {
        let runs = self.store.runs()?;
        let is_same_file = runs.iter().any(|(run, _)| *run == source.digest);
        // Another account that pays makes other payments of the same file.
        if is_same_file && args.from.is_none() {
            self.run.clone_from(&source.digest);
            return Ok(true);
        }
        if runs.is_empty() {
            return Ok(false);
        }
        let mut found = Compared::default();
        for row in source.read()? {
            match row {
                Ok(payment) => {
                    let known = self.store.find(&payment.payment_id)?;
                    found.compare(&payment, known.map(|(_, record)| record), &runs)?;
                }
                Err(error) => {
                    found.readable = false;
                    found.add(error);
                }
            }
        }
        // Several files may share a journal that was named.
        if args.journal.is_some() && found.runs.is_empty() {
            return Ok(false);
        }
        let path = self.path.display();
        if found.runs.is_empty() && found.readable {
            return Err(Failure::usage(format!(
                "{path} is the journal of another file, and has none of these payments; nothing \
                 was sent. If they are new, give another --journal, or --journal {path} to add \
                 them to this one"
            )));
        }
        self.find_missing(&mut found)?;
        if found.more > 0 {
            found.rows.push(RowError::of_file(format!("{} more rows differ", found.more)));
        }
        let path = self.path.display();
        match (&found.runs[..], found.rows.is_empty()) {
            // The same payments, written in another way.
            ([run], true) => {
                self.run.clone_from(run);
                Ok(true)
            }
            _ if is_same_file => Err(Failure::rows(
                &format!("with this --from it is not the run that is in {path}; nothing was sent"),
                found.rows,
            )),
            _ => Err(Failure::rows(
                &format!(
                    "this is not the file whose run is in {path}; nothing was sent. Give that \
                     file, or for new payments another --journal"
                ),
                found.rows,
            )),
        }
    }

    /// The payments of those runs that the file has not.
    fn find_missing(&self, found: &mut Compared) -> Result<(), Failure> {
        for run in found.runs.clone() {
            self.store.each(Some(&run), |_: Row, intent: Record| {
                if !found.ids.contains(&intent.intent_id) {
                    let id = &intent.intent_id;
                    found.add(RowError::of_file(format!("{id} is missing")));
                }
                Ok::<(), StoreError>(())
            })?;
        }
        Ok(())
    }
}

struct Compared {
    ids: HashSet<String>,
    /// The runs that its payments are of.
    runs: Vec<String>,
    /// What is not as the journal has it.
    rows: Vec<RowError>,
    /// How many more there are than are named.
    more: u64,
    /// All of the file could be read.
    readable: bool,
}

impl Default for Compared {
    fn default() -> Self {
        let (ids, runs, rows) = (HashSet::new(), Vec::new(), Vec::new());
        Self { ids, runs, rows, more: 0, readable: true }
    }
}

impl Compared {
    fn compare(
        &mut self,
        payment: &Payment,
        known: Option<Record>,
        runs: &[(String, DateTime<Utc>)],
    ) -> Result<(), Failure> {
        let id = &payment.payment_id;
        self.ids.insert(id.clone());
        let Some(known) = known else {
            self.add(RowError::of_line(payment.line, format!("{id} is new")));
            return Ok(());
        };
        let run = known.run_id.as_deref().unwrap_or_default();
        let began = runs.iter().find(|(of, _)| of == run).map(|(_, began)| *began);
        let mut same = is(payment, &known)?;
        for roll in [Roll::Next, Roll::Previous] {
            if let (false, Some(began)) = (same, began) {
                same = is(&rolled(payment, roll, began), &known)?;
            }
        }
        if !same {
            self.add(RowError::of_line(payment.line, format!("{id} was changed")));
        }
        if !self.runs.iter().any(|known| known == run) {
            self.runs.push(run.to_owned());
        }
        Ok(())
    }

    fn add(&mut self, error: RowError) {
        if self.rows.len() < MOST_NAMED {
            self.rows.push(error);
        } else {
            self.more += 1;
        }
    }
}

/// Whether this is the payment that was written down.
fn is(payment: &Payment, known: &Record) -> Result<bool, Failure> {
    // Which key it is does not matter here.
    let key = IdempotencyKey::from_entropy([0; 16]);
    let record = intent(payment.request.clone()).record(key)?;
    Ok((record.kind, &record.body_sha256) == (known.kind, &known.body_sha256))
}

/// With its day moved as `--roll-dates` moved it when its run began.
fn rolled(payment: &Payment, roll: Roll, began: DateTime<Utc>) -> Payment {
    let mut options = CheckOptions::new(new_york_day(began));
    options.roll_dates = Some(roll);
    let mut payment = payment.clone();
    // Its day alone is asked for.
    Checks::new(options).check(&mut payment);
    payment
}
