//! The options that every command takes. One that is given twice: the last one wins.
//! Variables are read by the rooms that use them: the parser would refuse a bad one even
//! where the option is given.

use std::path::PathBuf;
use std::time::Duration;

use clap::{Args, ValueEnum};
use qbank_proto::ConflictPolicy;

use super::values;

#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Global options")]
pub(crate) struct Global {
    /// Section of the configuration file to take settings from, ~/.config/qbank/config.toml or
    /// QBANK_CONFIG; or QBANK_PROFILE [default: default, if it is there]
    #[arg(long, value_name = "NAME", global = true, overrides_with = "profile")]
    pub(crate) profile: Option<String>,
    /// URL of the API with the version; or QBANK_BASE_URL [default: https://api.qbankconnect.com/v1]
    #[arg(long, value_name = "URL", global = true, overrides_with = "base_url")]
    pub(crate) base_url: Option<String>,
    /// URL of the token endpoint; or QBANK_TOKEN_URL [default: {base-url}/token]
    #[arg(long, value_name = "URL", global = true, overrides_with = "token_url")]
    pub(crate) token_url: Option<String>,
    /// The client id; or QBANK_CLIENT_ID
    #[arg(long, value_name = "ID", global = true, overrides_with = "client_id")]
    pub(crate) client_id: Option<String>,
    /// File with the client secret; or set QBANK_CLIENT_SECRET. A ready-made
    /// bearer token goes into QBANK_ACCESS_TOKEN
    #[arg(long, value_name = "FILE", global = true, overrides_with = "client_secret_file")]
    pub(crate) client_secret_file: Option<PathBuf>,
    /// Scope to ask for, repeatable; or QBANK_SCOPES, separated by blanks [default: what the command needs]
    #[arg(long = "scope", value_name = "SCOPE", global = true)]
    pub(crate) scopes: Vec<String>,
    /// Further parameter of the token request, such as audience=https://api.example;
    /// repeatable
    #[arg(long = "token-parameter", value_name = "NAME=VALUE", value_parser = values::pair, global = true)]
    pub(crate) token_parameters: Vec<(String, String)>,
    /// PEM file of an additional root certificate; or QBANK_CA_FILE
    #[arg(long, value_name = "FILE", global = true, overrides_with = "ca_file")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Trust the certificates of --ca-file alone, not Mozilla's as well
    #[arg(long, global = true, overrides_with = "ca_file_only")]
    pub(crate) ca_file_only: bool,
    /// PEM file of a certificate for servers that want one, and what leads to its root; or
    /// QBANK_CLIENT_CERTIFICATE_FILE
    #[arg(long, value_name = "FILE", global = true, overrides_with = "client_certificate_file")]
    pub(crate) client_certificate_file: Option<PathBuf>,
    /// PEM file of that certificate's private key; or QBANK_CLIENT_KEY_FILE. May be the same
    #[arg(long, value_name = "FILE", global = true, overrides_with = "client_key_file")]
    pub(crate) client_key_file: Option<PathBuf>,
    /// HTTP proxy; or HTTPS_PROXY, ALL_PROXY, NO_PROXY. Never for loopback
    #[arg(long, value_name = "URL", global = true, overrides_with = "proxy")]
    pub(crate) proxy: Option<String>,
    /// Limit per connection [default: 10, or 3/4 of --timeout if that is less]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, allow_hyphen_values = true, global = true, overrides_with = "connect_timeout")]
    pub(crate) connect_timeout: Option<Duration>,
    /// How HTTP is done; or QBANK_TRANSPORT [default: blocking]
    #[arg(long, value_enum, global = true, overrides_with = "transport")]
    pub(crate) transport: Option<Transport>,
    /// Limit per attempt; fractions allowed [default: 60]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, allow_hyphen_values = true, global = true, overrides_with = "timeout")]
    pub(crate) timeout: Option<Duration>,
    /// Limit in total; fractions allowed [default: 180]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds, allow_hyphen_values = true, global = true, overrides_with = "deadline")]
    pub(crate) deadline: Option<Duration>,
    /// Sends beyond the first [default: 2]
    #[arg(long, value_name = "N", global = true, overrides_with = "max_retries")]
    pub(crate) max_retries: Option<u32>,
    /// What to do when the bank has a request with this key in process [default: follow-own]
    #[arg(long, value_enum, global = true, overrides_with = "on_conflict")]
    pub(crate) on_conflict: Option<OnConflict>,
    /// How to print [default: table on a terminal, else json]
    #[arg(long, value_enum, global = true, overrides_with = "output")]
    pub(crate) output: Option<Output>,
    /// Log on stderr: -v debug, -vv trace; or RUST_LOG
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
    /// A list's items, one a row
    Csv,
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
