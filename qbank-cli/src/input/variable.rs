//! Environment variables.

use std::env::{self, VarError};

use qbank_proto::Secret;

use crate::failure::Failure;

/// A variable that is set and not empty.
pub(crate) fn variable(name: &str) -> Result<Option<Secret>, Failure> {
    match env::var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty()).map(Secret::new)),
        Err(VarError::NotPresent) => Ok(None),
        Err(VarError::NotUnicode(_)) => Err(Failure::usage(format!("{name} is not UTF-8"))),
    }
}
