//! Where the configuration file is, and what it names.

use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::input;

/// The file, and whether `QBANK_CONFIG` names it.
pub(super) fn path() -> Result<Option<(PathBuf, bool)>, Failure> {
    if let Some(path) = input::path("QBANK_CONFIG")? {
        return Ok(Some((path, true)));
    }
    // A relative folder is ignored, by the XDG Base Directory Specification.
    let folder = input::path("XDG_CONFIG_HOME")?.filter(|path| path.is_absolute());
    let folder = match folder {
        Some(folder) => Some(folder),
        None => home()?.map(|home| home.join(".config")),
    };
    Ok(folder.map(|folder| (folder.join("qbank").join("config.toml"), false)))
}

/// A file that the configuration names: `~/` is the home folder, and what is relative lies
/// beside the configuration.
pub(super) fn beside(config: &Path, file: &str) -> Result<PathBuf, Failure> {
    if let Some(rest) = file.strip_prefix("~/") {
        let home =
            home()?.ok_or_else(|| Failure::usage("HOME is not set, which `~/` stands for"))?;
        return Ok(home.join(rest));
    }
    Ok(config.parent().unwrap_or(Path::new("")).join(file))
}

fn home() -> Result<Option<PathBuf>, Failure> {
    match input::path("HOME")? {
        None => input::path("USERPROFILE"),
        home => Ok(home),
    }
}
