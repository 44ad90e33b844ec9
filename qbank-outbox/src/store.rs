//! What every store does, and how it fails.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::webhook::Event;
use qbank_proto::{BoxError, Error, Fate, PaymentId};
use serde::Serialize;

use crate::audit::Evidence;
use crate::intent::{Intent, Record};
use crate::operator::{Command, Refused};
use crate::row::{Lane, Row, RowId, State};
use crate::status::Status;
use crate::turn::{Turn, Turned};

/// A store that blocks the calling thread.
pub trait Store {
    /// Does a turn, in one transaction.
    fn turn(&mut self, turn: &Turn) -> Result<Turned, StoreError>;

    /// Enqueues all of these, or none.
    fn enqueue(&mut self, intents: &[Intent]) -> Result<Vec<Enqueued>, StoreError>;

    /// Hands over each row, or each in this state, in the order they were enqueued.
    fn list(
        &mut self,
        state: Option<State>,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError>;

    /// All that the tables say of an intent.
    fn evidence(&mut self, id: RowId) -> Result<Option<Evidence>, StoreError>;

    /// The rows after this one, at most so many, in order.
    fn ids_after(&mut self, after: RowId, limit: u32) -> Result<Vec<RowId>, StoreError>;

    /// Writes down what a verified webhook says of a payment: its row is settled, or failed.
    /// Nothing, where no row has this payment.
    fn apply_webhook(&mut self, event: &Event) -> Result<Option<Listed>, StoreError>;

    /// What it has in it, in numbers. It reads all of `outbox`.
    fn status(&mut self) -> Result<Status, StoreError>;

    /// After a backup was restored: what is open, or held, may have been sent since, and is to be
    /// reconciled. Gives how many.
    fn after_restore(&mut self, actor: &str) -> Result<usize, StoreError>;

    /// Replaces the bodies of intents that are final, and were enqueued before a moment, by
    /// their digest: account numbers lie there. Gives how many.
    fn prune(&mut self, before: DateTime<Utc>, actor: &str) -> Result<usize, StoreError>;

    /// Does what an operator wants with a row, and gives where it stands then.
    fn command(&mut self, id: RowId, command: &Command) -> Result<Listed, StoreError>;

    /// Stops all workers of this store.
    fn pause(&mut self, reason: &str) -> Result<(), StoreError>;

    /// Lets them go on, and forgets what paused any lane.
    fn resume(&mut self) -> Result<(), StoreError>;

    /// The lanes that are paused, and for how long they have been.
    fn lanes(&mut self) -> Result<Vec<(Lane, Duration)>, StoreError>;
}

impl<S: Store + ?Sized> Store for Box<S> {
    fn turn(&mut self, turn: &Turn) -> Result<Turned, StoreError> {
        (**self).turn(turn)
    }

    fn enqueue(&mut self, intents: &[Intent]) -> Result<Vec<Enqueued>, StoreError> {
        (**self).enqueue(intents)
    }

    fn list(
        &mut self,
        state: Option<State>,
        each: &mut dyn FnMut(Listed) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        (**self).list(state, each)
    }

    fn evidence(&mut self, id: RowId) -> Result<Option<Evidence>, StoreError> {
        (**self).evidence(id)
    }

    fn ids_after(&mut self, after: RowId, limit: u32) -> Result<Vec<RowId>, StoreError> {
        (**self).ids_after(after, limit)
    }

    fn apply_webhook(&mut self, event: &Event) -> Result<Option<Listed>, StoreError> {
        (**self).apply_webhook(event)
    }

    fn status(&mut self) -> Result<Status, StoreError> {
        (**self).status()
    }

    fn after_restore(&mut self, actor: &str) -> Result<usize, StoreError> {
        (**self).after_restore(actor)
    }

    fn prune(&mut self, before: DateTime<Utc>, actor: &str) -> Result<usize, StoreError> {
        (**self).prune(before, actor)
    }

