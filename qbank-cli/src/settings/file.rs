//! The configuration file: where it is, and which of its sections is the profile.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Given;
use super::profile::{self, Profile};
use crate::failure::Failure;
use crate::input;

const MAX_FILE: u64 = 1 << 20;

/// The section that is taken where none is named.
const DEFAULT: &str = "default";

/// The profile of this name, or else the section `default`, or else an empty one.
pub(super) fn profile(name: Option<&Given<String>>) -> Result<Profile, Failure> {
    let no_profile = |place: String| match name {
        None => Ok(Profile::default()),
        Some(Given { value, name }) => {
            Err(Failure::usage(format!("{name}: there is no profile `{value}`{place}")))
        }
    };
    let Some((path, is_named)) = path()? else {
        return no_profile(": neither HOME nor XDG_CONFIG_HOME says where it would be".to_owned());
    };
    // What is not there is refused only where it was named.
    if !is_named && path.metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound) {
        return no_profile(format!(": there is no file {}", path.display()));
    }
    let what = if is_named { "QBANK_CONFIG" } else { "the configuration file" };
    let text = String::from_utf8(input::bytes(&path, what, MAX_FILE)?)
        .map_err(|_| Failure::usage(format!("{what}: {} is not UTF-8", path.display())))?;
    let mut profiles = profile::all(&path, &text)?;
    let wanted = name.map_or(DEFAULT, |name| &name.value);
    match profiles.remove(wanted) {
        Some(profile) => Ok(profile),
        None if profiles.is_empty() => no_profile(format!(": {} has none", path.display())),
        None => {
            let names: Vec<&str> = profiles.keys().map(String::as_str).collect();
            no_profile(format!(" in {}; there are: {}", path.display(), names.join(", ")))
        }
    }
}

/// The file, and whether `QBANK_CONFIG` names it.
fn path() -> Result<Option<(PathBuf, bool)>, Failure> {
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
