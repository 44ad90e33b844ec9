//! The command line: names, defaults and help that scripts rely on. One file per
//! group of commands; it imports no other room.

mod global;
mod help;
mod outbox;
mod payments;
mod positive_pay;
mod reads;
mod reconcile;
mod run;
mod sandbox;
mod transfers;
mod values;
mod webhooks;
mod write;

use std::path::{Path, PathBuf};

use clap::{Parser, Subcommand};

pub(crate) use global::{Global, OnConflict, Output, Transport};
pub(crate) use help::{command, parse, plain_command};
pub(crate) use outbox::{Decide, Outbox, OutboxCommand, Work};
pub(crate) use payments::{AccountNumber, Ach, PaymentsCommand, Wire};
pub(crate) use positive_pay::{CheckIssue, PositivePayCommand};
pub(crate) use reads::{AccountsCommand, BalancesCommand, TransactionsCommand};
pub(crate) use reconcile::Reconcile;
pub(crate) use run::{FileFormat, RollDates, Run};
pub(crate) use sandbox::Sandbox;
pub(crate) use transfers::{Transfer, TransfersCommand};
pub(crate) use webhooks::{Listen, Resend, Scheme, Trigger, Verify, WebhooksCommand};
pub(crate) use write::Write;

/// Payments, accounts and webhooks of QBank Connect.
///
/// Exit codes: 0 done; 2 bad usage or input, nothing sent; 3 failed and no money
/// moved; 4 the bank has it, not final; 5 unknown: resend only with the same key.
#[derive(Debug, Parser)]
#[command(name = "qbank", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Fetch a token; prints type, scope and expiry
    Token {
        /// Print the token itself, too
        #[arg(long)]
        reveal: bool,
    },
    /// The accounts
    #[command(subcommand)]
    Accounts(AccountsCommand),
    /// The balances
    #[command(subcommand)]
    Balances(BalancesCommand),
    /// The transactions
    #[command(subcommand)]
    Transactions(TransactionsCommand),
    /// The payments
    #[command(subcommand)]
    Payments(PaymentsCommand),
    /// Transfers between own accounts
    #[command(subcommand)]
    Transfers(TransfersCommand),
    /// Issued checks and their exceptions
    #[command(subcommand)]
    PositivePay(PositivePayCommand),
    /// Pay the payments of a file, each once
    Run(Box<Run>),
    /// Find out what became of payments that are in doubt
    Reconcile(Reconcile),
    /// Payments that outlive the process: written down first, then sent by workers
    Outbox(Outbox),
    /// Webhooks
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Run a sandbox bank on this machine
    Sandbox(Sandbox),
    /// The main job end to end, on an embedded sandbox
    Demo,
    /// Print what makes a shell complete the command line
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Print the manual, in roff
    Man {
        /// Write a file for each command into this folder instead
        #[arg(long, value_name = "DIR")]
        dir: Option<PathBuf>,
    },
}

impl Command {
    /// The file of `--account-number-file`.
    pub(crate) fn account_number_file(&self) -> Option<&Path> {
        let account_number = match self {
            Self::Payments(PaymentsCommand::Ach(ach)) => &ach.account_number,
            Self::Payments(PaymentsCommand::Wire(wire)) => &wire.account_number,
            _ => return None,
        };
        account_number.account_number_file.as_deref()
    }

    /// Whether it prints a list, and so a header and rows with `--output csv`.
    pub(crate) fn is_list(&self) -> bool {
        match self {
            Self::Accounts(AccountsCommand::List)
            | Self::Transactions(TransactionsCommand::List { .. })
            | Self::PositivePay(PositivePayCommand::Exceptions)
            | Self::Reconcile(_) => true,
            Self::Outbox(outbox) => {
                matches!(outbox.command, OutboxCommand::List { .. } | OutboxCommand::Reconcile)
            }
            _ => false,
        }
    }

    /// What a write takes, if it is one.
    pub(crate) fn write(&self) -> Option<&Write> {
        match self {
            Self::Payments(PaymentsCommand::Ach(ach)) => Some(&ach.write),
            Self::Payments(PaymentsCommand::Wire(wire)) => Some(&wire.write),
            Self::Transfers(TransfersCommand::Create(transfer)) => Some(&transfer.write),
            Self::PositivePay(PositivePayCommand::Issue(issue)) => Some(&issue.write),
            _ => None,
        }
    }
}
