//! The command line of `reconcile`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Reconcile {
    /// The journal of a run
    #[arg(long, value_name = "FILE", conflicts_with = "store")]
    pub(crate) journal: Option<PathBuf>,
    /// An outbox: sqlite:FILE or postgres://…; or QBANK_STORE
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Write down what the bank itself has said: the answer to a resend, the state of a payment
    #[arg(long)]
    pub(crate) apply: bool,
}
