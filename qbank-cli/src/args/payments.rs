//! The command line of `payments`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};
use qbank_proto::chrono::NaiveDate;
use qbank_proto::{AccountId, Amount, PaymentId, RoutingNumber};

use super::{Write, values};

#[derive(Debug, Subcommand)]
pub(crate) enum PaymentsCommand {
    /// Pay by ACH
    Ach(Ach),
    /// Pay by wire
    Wire(Wire),
    /// Read a payment
    Get {
        /// The payment's id
        payment: PaymentId,
    },
    /// Wait until a payment is final
    Wait {
        /// The payment's id
        payment: PaymentId,
    },
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("payee").required(true).args(["to", "recipient_name"])))]
pub(crate) struct Ach {
    /// The account that pays
    #[arg(long, value_name = "ID")]
    pub(crate) from: AccountId,
    /// An account that the bank knows by id
    #[arg(long, value_name = "ID", conflicts_with_all = ["bank_id", "account_number", "account_number_file"])]
    pub(crate) to: Option<AccountId>,
    /// Whose account elsewhere is paid
    #[arg(long, value_name = "NAME", requires = "bank_id")]
    pub(crate) recipient_name: Option<String>,
    /// Its bank's ABA routing number
    #[arg(long, value_name = "ROUTING", requires = "recipient_name")]
    pub(crate) bank_id: Option<RoutingNumber>,
    #[command(flatten)]
    pub(crate) account_number: AccountNumber,
    /// Dollars, such as 1000.50
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    pub(crate) amount: Amount,
    /// The day it should take effect
    #[arg(long, value_name = "DATE", value_parser = values::date)]
    pub(crate) effective_date: Option<NaiveDate>,
    /// Your own reference
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: Option<String>,
    #[command(flatten)]
    pub(crate) write: Write,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

#[derive(Debug, Args)]
pub(crate) struct Wire {
    /// The account that pays
    #[arg(long, value_name = "ID")]
    pub(crate) from: AccountId,
    /// Whose account is paid
    #[arg(long, value_name = "NAME")]
    pub(crate) beneficiary_name: String,
    /// Its bank's ABA routing number
    #[arg(long, value_name = "ROUTING")]
    pub(crate) bank_id: RoutingNumber,
    #[command(flatten)]
    pub(crate) account_number: AccountNumber,
    /// Dollars, such as 1000.50
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    pub(crate) amount: Amount,
    /// Your own reference
    #[arg(long, value_name = "TEXT")]
    pub(crate) reference: String,
    #[command(flatten)]
    pub(crate) write: Write,
    #[command(flatten)]
    pub(crate) wait: Wait,
}

/// An account number shows in the process list unless it comes from a file.
#[derive(Debug, Args)]
#[group(multiple = false)]
pub(crate) struct AccountNumber {
    /// The account's number; - reads it from standard input
    #[arg(long, value_name = "NUMBER", allow_hyphen_values = true)]
    pub(crate) account_number: Option<String>,
    /// File with the account's number; - is standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) account_number_file: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Then wait until the payment is final
    #[arg(long)]
    pub(crate) wait: bool,
}
