//! The options that every write takes.

use clap::Args;
use qbank_proto::chrono::{DateTime, Utc};
use qbank_proto::{AuthDate, IdempotencyKey};

use super::values;

#[derive(Debug, Args)]
pub(crate) struct Write {
    /// The key of this intent; made and printed if not given
    #[arg(long, value_name = "UUID")]
    pub(crate) idempotency_key: Option<IdempotencyKey>,
    /// Continue an intent that was perhaps sent before
    #[arg(long, requires = "idempotency_key")]
    pub(crate) resume: bool,
    /// When it was first sent [default: now]
    #[arg(long, value_name = "RFC3339", requires = "resume", value_parser = values::moment)]
    pub(crate) first_sent: Option<DateTime<Utc>>,
    /// When the end user last authenticated
    #[arg(long, value_name = "HTTP-DATE")]
    pub(crate) auth_date: Option<AuthDate>,
}
