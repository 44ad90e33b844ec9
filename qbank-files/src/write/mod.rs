//! What is written: the results of a run, and the rows to correct.

mod failed;
mod results;

pub use failed::{FailedWriter, retry_ids};
pub use results::{Outcome, ResultRow, ResultsWriter};
