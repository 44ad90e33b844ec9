//! The command line of `accounts`, `balances` and `transactions`.

use clap::Subcommand;
use qbank_proto::AccountId;
use qbank_proto::chrono::NaiveDate;

use super::values;

#[derive(Debug, Subcommand)]
pub(crate) enum AccountsCommand {
    /// List the accounts, as of the last nightly load
    List,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BalancesCommand {
    /// Read a balance, in real time
    Get {
        /// The account's id
        account: AccountId,
    },
}

#[derive(Debug, Subcommand)]
pub(crate) enum TransactionsCommand {
    /// List transactions, as of the last nightly load, while they arrive
    ///
    /// Memory does not grow with the response; --deadline limits all of it. If the response
    /// breaks off, what came before it has been printed, the error is on stderr, and
    /// the exit code is 3: jsonl then holds whole lines, and json the beginning of a
    /// document, which does not parse.
    List {
        /// Only of this account
        #[arg(long, value_name = "ID")]
        account: Option<AccountId>,
        /// Only those posted on this day or later
        #[arg(long, value_name = "DATE", value_parser = values::date)]
        posted_since: Option<NaiveDate>,
    },
}
