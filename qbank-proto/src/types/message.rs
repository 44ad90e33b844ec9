//! An error of a driver or of the application, kept as a source.

use std::borrow::Cow;
use std::fmt;

/// An error of a driver or of the application, kept as a source.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// A text as an error, to be a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message(Cow<'static, str>);

impl Message {
    /// With this text.
    pub fn new(text: impl Into<Cow<'static, str>>) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Message {}
