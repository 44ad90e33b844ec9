//! The command line of `run`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use qbank_proto::{AccountId, Money};

#[derive(Debug, Args)]
#[expect(clippy::struct_excessive_bools, clippy::struct_field_names, reason = "options")]
pub(crate) struct Run {
    /// The payments: CSV, NACHA or ISO 20022 pain.001
    pub(crate) file: PathBuf,
    /// Its format [default: by content]
    #[arg(long, value_enum)]
    pub(crate) format: Option<FileFormat>,
    /// The account that pays the rows that name none
    #[arg(long, value_name = "ACCOUNT")]
    pub(crate) from: Option<AccountId>,
    /// Where each payment is written down before it is sent [default: FILE.qbank.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
    /// What became of each row, as CSV [default: FILE.results.csv]
    #[arg(long, value_name = "FILE")]
    pub(crate) results: Option<PathBuf>,
    /// Check the file and say what it would pay: sends nothing, writes nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Pay without a question; needed where nobody can be asked
    #[arg(long)]
    pub(crate) yes: bool,
    /// How many rows the file must have
    #[arg(long, value_name = "N")]
    pub(crate) expect_count: Option<u64>,
    /// What the rows must add up to
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) expect_total: Option<Money>,
    /// Pay this one, though its payee gets the same amount twice within 7 days; repeatable
    #[arg(long, value_name = "PAYMENT_ID")]
    pub(crate) allow_duplicate: Vec<String>,
    /// Pay all of which that is so
    #[arg(long)]
    pub(crate) allow_duplicates: bool,
    /// Move an effective date that is past, or no bank day
    #[arg(long, value_enum)]
    pub(crate) roll_dates: Option<RollDates>,
    /// The most that a row may pay
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) max_row: Option<Money>,
    /// The most that all rows together may pay
    #[arg(long, value_name = "DOLLARS")]
    pub(crate) max_total: Option<Money>,
    /// How many payments are sent at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// Wait until each payment is final, within --deadline for the whole run [default: 180 s
    /// after the last one was sent]
    #[arg(long)]
    pub(crate) wait: bool,
    /// End the run once the token, a right or the bank's limit keeps rows waiting for so long
    /// [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = super::values::seconds)]
    pub(crate) lane_patience: Option<std::time::Duration>,
    /// Send nothing until somebody else approves it with --approve
    #[arg(long, conflicts_with = "approve")]
    pub(crate) hold: bool,
    /// Approve a run that is held, and send it; not as who held it
    #[arg(long, requires = "actor")]
    pub(crate) approve: bool,
    /// Who does it, for the audit [default: who runs this program]
    #[arg(long)]
    pub(crate) actor: Option<String>,
    /// Stop the run that is under way in another process; the same command without it goes on
    #[arg(long, conflicts_with_all = ["approve", "hold", "dry_run"])]
    pub(crate) pause: bool,
    /// Write the rows that were refused or failed to a new file, to be corrected; each row once
    #[arg(long, value_name = "NEW.csv")]
    pub(crate) failed_to: Option<PathBuf>,
    /// With --failed-to: write the rows again that this file got. It is lost, and must never be run
    #[arg(long, requires = "failed_to", value_name = "LOST.csv")]
    pub(crate) failed_again: Option<PathBuf>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// A header and a payment a line
    Csv,
    /// Records of 94 columns
    Nacha,
    /// ISO 20022 XML
    Pain001,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RollDates {
    /// To the next bank day
    Next,
    /// To the bank day before
    Previous,
}
