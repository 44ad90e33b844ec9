//! Whether a file is the one whose run is in a journal.

use std::collections::HashSet;

use qbank_files::RowError;
use qbank_outbox::{Record, Row, StoreError};
use qbank_proto::IdempotencyKey;

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
        if runs.iter().any(|(run, _)| *run == source.digest) {
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
                    found.compare(&payment, known.map(|(_, record)| record))?;
                }
                Err(error) => found.add(error),
            }
        }
        // Several files may share a journal that was named.
        if args.journal.is_some() && found.runs.is_empty() {
            return Ok(false);
        }
        self.find_missing(&mut found)?;
        let path = self.path.display();
        match (&found.runs[..], found.rows.is_empty()) {
            // The same payments, written in another way.
            ([run], true) => {
                self.run.clone_from(run);
                Ok(true)
            }
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

#[derive(Default)]
struct Compared {
    ids: HashSet<String>,
    /// The runs that its payments are of.
    runs: Vec<String>,
    /// What is not as the journal has it.
    rows: Vec<RowError>,
}

impl Compared {
    fn compare(
        &mut self,
        payment: &qbank_files::Payment,
        known: Option<Record>,
    ) -> Result<(), Failure> {
        let id = &payment.payment_id;
        self.ids.insert(id.clone());
        let Some(known) = known else {
            self.add(RowError::of_line(payment.line, format!("{id} is new")));
            return Ok(());
        };
        // Which key it is does not matter here.
        let key = IdempotencyKey::from_entropy([0; 16]);
        let record = intent(payment.request.clone()).record(key)?;
        if (record.kind, &record.body_sha256) != (known.kind, &known.body_sha256) {
            self.add(RowError::of_line(payment.line, format!("{id} was changed")));
        }
        let run = known.run_id.unwrap_or_default();
        if !self.runs.contains(&run) {
            self.runs.push(run);
        }
        Ok(())
    }

    fn add(&mut self, error: RowError) {
        if self.rows.len() < MOST_NAMED {
            self.rows.push(error);
        }
    }
}