    fn command(&mut self, id: RowId, command: &Command) -> Result<Listed, StoreError> {
        (**self).command(id, command)
    }

    fn pause(&mut self, reason: &str) -> Result<(), StoreError> {
        (**self).pause(reason)
    }

    fn resume(&mut self) -> Result<(), StoreError> {
        (**self).resume()
    }

    fn lanes(&mut self) -> Result<Vec<(Lane, Duration)>, StoreError> {
        (**self).lanes()
    }
}

/// What became of an intent that was enqueued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Enqueued {
    /// In the application.
    pub id: String,
    /// Its row.
    pub outbox_id: RowId,
    /// The key that it is sent with, whatever happens.
    pub idempotency_key: String,
    /// Where it stands.
    pub state: State,
    /// Whether it was not there before.
    pub new: bool,
}

/// A row, as it is shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Listed {
    /// Its row.
    pub outbox_id: RowId,
    /// In the application.
    pub id: String,
    /// Where it stands.
    pub state: State,
    /// What became of the money.
    pub fate: Fate,
    /// The key that it is sent with.
    pub idempotency_key: String,
    /// The payment, once it is known.
    pub payment_id: Option<PaymentId>,
    /// How often a worker took it.
    pub claims: u32,
    /// How often it was about to be sent.
    pub sends: u32,
    /// Why it was no success, last.
    pub last_error: Option<String>,
    /// When it may first have reached the bank.
    pub first_sent_at: Option<DateTime<Utc>>,
}

impl Listed {
    pub(crate) fn of(row: &Row, intent: &Record) -> Self {
        Self {
            outbox_id: row.id,
            id: intent.intent_id.clone(),
            state: row.state,
            fate: row.fate,
            idempotency_key: intent.idempotency_key.clone(),
            payment_id: row.payment_id,
            claims: row.claims,
            sends: row.sends,
            last_error: row.last_error.clone(),
            first_sent_at: row.first_sent_at,
        }
    }
}

impl Enqueued {
    pub(crate) fn of(row: &Row, intent: &Record, new: bool) -> Self {
        Self {
            id: intent.intent_id.clone(),
            outbox_id: row.id,
            idempotency_key: intent.idempotency_key.clone(),
            state: row.state,
            new,
        }
    }
}

/// Why a store did not do what it was to.
#[derive(Debug)]
#[non_exhaustive]
pub enum StoreError {
    /// It cannot be reached now, or is busy: the same may be tried again.
    Unavailable(BoxError),
    /// It is no outbox, or one of another version: what it is, and what to do.
    NotAStore(String),
    /// The intent is not one that the bank would take.
    Input(Error),
    /// There is another intent of this id, with another request.
    IntentConflict {
        /// The id, in the application.
        id: String,
        /// The row that has it.
        outbox_id: RowId,
    },
    /// There is no such row.
    NoSuchRow(RowId),
    /// The row is not in a state for this command, or not by this actor.
    Refused(Refused),
    /// Something else, which trying again does not change.
    Other(BoxError),
}

impl StoreError {
    /// Whether the same may succeed a little later.
    pub const fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unavailable(source) => write!(f, "the store cannot be used now: {source}"),
            Self::NotAStore(why) => f.write_str(why),
            Self::Input(error) => write!(f, "{error}"),
            Self::IntentConflict { id, outbox_id } => write!(
                f,
                "IntentConflict: {id} was enqueued before with another request, as row {outbox_id}; nothing was added"
            ),
            Self::NoSuchRow(id) => write!(f, "there is no row {id}"),
            Self::Refused(refused) => write!(f, "{refused}"),
            Self::Other(source) => write!(f, "the store failed: {source}"),
        }
    }
}

impl std::error::Error for StoreError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Unavailable(source) | Self::Other(source) => Some(&**source),
            Self::Input(error) => Some(error),
            _ => None,
        }
    }
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Input(error)
    }
}
