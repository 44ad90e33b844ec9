//! Environment variables. An empty one counts as not set.

use std::env::{self, VarError};
use std::path::PathBuf;

use qbank_proto::Secret;

use super::cleaned;
use crate::failure::Failure;

/// A variable that may be secret. One that holds white space only was meant to hold
/// something: it is refused by name.
pub(crate) fn variable(name: &str) -> Result<Option<Secret>, Failure> {
    Ok(text(name)?.map(Secret::new))
}

pub(crate) fn text(name: &str) -> Result<Option<String>, Failure> {
    let value = match env::var(name) {
        Ok(value) => value,
        Err(VarError::NotPresent) => return Ok(None),
        Err(VarError::NotUnicode(_)) => return Err(Failure::usage(format!("{name} is not UTF-8"))),
    };
    match cleaned(&value) {
        _ if value.is_empty() => Ok(None),
        "" => Err(Failure::usage(format!("{name} holds nothing but white space"))),
        value => Ok(Some(value.to_owned())),
    }
}

/// A path, which need not be UTF-8.
pub(crate) fn path(name: &str) -> Result<Option<PathBuf>, Failure> {
    match env::var_os(name) {
        Some(value) if value.to_str().is_none() => Ok(Some(value.into())),
        _ => Ok(text(name)?.map(Into::into)),
    }
}

/// Who was named, or else who runs this program: for the audit.
pub(crate) fn actor(named: Option<&String>) -> Result<String, Failure> {
    if let Some(named) = named {
        return Ok(named.clone());
    }
    let user = text("USER")?.or(text("USERNAME")?);
    Ok(user.unwrap_or_else(|| "operator".to_owned()))
}
