//! A row of `outbox`: where an intent stands.

use std::fmt;
use std::str::FromStr;

use chrono::{DateTime, Utc};
use qbank_proto::{Fate, PaymentId};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::intent::Kind;

/// Identifies a row: the same number in `intent`, `outbox`, `attempt` and `audit`.
pub type RowId = i64;

/// Where an intent stands.
///
/// ```text
/// held → queued → claimed → sending → accepted → settled | failed
///                    │         ├→ refused
///                    │         ├→ resend (same key, backoff) → claimed
///                    │         └→ reconcile → accepted | refused (an operator decides)
///                    └→ queued (nothing was sent)          queued, held → cancelled
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum State {
    /// Waits for somebody's approval.
    Held,
    /// Is due at `next_at`. Nothing was sent.
    Queued,
    /// A worker has it, and has sent nothing.
    Claimed,
    /// A worker may be sending it.
    Sending,
    /// May have reached the bank: sent again with the same key, at `next_at`.
    Resend,
    /// May have reached the bank, and only a person can say whether it did.
    Reconcile,
    /// The bank has it. A payment is polled until it is settled or failed.
    Accepted,
    /// The bank carried it out.
    Settled,
    /// The bank accepted it, and it failed there: no money moved.
    Failed,
    /// The bank refused it: no money moved.
    Refused,
    /// Was called off before anything was sent.
    Cancelled,
}

impl State {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Held,
        Self::Queued,
        Self::Claimed,
        Self::Sending,
        Self::Resend,
        Self::Reconcile,
        Self::Accepted,
        Self::Settled,
        Self::Failed,
        Self::Refused,
        Self::Cancelled,
    ];

    /// Its name in the tables and in every output.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Held => "held",
            Self::Queued => "queued",
            Self::Claimed => "claimed",
            Self::Sending => "sending",
            Self::Resend => "resend",
            Self::Reconcile => "reconcile",
            Self::Accepted => "accepted",
            Self::Settled => "settled",
            Self::Failed => "failed",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether workers will send it, or are sending it.
    pub const fn is_open(self) -> bool {
        matches!(self, Self::Queued | Self::Claimed | Self::Sending | Self::Resend)
    }
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for State {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        Self::ALL.into_iter().find(|state| state.as_str() == text).ok_or(UnknownState)
    }
}

/// A state that there is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnknownState;

impl fmt::Display for UnknownState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("must be held, queued, claimed, sending, resend, reconcile, accepted, settled, failed, refused or cancelled")
    }
}

impl std::error::Error for UnknownState {}

/// A row of `outbox`, locked by who reads it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of `outbox`, see the migrations")]
pub struct Row {
    pub id: RowId,
    pub state: State,
    pub fate: Fate,
    pub lane: String,
    pub first_sent_at: Option<DateTime<Utc>>,
    pub next_at: Option<DateTime<Utc>>,
    pub lease_token: Option<Uuid>,
    pub lease_until: Option<DateTime<Utc>>,
    pub worker: Option<String>,
    pub claims: u32,
    pub sends: u32,
    pub lost: u32,
    pub payment_id: Option<PaymentId>,
    pub payment_status: Option<String>,
    pub bank_request_id: Option<String>,
    pub last_error: Option<String>,
    pub chain: u32,
    pub chain_hash: String,
}

impl Row {
    /// A row as a trigger makes it for a new intent.
    pub fn new(id: RowId, lane: String, due: DateTime<Utc>) -> Self {
        Self {
            id,
            state: State::Queued,
            fate: Fate::NeverSent,
            lane,
            first_sent_at: None,
            next_at: Some(due),
            lease_token: None,
            lease_until: None,
            worker: None,
            claims: 0,
            sends: 0,
            lost: 0,
            payment_id: None,
            payment_status: None,
            bank_request_id: None,
            last_error: None,
            chain: 0,
            chain_hash: String::new(),
        }
    }

    /// Whether the bank has a payment of it that can be fetched: its lane names its kind.
    pub(crate) fn is_payment(&self) -> bool {
        let kind = self.lane.rsplit('/').next().unwrap_or_default();
        kind.parse().is_ok_and(Kind::is_payment)
    }

    /// Nobody has it any more.
    pub(crate) fn let_go(&mut self) {
        self.lease_token = None;
        self.lease_until = None;
        self.worker = None;
    }

    /// Whether somebody has it, by the database's clock.
    pub(crate) fn is_leased(&self, now: DateTime<Utc>) -> bool {
        self.lease_token.is_some() && self.lease_until.is_some_and(|until| now < until)
    }
}

/// A row of `lane`: what waits together.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of `lane`, see the migrations")]
pub struct Lane {
    pub id: String,
    pub paused_at: DateTime<Utc>,
    pub reason: String,
    /// When one row is tried. Not there: until somebody continues it.
    pub retry_at: Option<DateTime<Utc>>,
    pub probes: u32,
}

impl Lane {
    /// All that is sent with one client's credentials: everything in a store.
    pub const CREDENTIAL: &'static str = "credential";
    /// What an operator paused: everything in a store.
    pub const ALL: &'static str = "all";
}

/// A row of `attempt`: one send that has ended, or was given up.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of `attempt`, see the migrations")]
pub struct AttemptRow {
    pub outbox_id: RowId,
    pub lease_token: Uuid,
    pub n: u32,
    pub started_at: DateTime<Utc>,
    pub ended_at: DateTime<Utc>,
    pub http_status: Option<u16>,
    pub fault: Option<String>,
    pub fate: Fate,
}
