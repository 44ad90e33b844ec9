//! The command line of `positive-pay`.

use clap::{Args, Subcommand};
use qbank_proto::chrono::NaiveDate;
use qbank_proto::{AccountId, Amount, IssueId};

use super::{Write, values};

#[derive(Debug, Subcommand)]
pub(crate) enum PositivePayCommand {
    /// Report an issued check
    Issue(CheckIssue),
    /// List presented checks that match no issued one
    Exceptions,
}

#[derive(Debug, Args)]
pub(crate) struct CheckIssue {
    /// The account the check is drawn on
    #[arg(long, value_name = "ID")]
    pub(crate) account: AccountId,
    /// The number on the check
    #[arg(long, value_name = "NUMBER")]
    pub(crate) check_number: String,
    /// Dollars, such as 1000.50
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    pub(crate) amount: Amount,
    /// The date on the check
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    pub(crate) issue_date: NaiveDate,
    /// Your own id of the issue [default: the idempotency key]
    #[arg(long, value_name = "ID")]
    pub(crate) issue_id: Option<IssueId>,
    #[command(flatten)]
    pub(crate) write: Write,
}
