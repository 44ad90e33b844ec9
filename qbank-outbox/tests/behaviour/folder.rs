//! The store on SQLite, in a folder of its own.

use std::path::PathBuf;

use qbank_outbox::Sqlite;
use tempfile::TempDir;

use super::Place;

/// A folder with a store.
pub(crate) struct Folder(pub(crate) TempDir);

impl Folder {
    /// Without a store.
    pub(crate) fn empty() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().join("outbox.db")
    }
}

impl Place for Folder {
    type Store = Sqlite;

    fn new() -> Option<Self> {
        let folder = Self::empty();
        Sqlite::migrate(folder.path()).unwrap();
        Some(folder)
    }

    fn store(&self) -> Sqlite {
        Sqlite::open(self.path()).unwrap()
    }
}
