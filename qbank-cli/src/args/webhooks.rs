//! The command line of `webhooks`.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use qbank_proto::absolute_url;
use qbank_proto::http::Uri;
use qbank_proto::{Amount, PaymentId};
use qbank_sandbox::loopback_address;

use super::values;

#[derive(Debug, Subcommand)]
pub(crate) enum WebhooksCommand {
    /// Check a delivery's signature; secrets come from QBANK_WEBHOOK_SECRET,
    /// one a line
    Verify(Verify),
    /// Receive deliveries: verify each, respond 200 or 400, print a JSON line; secrets
    /// come from QBANK_WEBHOOK_SECRET, one a line
    Listen(Listen),
    /// Have the sandbox deliver an event about a payment, or about a made-up one
    Trigger(Trigger),
    /// Have the sandbox deliver the event about a final payment again
    Resend(Resend),
}

#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// Where to listen; port 0 takes a free one, which is named on stderr
    #[arg(long, value_name = "HOST:PORT", value_parser = values::address)]
    pub(crate) addr: SocketAddr,
    /// Pass what is genuine on to this URL, on loopback; if that
    /// responds anything but 200, the bank gets 502 and tries again
    #[arg(long, value_name = "URL", value_parser = loopback_url)]
    pub(crate) forward_to: Option<Uri>,
    /// Write down in this store, such as sqlite:FILE, what is genuine about its payments; if
    /// that fails, the bank gets 503 and tries again
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// How deliveries are signed
    #[arg(long, value_enum, default_value = "hmac")]
    pub(crate) scheme: Scheme,
}

#[derive(Debug, Args)]
pub(crate) struct Trigger {
    /// The payment of the event; without it one is made up
    #[arg(long, value_name = "ID")]
    pub(crate) payment: Option<PaymentId>,
    /// As if it were in this state, such as P_FAILED [default: its own, or P_COMPLETED]
    #[arg(long, value_name = "STATE")]
    pub(crate) status: Option<String>,
    /// What was made up: ACH or WIRE
    #[arg(long = "type", value_name = "TYPE", conflicts_with = "payment")]
    pub(crate) rail: Option<String>,
    /// Its dollars
    #[arg(long, value_name = "DOLLARS", conflicts_with = "payment", allow_hyphen_values = true)]
    pub(crate) amount: Option<Amount>,
    /// Register this receiver first, on loopback, under the first secret in
    /// QBANK_WEBHOOK_SECRET or else the sandbox's own
    #[arg(long, value_name = "URL", value_parser = loopback_url)]
    pub(crate) receiver: Option<Uri>,
    /// How often to deliver it: the same event, so many attempts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) times: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Resend {
    /// The payment's id
    pub(crate) payment: PaymentId,
    /// How often to deliver it: the same event, so many attempts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) times: u64,
}

#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The Webhook-Signature header
    #[arg(long, value_name = "SIGNATURE", allow_hyphen_values = true)]
    pub(crate) signature: String,
    /// The Webhook-Event-ID header
    #[arg(long, value_name = "ID")]
    pub(crate) event_id: Option<String>,
    /// How the delivery is signed
    #[arg(long, value_enum, default_value = "hmac")]
    pub(crate) scheme: Scheme,
    /// The Webhook-Timestamp header, of the standard scheme
    #[arg(long, value_name = "SECONDS")]
    pub(crate) timestamp: Option<String>,
    /// The raw body; - is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    pub(crate) body: PathBuf,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Scheme {
    /// HMAC-SHA256 over the raw body
    Hmac,
    /// Standard Webhooks: over id, timestamp and body
    Standard,
}

fn loopback_url(text: &str) -> Result<Uri, String> {
    let uri = absolute_url("the URL", text).map_err(|error| error.to_string())?;
    match loopback_address(&uri) {
        Some(_) => Ok(uri),
        None => Err("must be an http URL of a loopback address".to_owned()),
    }
}
