//! Files that are there whole or not at all, and are their owner's alone: names and accounts lie
//! in them.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

/// The name of a file with something after it.
pub(super) fn beside(file: &Path, more: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(more);
    name.into()
}

/// Begins a file, under another name until it is finished.
pub(super) fn begin(path: &Path) -> io::Result<BufWriter<File>> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt as _;
        options.mode(0o600);
    }
    options.open(part(path)).map(BufWriter::new)
}

/// Takes a name that nothing has, so that nobody else's file is overwritten.
pub(super) fn reserve(path: &Path) -> io::Result<()> {
    OpenOptions::new().write(true).create_new(true).open(path).map(drop)
}

/// Gives a name back that was reserved, as long as nothing is in its file.
pub(super) fn unreserve(path: &Path) {
    if path.metadata().is_ok_and(|file| file.len() == 0) {
        let _ = fs::remove_file(path);
    }
}

/// All of it is on the disk.
pub(super) fn sync(file: &mut BufWriter<File>) -> io::Result<()> {
    file.flush()?;
    file.get_ref().sync_all()
}

/// It is on the disk before it gets its name.
pub(super) fn finish(path: &Path, mut file: BufWriter<File>) -> io::Result<()> {
    sync(&mut file)?;
    fs::rename(part(path), path)
}

/// Takes away what was begun.
pub(super) fn give_up(path: &Path) {
    let _ = fs::remove_file(part(path));
}

pub(super) fn may_be_written(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    begin(path)?;
    fs::remove_file(part(path))
}

fn part(path: &Path) -> PathBuf {
    beside(path, ".part")
}
