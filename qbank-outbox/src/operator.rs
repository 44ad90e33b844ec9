//! What an operator does with a row. Each is audited, with who did it.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::Fate;
use serde_json::json;
use uuid::Uuid;

use crate::audit::{self, Event};
use crate::intent::Record;
use crate::row::{Row, State};
use crate::turn::{Changes, after};

/// The event of [`Command::HandOut`].
pub(crate) const HANDED_OUT: &str = "handed_out";

/// What an operator does with a row.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Command {
    /// Sends it only after somebody's approval.
    Hold {
        /// Who does it.
        actor: String,
    },
    /// Lets a held row be sent. Not by who enqueued it.
    Approve {
        /// Who does it.
        actor: String,
    },
    /// Calls off what was not sent.
    Cancel {
        /// Who does it.
        actor: String,
    },
    /// Says what became of a row that is to be reconciled.
    Decide {
        /// Whether the bank has it.
        accepted: bool,
        /// How that is known.
        reason: String,
        /// Who does it.
        actor: String,
    },
    /// Of a worker that is known to be gone: its row is due at once. Where it may live, its lease
    /// is waited for instead.
    TakeOver {
        /// Who does it.
        actor: String,
    },
    /// Begins to send a row again that waits for that, outside of a worker's turns: it is written
    /// down before the first byte. See [`Job::resend`](crate::Job::resend).
    Resend {
        /// Who does it.
        actor: String,
        /// Names this send.
        token: Uuid,
        /// For how long it holds: longer than the call can last.
        lease: Duration,
        /// Nothing is sent that could end later than this after its first send.
        max_key_age: Duration,
    },
    /// Notes that a payment which moved no money was written to a file, to be corrected and paid as
    /// another intent.
    HandOut {
        /// Who does it.
        actor: String,
        /// The file.
        file: String,
    },
    /// After a backup was restored: whatever is open may have been sent since.
    AfterRestore {
        /// Who does it.
        actor: String,
    },
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused(String);

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refused {}

impl Command {
    fn actor(&self) -> &str {
        match self {
            Self::Hold { actor }
            | Self::Approve { actor }
            | Self::Cancel { actor }
            | Self::Decide { actor, .. }
            | Self::TakeOver { actor }
            | Self::Resend { actor, .. }
            | Self::HandOut { actor, .. }
            | Self::AfterRestore { actor } => actor,
        }
    }

    /// Carries it out on each of these rows, or on none.
    pub(crate) fn apply_to_all(
        &self,
        rows: Vec<(Row, Record)>,
        now: DateTime<Utc>,
    ) -> Result<Changes, Refused> {
        let mut all = Changes::default();
        for (row, intent) in rows {
            let (_, changes) = self.apply(row, &intent, now)?;
            all.rows.extend(changes.rows);
            all.audit.extend(changes.audit);
        }
        Ok(all)
    }

    /// Carries it out on a locked row.
    pub fn apply(
        &self,
        mut row: Row,
        intent: &Record,
        now: DateTime<Utc>,
    ) -> Result<(Row, Changes), Refused> {
        let mut changes = Changes::default();
        if self.actor().trim().is_empty() {
            return Err(Refused("actor must not be empty".to_owned()));
        }
        if row.chain == 0 {
            changes.audit.push(audit::enqueued(&mut row, intent, now));
        }
        let from = row.state;
        let (to, name, detail) = self.moves(&row, intent, now)?;
        row.next_at =
            (to == State::Queued).then(|| intent.not_before.map_or(now, |it| it.max(now)));
        row.let_go();
        row.state = to;
        if let Self::Decide { accepted, reason, .. } = self {
            row.fate = if *accepted { Fate::Accepted } else { Fate::Refused };
            row.last_error = Some(format!("decided by {}: {reason}", self.actor()));
            if *accepted && row.is_payment() && row.payment_id.is_some() {
                row.next_at = Some(now);
            }
        }
        if let Self::Resend { actor, token, lease, .. } = self {
            let until = after(now, *lease);
            row.sends += 1;
            row.lease_token = Some(*token);
            row.lease_until = Some(until);
            row.next_at = Some(until);
            row.worker = Some(actor.clone());
        }
        if to == State::Resend {
            row.fate = row.fate.max(Fate::Unknown);
            row.next_at = Some(now);
        }
        if matches!(self, Self::AfterRestore { .. }) {
            row.fate = row.fate.max(Fate::Unknown);
            row.first_sent_at.get_or_insert(now);
        }
        if matches!(self, Self::Approve { .. }) {
            row.lost = 0;
            row.last_error = None;
        }
        let event = Event {
            name,
            actor: self.actor(),
            request_id: &intent.idempotency_key,
            from: Some(from),
            detail,
        };
        changes.audit.push(audit::append(&mut row, now, event));
        changes.rows.push(row.clone());
        Ok((row, changes))
    }

