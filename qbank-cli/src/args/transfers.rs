//! The command line of `transfers`.

use clap::{Args, Subcommand};
use qbank_proto::{AccountId, Amount};

use super::Write;

#[derive(Debug, Subcommand)]
pub(crate) enum TransfersCommand {
    /// Move money between two own accounts
    Create(Transfer),
}

#[derive(Debug, Args)]
pub(crate) struct Transfer {
    /// The account that gives
    #[arg(long, value_name = "ID")]
    pub(crate) from: AccountId,
    /// The account that gets
    #[arg(long, value_name = "ID")]
    pub(crate) to: AccountId,
    /// Dollars, such as 1000.50
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    pub(crate) amount: Amount,
    #[command(flatten)]
    pub(crate) write: Write,
}
