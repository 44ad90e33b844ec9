//! The command line of `sandbox`.

use std::net::SocketAddr;
use std::time::Duration;

use clap::Args;
use qbank_proto::Amount;
use qbank_sandbox::Origin;

use super::values;

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:8467", value_parser = values::address)]
    pub(crate) addr: SocketAddr,
    /// What ids and tokens are drawn from
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How long an idempotency key is remembered [default: 30 days]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub(crate) key_lifetime: Option<Duration>,
    /// Dollars to add to the first account, Operating, so that large files can be paid
    #[arg(long, value_name = "DOLLARS", allow_hyphen_values = true)]
    pub(crate) fund: Option<Amount>,
    /// Leave the payer's reference out of the descriptions of transactions: those of one kind of
    /// payment are then all alike
    #[arg(long)]
    pub(crate) constant_descriptions: bool,
    /// Allow an address that other machines can reach, and any Host on the control surface
    #[arg(long)]
    pub(crate) allow_remote: bool,
    /// Let the pages of this origin, such as http://localhost:3000, use the control
    /// surface; repeatable. The API is open to pages of any origin
    #[arg(long = "allow-origin", value_name = "ORIGIN")]
    pub(crate) allow_origins: Vec<Origin>,
}