    fn moves(
        &self,
        row: &Row,
        intent: &Record,
        now: DateTime<Utc>,
    ) -> Result<(State, &'static str, serde_json::Value), Refused> {
        let nothing = json!({});
        let state = row.state;
        let refused = |what: &str, why: &str| {
            Err(Refused(format!("row {} is {state}: {what}. {why}", row.id)))
        };
        match self {
            Self::Hold { .. } if state == State::Queued => Ok((State::Held, "held", nothing)),
            Self::Hold { .. } => refused("only a queued one can be held", "Nothing was changed"),
            Self::Approve { actor } if *actor == intent.actor => Err(Refused(format!(
                "row {}: {actor} enqueued it, and somebody else has to approve it",
                row.id
            ))),
            Self::Approve { .. } if state == State::Held => {
                Ok((State::Queued, "approved", nothing))
            }
            Self::Approve { .. } => {
                refused("only a held one can be approved", "Nothing was changed")
            }
            Self::Cancel { .. } if matches!(state, State::Queued | State::Held) => {
                Ok((State::Cancelled, "cancelled", nothing))
            }
            Self::Cancel { .. } => refused(
                "only what was not sent can be cancelled",
                "It is not known to be unsent, and nothing was changed",
            ),
            Self::Decide { reason, .. } if reason.trim().is_empty() => {
                Err(Refused("reason must not be empty".to_owned()))
            }
            Self::Decide { accepted, reason, .. } if state == State::Reconcile => {
                let to = if *accepted { State::Accepted } else { State::Refused };
                Ok((to, "decided", json!({ "reason": reason })))
            }
            Self::Decide { .. } => {
                refused("only one that is to be reconciled can be decided", "Nothing was changed")
            }
            Self::Resend { lease, max_key_age, .. } if state == State::Resend => {
                let age = row.first_sent_at.and_then(|first| (now - first).to_std().ok());
                match age {
                    Some(age) if row.sends > 0 && age + *lease <= *max_key_age => {
                        Ok((State::Sending, "sending", json!({ "n": row.sends + 1 })))
                    }
                    _ => refused("the bank may have forgotten its key", "Nothing was sent"),
                }
            }
            Self::Resend { .. } => {
                refused("only what waits to be sent again is", "Nothing was sent")
            }
            Self::TakeOver { .. } if state == State::Sending => {
                Ok((State::Resend, "taken_over", json!({ "worker": row.worker })))
            }
            Self::TakeOver { .. } if state == State::Claimed => {
                let back = if row.fate < Fate::Unknown { State::Queued } else { State::Resend };
                Ok((back, "taken_over", json!({ "worker": row.worker })))
            }
            Self::TakeOver { .. } => refused("no worker has it", "Nothing was changed"),
            Self::HandOut { file, .. } if matches!(state, State::Refused | State::Failed) => {
                Ok((state, HANDED_OUT, json!({ "file": file })))
            }
            Self::HandOut { .. } => {
                refused("only what moved no money can be corrected", "Nothing was changed")
            }
            Self::AfterRestore { .. } if state.is_open() || state == State::Held => {
                Ok((State::Reconcile, "restored", nothing))
            }
            Self::AfterRestore { .. } => refused("it is final or decided", "Nothing was changed"),
        }
    }
}
