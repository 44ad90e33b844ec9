//! `--failed-to`: the rows that moved no money, under new ids, to be corrected. Each row is written
//! to one file: of two files, both could be paid.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;

use qbank_files::{FailedWriter, retry_ids};
use qbank_outbox::{Command, Record, Row, RowId, State};

use super::journal::Journal;
use super::places::real;
use super::source::Source;
use super::whole;
use crate::failure::Failure;

/// What is to be written.
pub(super) struct Order<'a> {
    pub(super) to: &'a Path,
    /// A file that is lost: what it got is written again.
    pub(super) lost: Option<&'a Path>,
    pub(super) actor: &'a str,
}

/// What was written.
#[derive(Default)]
pub(super) struct Failed {
    pub(super) rows: u64,
    /// How many rows each earlier file got, which are still to be corrected.
    pub(super) earlier: BTreeMap<String, u64>,
    /// What an earlier file got, and is accepted or in doubt by now: the ids.
    pub(super) may_be_paid: Vec<String>,
}

/// What a journal has of a run's rows that moved no money.
#[derive(Default)]
struct Found {
    ids: HashSet<String>,
    failed: HashMap<String, RowId>,
    /// What may be paid, or is: the ids, and what they replace.
    alive: HashSet<String>,
    replaced: HashSet<String>,
}

impl Found {
    fn of(journal: &Journal) -> Result<Self, Failure> {
        let mut found = Self::default();
        journal.store.each(None, |row: Row, intent: Record| {
            let of_run = intent.run_id.as_deref() == Some(&journal.run[..]);
            match row.state {
                State::Refused | State::Failed if of_run => {
                    found.failed.insert(intent.intent_id.clone(), row.id);
                }
                // What somebody called off is not to be paid after all.
                State::Refused | State::Failed | State::Cancelled => {}
                _ => {
                    found.alive.insert(intent.intent_id.clone());
                    found.replaced.extend(intent.replaces);
                }
            }
            found.ids.insert(intent.intent_id);
            Ok::<(), Failure>(())
        })?;
        Ok(found)
    }

    /// Whether another intent of this journal stands for it, which is paid or may be.
    fn is_replaced(&self, id: &str) -> bool {
        let mut known = retry_ids(id).take_while(|retry| self.ids.contains(retry));
        self.replaced.contains(id) || known.any(|retry| self.alive.contains(&retry))
    }
}

/// Writes them. Without any, no file is made. The journal notes it before the file has its name:
/// a row that is noted and not in a file can be written again, one that is in two files is paid
/// twice.
pub(super) fn write(
    source: &Source,
    journal: &mut Journal,
    order: &Order<'_>,
) -> Result<Failed, Failure> {
    let mut found = Found::of(journal)?;
    let lost = order.lost.map(|lost| real(lost).display().to_string());
    let mut report = Failed::default();
    for (id, file) in journal.store.handed_out(&journal.run)? {
        if !found.failed.contains_key(&id) {
            report.may_be_paid.push(id);
        } else if lost.as_ref() != Some(&file) {
            found.failed.remove(&id);
            *report.earlier.entry(file).or_default() += 1;
        }
    }
    let replaced: Vec<String> =
        found.failed.keys().filter(|id| found.is_replaced(id)).cloned().collect();
    for id in replaced {
        found.failed.remove(&id);
    }
    if !found.failed.is_empty() {
        report.rows = write_rows(source, journal, order, &found)?;
    }
    Ok(report)
}

fn write_rows(
    source: &Source,
    journal: &mut Journal,
    order: &Order<'_>,
    found: &Found,
) -> Result<u64, Failure> {
    let to = order.to;
    let cannot = |error: io::Error| {
        Failure::Local(format!("--failed-to: {} cannot be written: {error}", to.display()))
    };
    // Another run may write to the same name.
    whole::reserve(to).map_err(cannot)?;
    let mut write = || {
        let mut writer = FailedWriter::new(whole::begin(to).map_err(cannot)?);
        let mut rows = 0;
        for payment in source.read()?.flatten() {
            if found.failed.contains_key(&payment.payment_id) {
                writer.write(&payment, |id| found.ids.contains(id)).map_err(cannot)?;
                rows += 1;
            }
        }
        // Its rows come from the file, which somebody may have changed meanwhile.
        if rows != found.failed.len() || source.is_as_it_was().is_err() {
            let changed = format!("{} changed during the run", source.path.display());
            return Err(cannot(io::Error::other(changed)));
        }
        let mut file = writer.finish().map_err(cannot)?;
        whole::sync(&mut file).map_err(cannot)?;
        let ids: Vec<RowId> = found.failed.values().copied().collect();
        let noted = Command::HandOut {
            actor: order.actor.to_owned(),
            file: real(to).display().to_string(),
        };
        journal.store.command_each(&ids, &noted)?;
        whole::finish(to, file).map_err(cannot)?;
        Ok(ids.len() as u64)
    };
    let written = write();
    if written.is_err() {
        whole::give_up(to);
        whole::unreserve(to);
    }
    written
}
