//! `--failed-to`: the rows that moved no money, under new ids, to be corrected.

use std::collections::HashSet;
use std::io;
use std::path::Path;

use qbank_files::FailedWriter;
use qbank_outbox::{Record, Row, State};

use super::journal::Journal;
use super::source::Source;
use super::whole;
use crate::failure::Failure;

/// Writes them, and gives how many. Without any, no file is made.
pub(super) fn write(source: &Source, journal: &Journal, to: &Path) -> Result<u64, Failure> {
    let mut ids: HashSet<String> = HashSet::new();
    let mut failed: HashSet<String> = HashSet::new();
    journal.store.each(None, |row: Row, intent: Record| {
        let of_run = intent.run_id.as_deref() == Some(&journal.run[..]);
        // What somebody called off is not to be paid after all.
        if of_run && matches!(row.state, State::Refused | State::Failed) {
            failed.insert(intent.intent_id.clone());
        }
        ids.insert(intent.intent_id);
        Ok::<(), Failure>(())
    })?;
    if failed.is_empty() {
        return Ok(0);
    }
    let cannot = |error: io::Error| {
        whole::give_up(to);
        Failure::Local(format!("--failed-to: {} cannot be written: {error}", to.display()))
    };
    let mut writer = FailedWriter::new(whole::begin(to).map_err(cannot)?);
    let mut written = 0;
    for payment in source.read()?.flatten() {
        if failed.contains(&payment.payment_id) {
            writer.write(&payment, |id| ids.contains(id)).map_err(cannot)?;
            written += 1;
        }
    }
    // Its rows come from the file, which somebody may have changed meanwhile.
    if written != failed.len() as u64 || source.is_as_it_was().is_err() {
        let changed = format!("{} changed during the run", source.path.display());
        return Err(cannot(io::Error::other(changed)));
    }
    writer.finish().and_then(|file| whole::finish(to, file)).map_err(cannot)?;
    Ok(written)
}
