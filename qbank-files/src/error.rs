//! What is wrong with a file, and where.

use std::fmt;

use serde::Serialize;

/// One mistake of a file: where it is, and what to do about it.
///
/// The message repeats no cell of the file, so an account number that stands in the wrong
/// column does not show.
///
/// ```
/// use qbank_files::RowError;
/// let error = RowError::new(7, "amount", "must be more than zero");
/// assert_eq!(error.to_string(), "line 7, amount: must be more than zero");
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct RowError {
    /// The physical line; the first is 1. `None` where it is about the file as a whole, such as
    /// an expected total.
    pub line: Option<u64>,
    /// The name of the column as the header has it, of the NACHA field, or the path of the XML
    /// element.
    pub column: Option<String>,
    /// What is wrong, and what to do.
    pub message: String,
}

impl RowError {
    /// A mistake in a column.
    pub fn new(line: u64, column: impl Into<String>, message: impl Into<String>) -> Self {
        Self { line: Some(line), column: Some(column.into()), message: message.into() }
    }

    /// A mistake of a line as a whole.
    pub fn of_line(line: u64, message: impl Into<String>) -> Self {
        Self { line: Some(line), column: None, message: message.into() }
    }

    /// A mistake of the file as a whole.
    pub fn of_file(message: impl Into<String>) -> Self {
        Self { line: None, column: None, message: message.into() }
    }

    /// The input itself could not be read.
    pub(crate) fn of_input(line: u64, error: &std::io::Error) -> Self {
        Self::of_line(line, format!("the file cannot be read: {error}"))
    }
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.line, &self.column) {
            (Some(line), Some(column)) => write!(f, "line {line}, {column}: ")?,
            (Some(line), None) => write!(f, "line {line}: ")?,
            (None, Some(column)) => write!(f, "{column}: ")?,
            (None, None) => {}
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for RowError {}
