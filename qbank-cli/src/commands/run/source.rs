//! The file: what it is read as, and the digest by which a run knows it again.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};

use qbank_files::{Format, ReadOptions, Reader};

use crate::args::{FileFormat, Run};
use crate::failure::Failure;

/// A file of payments.
pub(super) struct Source {
    pub(super) path: PathBuf,
    /// SHA-256, in hex: the id of its run.
    pub(super) digest: String,
    pub(super) options: ReadOptions,
}

impl Source {
    pub(super) fn open(args: &Run) -> Result<Self, Failure> {
        let mut options = ReadOptions::new();
        options.from = args.from;
        options.format = args.format.map(|format| match format {
            FileFormat::Csv => Format::Csv,
            FileFormat::Nacha => Format::Nacha,
            FileFormat::Pain001 => Format::Pain001,
        });
        let digest = digest(&args.file)?;
        Ok(Self { path: args.file.clone(), digest, options })
    }

    /// Its payments, from the first.
    pub(super) fn read(&self) -> Result<Reader<BufReader<File>>, Failure> {
        Ok(qbank_files::read(self.input()?, &self.options))
    }

    pub(super) fn input(&self) -> Result<BufReader<File>, Failure> {
        open(&self.path).map(BufReader::new)
    }

    /// It must be the one that was checked.
    pub(super) fn is_as_it_was(&self) -> Result<(), Failure> {
        if digest(&self.path)? == self.digest {
            return Ok(());
        }
        let path = self.path.display();
        Err(Failure::usage(format!("{path} changed while it was read; nothing was sent")))
    }
}

fn open(path: &Path) -> Result<File, Failure> {
    let cannot = |why: &str| Failure::usage(format!("{} cannot be read: {why}", path.display()));
    let file = File::open(path).map_err(|error| cannot(&error.to_string()))?;
    // It is read more than once.
    match file.metadata() {
        Ok(metadata) if metadata.is_file() => Ok(file),
        Ok(metadata) if metadata.is_dir() => Err(cannot("it is a folder")),
        Ok(_) => Err(cannot("it is no regular file, and it is read more than once")),
        Err(error) => Err(cannot(&error.to_string())),
    }
}

fn digest(path: &Path) -> Result<String, Failure> {
    qbank_files::file_digest(open(path)?)
        .map_err(|error| Failure::usage(format!("{} cannot be read: {error}", path.display())))
}
