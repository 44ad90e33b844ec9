//! `--failed-to`: the rows that moved no money, under new ids, to be corrected. Each row is written
//! to one file: of two files, both could be paid.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use qbank_files::FailedWriter;
use qbank_outbox::{Command, Record, Row, RowId, State};

use super::journal::Journal;
use super::places::real;
use super::source::Source;
use super::whole;
use crate::failure::Failure;

/// What is to be written.
pub(super) struct Order<'a> {
    pub(super) to: &'a Path,
    /// Also what an earlier file got.
    pub(super) again: bool,
    pub(super) actor: &'a str,
}

/// What was written.
pub(super) struct Failed {
    pub(super) rows: u64,
    /// How many rows each earlier file got.
    pub(super) earlier: BTreeMap<String, u64>,
}

/// Writes them. Without any, no file is made. The journal notes it before the file has its name:
/// a row that is noted and not in a file can be written again, one that is in two files is paid
/// twice.
pub(super) fn write(
    source: &Source,
    journal: &mut Journal,
    order: &Order<'_>,
) -> Result<Failed, Failure> {
    let mut ids: HashSet<String> = HashSet::new();
    let mut failed: HashMap<String, RowId> = HashMap::new();
    journal.store.each(None, |row: Row, intent: Record| {
        let of_run = intent.run_id.as_deref() == Some(&journal.run[..]);
        // What somebody called off is not to be paid after all.
        if of_run && matches!(row.state, State::Refused | State::Failed) {
            failed.insert(intent.intent_id.clone(), row.id);
        }
        ids.insert(intent.intent_id);
        Ok::<(), Failure>(())
    })?;
    let mut earlier = BTreeMap::new();
    if !order.again {
        for (id, file) in journal.store.handed_out(&journal.run)? {
            failed.remove(&id);
            *earlier.entry(file).or_default() += 1;
        }
    }
    if failed.is_empty() {
        return Ok(Failed { rows: 0, earlier });
    }
    let to = order.to;
    let cannot = |error: io::Error| {
        whole::give_up(to);
        Failure::Local(format!("--failed-to: {} cannot be written: {error}", to.display()))
    };
    let mut writer = FailedWriter::new(whole::begin(to).map_err(cannot)?);
    let mut written = 0;
    for payment in source.read()?.flatten() {
        if failed.contains_key(&payment.payment_id) {
            writer.write(&payment, |id| ids.contains(id)).map_err(cannot)?;
            written += 1;
        }
    }
    // Its rows come from the file, which somebody may have changed meanwhile.
    if written != failed.len() || source.is_as_it_was().is_err() {
        let changed = format!("{} changed during the run", source.path.display());
        return Err(cannot(io::Error::other(changed)));
    }
    let file = writer.finish().map_err(cannot)?;
    let rows: Vec<RowId> = failed.into_values().collect();
    let noted =
        Command::HandOut { actor: order.actor.to_owned(), file: real(to).display().to_string() };
    journal.store.command_each(&rows, &noted)?;
    whole::finish(to, file).map_err(cannot)?;
    Ok(Failed { rows: rows.len() as u64, earlier })
}
