#![doc = include_str!("../README.md")]

mod checks;
mod csv;
mod digest;
mod draft;
mod error;
mod format;
mod nacha;
mod pain001;
mod payment;
mod reader;
mod value;
mod write;

pub use checks::{
    CheckOptions, Checks, Duplicate, Earlier, Limits, Listed, Roll, Rolled, Subtotal, Summary,
    validate,
};
pub use csv::known_columns;
pub use digest::file_digest;
pub use error::RowError;
pub use format::{Format, UnknownFormat};
pub use payment::{Kind, Payment, Request};
pub use reader::{ReadOptions, Reader, read, read_all};
pub use write::{FailedWriter, Outcome, ResultRow, ResultsWriter, retry_ids};
