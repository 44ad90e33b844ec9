//! The command line: names and defaults that scripts rely on.

mod webhooks;

use std::net::{SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use qbank_proto::chrono::{DateTime, NaiveDate, Utc};
use qbank_proto::{
    AccountId, Amount, AuthDate, ConflictPolicy, IdempotencyKey, IssueId, PaymentId, RoutingNumber,
};

pub(crate) use webhooks::{Listen, Resend, Scheme, Trigger, Verify, WebhooksCommand};

/// Pay, look and verify through QBank Connect.
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

#[derive(Debug, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// URL of the API with the version [default: https://api.qbankconnect.com/v1]
    #[arg(long, value_name = "URL", env = "QBANK_BASE_URL", global = true)]
    pub(crate) base_url: Option<String>,
    /// URL of the token endpoint [default: {base-url}/token]
    #[arg(long, value_name = "URL", env = "QBANK_TOKEN_URL", global = true)]
    pub(crate) token_url: Option<String>,
    /// The client id
    #[arg(long, value_name = "ID", env = "QBANK_CLIENT_ID", hide_env_values = true, global = true)]
    pub(crate) client_id: Option<String>,
    /// File with the client secret; or set QBANK_CLIENT_SECRET. A ready-made
    /// bearer token goes into QBANK_ACCESS_TOKEN
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Scope to ask for, repeatable [default: what the command needs]
    #[arg(
        long = "scope",
        value_name = "SCOPE",
        env = "QBANK_SCOPES",
        value_delimiter = ' ',
        global = true
    )]
    pub(crate) scopes: Vec<String>,
    /// PEM file of an additional root certificate
    #[arg(long, value_name = "FILE", env = "QBANK_CA_FILE", global = true)]
    pub(crate) ca_file: Option<PathBuf>,
    /// HTTP proxy; or HTTPS_PROXY, ALL_PROXY, NO_PROXY. Never for loopback
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) proxy: Option<String>,
    /// Limit per connection [default: 10, or 3/4 of --timeout if that is less]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true, global = true)]
    pub(crate) connect_timeout: Option<Duration>,
    /// How HTTP is done; or QBANK_TRANSPORT [default: blocking]
    #[arg(long, value_enum, global = true)]
    pub(crate) transport: Option<Transport>,
    /// Limit per attempt; fractions allowed [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true, global = true)]
    pub(crate) timeout: Option<Duration>,
    /// Limit in total; fractions allowed [default: 180]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_hyphen_values = true, global = true)]
    pub(crate) deadline: Option<Duration>,
    /// Sends beyond the first [default: 2]
    #[arg(long, value_name = "N", global = true)]
    pub(crate) max_retries: Option<u32>,
    /// What to do when the bank has a request with this key in process
    #[arg(long, value_enum, default_value = "follow-own", global = true)]
    pub(crate) on_conflict: OnConflict,
    /// How to print [default: table on a terminal, else json]
    #[arg(long, value_enum, global = true)]
    pub(crate) output: Option<Output>,
    /// Say more on stderr: -v debug, -vv trace; or RUST_LOG
    #[arg(short, long, action = clap::ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Transport {
    /// Over ureq
    Blocking,
    /// Over hyper
    Hyper,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Output {
    /// One JSON document
    Json,
    /// A list's items, one a line
    Jsonl,
    /// For people
    Table,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OnConflict {
    /// Report it
    Report,
    /// Fetch the payment if an earlier attempt of this call was in doubt
    FollowOwn,
    /// Fetch the payment always
    Follow,
}

impl From<OnConflict> for ConflictPolicy {
    fn from(choice: OnConflict) -> Self {
        match choice {
            OnConflict::Report => Self::Report,
            OnConflict::FollowOwn => Self::FollowOwn,
            OnConflict::Follow => Self::FollowAlways,
        }
    }
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
    /// Webhooks
    #[command(subcommand)]
    Webhooks(WebhooksCommand),
    /// Run a sandbox bank on this machine
    Sandbox(Sandbox),
    /// The main job end to end, on an embedded sandbox
    Demo,
}

impl Command {
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
    /// Memory does not grow with the answer; --deadline limits all of it. If the answer
    /// breaks off, what came before it has been printed, the error is on stderr, and
    /// the exit code is 3: jsonl then holds whole lines, and json the beginning of a
    /// document, which does not parse.
    List {
        /// Only of this account
        #[arg(long, value_name = "ID")]
        account: Option<AccountId>,
        /// Only those posted on this day or later
        #[arg(long, value_name = "DATE", value_parser = date)]
        posted_since: Option<NaiveDate>,
    },
}

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
    #[arg(long, value_name = "DATE", value_parser = date)]
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

/// What every write takes.
#[derive(Debug, Args)]
pub(crate) struct Write {
    /// The key of this intent; made and printed if not given
    #[arg(long, value_name = "UUID")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// Continue an intent that was perhaps sent before
    #[arg(long, requires = "idempotency_key")]
    pub(crate) resume: bool,
    /// When it was first sent [default: now]
    #[arg(long, value_name = "RFC3339", requires = "resume", value_parser = moment)]
    pub(crate) first_sent: Option<DateTime<Utc>>,
    /// When the end user last authenticated
    #[arg(long, value_name = "HTTP-DATE")]
    pub(crate) auth_date: Option<AuthDate>,
}

#[derive(Debug, Args)]
pub(crate) struct Wait {
    /// Then wait until the payment is final
    #[arg(long)]
    pub(crate) wait: bool,
}

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
    #[arg(long, value_name = "DATE", value_parser = date)]
    pub(crate) issue_date: NaiveDate,
    /// Your own id of the issue [default: the idempotency key]
    #[arg(long, value_name = "ID")]
    pub(crate) issue_id: Option<IssueId>,
    #[command(flatten)]
    pub(crate) write: Write,
}

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8467", value_parser = address)]
    pub(crate) addr: SocketAddr,
    /// What ids and tokens are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long an idempotency key is remembered [default: 30 days]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) key_lifetime: Option<Duration>,
    /// Allow an address that other machines can reach
    #[arg(long)]
    pub(crate) allow_remote: bool,
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .filter(|time| !time.is_zero())
        .ok_or_else(|| "must be a number of seconds, more than zero".to_owned())
}

/// A name such as `localhost` is looked up; IPv4 is preferred, as in the URLs that
/// are printed.
fn address(text: &str) -> Result<SocketAddr, String> {
    let rule = || "must be an address and a port such as 127.0.0.1:8467".to_owned();
    let mut found: Vec<SocketAddr> = text.to_socket_addrs().map_err(|_| rule())?.collect();
    found.sort_by_key(SocketAddr::is_ipv6);
    found.first().copied().ok_or_else(rule)
}

fn date(text: &str) -> Result<NaiveDate, String> {
    text.parse().map_err(|_| "must be a date such as 2026-01-05".to_owned())
}

/// A moment of the past: a slip in the year would make an old key young again.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let time = DateTime::parse_from_rfc3339(text)
        .map_err(|_| "must be a moment such as 2026-01-05T09:00:00Z".to_owned())?
        .to_utc();
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let latest = now.saturating_add(CLOCKS_DIFFER_BY).as_secs();
    if u64::try_from(time.timestamp()).is_ok_and(|time| time > latest) {
        return Err("must not be in the future".to_owned());
    }
    Ok(time)
}

/// It may have been sent from another machine.
const CLOCKS_DIFFER_BY: Duration = Duration::from_secs(5 * 60);
