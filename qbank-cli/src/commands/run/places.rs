//! The files of a run: all different, and all to be written, before anything is sent.

use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use super::whole::{self, beside};
use crate::args::Run;
use crate::failure::Failure;

/// How results begin.
const RESULTS_START: &[u8] = b"row,payment_id,outcome,";

/// The files of a run.
pub(super) struct Places {
    pub(super) journal: PathBuf,
    pub(super) results: PathBuf,
    /// Where the rows are written that moved no money.
    pub(super) failed: Option<PathBuf>,
}

impl Places {
    /// As they are given, or else beside the file. None may overwrite another.
    pub(super) fn of(args: &Run) -> Result<Self, Failure> {
        let places = Self {
            journal: args.journal.clone().unwrap_or_else(|| beside(&args.file, ".qbank.db")),
            results: args.results.clone().unwrap_or_else(|| beside(&args.file, ".results.csv")),
            failed: args.failed_to.clone(),
        };
        let (file, journal) = (real(&args.file), real(&places.journal));
        if file == journal {
            let rule = "the journal and the payments are the same file: give another --journal; \
                        nothing was sent";
            return Err(Failure::usage(rule));
        }
        let mut taken = vec![(file, "the payments"), (journal, "the journal")];
        let results = (Some(&places.results), "--results", "the results");
        for (path, option, what) in [results, (places.failed.as_ref(), "--failed-to", "")] {
            let Some(path) = path else { continue };
            let found = real(path);
            if let Some((_, other)) = taken.iter().find(|(taken, _)| *taken == found) {
                let path = path.display();
                return Err(Failure::usage(format!(
                    "{option}: {path} would overwrite {other}; nothing was sent"
                )));
            }
            taken.push((found, what));
        }
        Ok(places)
    }

    /// What was corrected in an earlier file must not be lost.
    pub(super) fn failed_is_new(&self) -> Result<(), Failure> {
        match &self.failed {
            Some(to) if to.exists() => Err(Failure::usage(format!(
                "--failed-to: {} is there already; nothing was sent",
                to.display()
            ))),
            _ => Ok(()),
        }
    }

    /// Results of a run that is in no journal here: perhaps these payments were made before.
    pub(super) fn results_are_new(&self) -> Result<(), Failure> {
        let mut start = Vec::new();
        if let Ok(file) = File::open(&self.results) {
            let _ = file.take(RESULTS_START.len() as u64).read_to_end(&mut start);
        }
        if start != RESULTS_START {
            return Ok(());
        }
        let (results, journal) = (self.results.display(), self.journal.display());
        Err(Failure::usage(format!(
            "{results} is there, of another run than this one, which {journal} does not have: these \
             payments may have been made before, with another journal. If they are new, move that \
             file away or give another --results; nothing was sent"
        )))
    }

    /// Found out before money moves, not after.
    pub(super) fn may_be_written(&self) -> Result<(), Failure> {
        for path in std::iter::once(&self.results).chain(&self.failed) {
            whole::may_be_written(path).map_err(|error| {
                let path = path.display();
                Failure::usage(format!("{path} cannot be written: {error}; nothing was sent"))
            })?;
        }
        Ok(())
    }
}

/// The path by which a file is the same whatever it is called; also of one that is not there yet.
pub(super) fn real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let folder = fs::canonicalize(folder.unwrap_or_else(|| Path::new(".")));
    let name = path.file_name().unwrap_or_else(|| OsStr::new(""));
    folder.map_or_else(|_| path.to_owned(), |folder| folder.join(name))
}
