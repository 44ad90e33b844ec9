//! The configuration file: which of its sections is the profile.

use std::io::ErrorKind;

use super::Given;
use super::place;
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
    let Some((path, is_named)) = place::path()? else {
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
