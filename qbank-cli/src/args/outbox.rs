//! The command line of `outbox`.

use std::path::PathBuf;
use std::time::Duration;

use clap::{ArgGroup, Args, Subcommand};
use qbank_outbox::State;
use qbank_proto::chrono::NaiveDate;

use super::values;

#[derive(Debug, Args)]
pub(crate) struct Outbox {
    /// Where the payments are written down: sqlite:FILE or postgres://…, or QBANK_STORE; a
    /// password only in QBANK_STORE or PGPASSFILE
    #[arg(long, value_name = "URL", global = true)]
    pub(crate) store: Option<String>,
    #[command(subcommand)]
    pub(crate) command: OutboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Make the tables where there are none
    Migrate {
        /// Print the SQL instead, for who makes changes of schemas in another way
        #[arg(long)]
        print: bool,
    },
    /// Enqueue intents, one JSON object a line: all of them, or none
    Add {
        /// The file, or - for standard input
        #[arg(value_name = "FILE|-", default_value = "-")]
        file: PathBuf,
    },
    /// Send what is due, until a signal
    Work(Work),
    /// The intents, in the order they were enqueued
    List {
        /// Only those in this state
        #[arg(long)]
        state: Option<State>,
    },
    /// How many intents are in each state, what is longest due and longest in doubt, and which
    /// lanes are paused
    Status,
    /// All that is known of an intent: its attempts, and its audit
    Show {
        /// Its outbox_id
        id: i64,
    },
    /// Stop all workers of the store; they end no call that is under way
    Pause {
        /// Why
        #[arg(long, default_value = "paused by an operator")]
        reason: String,
    },
    /// Let the workers go on, and try each paused lane at once
    Continue,
    /// Send a queued intent only after an approval
    Hold(Decision),
    /// Let a held intent be sent; not by who enqueued it
    Approve(Decision),
    /// Call off an intent of which nothing was sent
    Cancel {
        /// Its outbox_id
        id: i64,
        /// Who does it [default: who runs this program]
        #[arg(long)]
        actor: Option<String>,
    },
    /// Say what became of an intent that is to be reconciled
    Decide(Decide),
    /// The intents of which only a person can say what became of them
    Reconcile,
    /// Replace the bodies of final intents by their digest: account numbers lie there
    Prune {
        /// Those enqueued before this day
        #[arg(long, value_name = "DATE", value_parser = values::date)]
        before: NaiveDate,
        /// Who does it [default: who runs this program]
        #[arg(long)]
        actor: Option<String>,
    },
    /// Hold each intent against its chain of what happened; exit code 3 if one is broken
    VerifyAudit,
    /// After a backup was restored: what may have been sent since is to be reconciled
    AfterRestore {
        /// Who does it [default: who runs this program]
        #[arg(long)]
        actor: Option<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct Work {
    /// How many calls at once
    #[arg(long, value_name = "N", default_value_t = 8, value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) concurrency: u16,
    /// End when nothing is queued, being sent or waiting to be sent again
    #[arg(long)]
    pub(crate) until_empty: bool,
    /// With --until-empty: for how long a lane may be paused [default: 600]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub(crate) lane_patience: Option<Duration>,
    /// How long what is under way may take after a signal [default: 30]
    #[arg(long, value_name = "SECONDS", value_parser = values::seconds)]
    pub(crate) grace: Option<Duration>,
}

#[derive(Debug, Args)]
pub(crate) struct Decision {
    /// Its outbox_id
    pub(crate) id: i64,
    /// Who does it
    #[arg(long)]
    pub(crate) actor: String,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("what").required(true))]
pub(crate) struct Decide {
    /// Its outbox_id
    pub(crate) id: i64,
    /// The bank has it
    #[arg(long, group = "what")]
    pub(crate) accepted: bool,
    /// The bank does not have it
    #[arg(long, group = "what")]
    pub(crate) refused: bool,
    /// How that is known
    #[arg(long)]
    pub(crate) reason: String,
    /// Who does it
    #[arg(long)]
    pub(crate) actor: String,
}
