//! What shall happen once at the bank, as an application enqueues it.

mod line;
mod members;
mod request;

use std::fmt;

use chrono::{DateTime, Datelike as _, Utc};
use qbank_proto::endpoint::{Payment, PaymentType};
use qbank_proto::{Error, IdempotencyKey};

pub use request::{Kind, Request, UnknownKind};

use crate::digest::digest;
use members::Members;

/// One payment, transfer or check to enqueue.
///
/// ```
/// use qbank_outbox::Intent;
/// use qbank_proto::endpoint::CreateAch;
/// use qbank_proto::AccountId;
///
/// let from: AccountId = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10".parse()?;
/// let to: AccountId = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021".parse()?;
/// let payment = CreateAch::new(from, to, "1000.50".parse()?);
/// let intent = Intent::new(payment).id("INV-7").actor("ap.clerk");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
#[must_use]
pub struct Intent {
    request: Request,
    id: Option<String>,
    namespace: String,
    actor: String,
    not_before: Option<DateTime<Utc>>,
    hold: bool,
    run_id: Option<String>,
    replaces: Option<String>,
}

impl Intent {
    /// An intent of any of the four requests. Without an id of its own it gets its key.
    pub fn new(request: impl Into<Request>) -> Self {
        Self {
            request: request.into(),
            id: None,
            namespace: String::new(),
            actor: "application".to_owned(),
            not_before: None,
            hold: false,
            run_id: None,
            replaces: None,
        }
    }

    /// Names it in the application: enqueued twice with the same request, it is one intent;
    /// with another request it is refused.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// Whose ids these are, where several applications share a store.
    pub fn namespace(mut self, namespace: impl Into<String>) -> Self {
        self.namespace = namespace.into();
        self
    }

    /// Who wants it: the maker, in the audit.
    pub fn actor(mut self, actor: impl Into<String>) -> Self {
        self.actor = actor.into();
        self
    }

    /// Sends nothing before this moment.
    pub const fn not_before(mut self, moment: DateTime<Utc>) -> Self {
        self.not_before = Some(moment);
        self
    }

    /// Sends nothing until somebody else approves it.
    pub const fn hold(mut self) -> Self {
        self.hold = true;
        self
    }

    /// The payment run that it is part of.
    pub fn run_id(mut self, run: impl Into<String>) -> Self {
        self.run_id = Some(run.into());
        self
    }

    /// Names the intent of the same namespace that this one is sent instead of: one that was
    /// refused, failed or was cancelled, and that nothing else has replaced. With a key of its
    /// own; the old one is never sent again.
    pub fn replaces(mut self, id: impl Into<String>) -> Self {
        self.replaces = Some(id.into());
        self
    }

    /// Reads a line of JSON: `{"id", "type", "request", "actor", "not_before"?, "hold"?,
    /// "namespace"?, "run_id"?, "replaces"?}`, where
    /// `request` is the bank's own request body. An error names the member and repeats no value.
    pub fn from_json(json: &str) -> Result<Self, Error> {
        line::read(json)
    }

    /// What is written down of it. Everything that the bank would refuse for its form is refused
    /// here. The key is used if the intent is new.
    pub fn record(&self, key: IdempotencyKey) -> Result<Record, Error> {
        let body = self.request.body()?;
        for (name, text) in [("actor", &self.actor), ("namespace", &self.namespace)] {
            short(name, text)?;
        }
        if self.actor.trim().is_empty() {
            return Err(Error::invalid_input("actor", "must not be empty"));
        }
        let intent_id = self.id.clone().unwrap_or_else(|| key.to_string());
        short("id", &intent_id)?;
        if intent_id.is_empty() {
            return Err(Error::invalid_input("id", "must not be empty"));
        }
        let years = 1970..=9998;
        if self.not_before.is_some_and(|moment| !years.contains(&moment.year())) {
            return Err(Error::invalid_input("not_before", "must be from 1970 to 9998"));
        }
        for (name, text) in [("run_id", &self.run_id), ("replaces", &self.replaces)] {
            text.as_deref().map_or(Ok(()), |text| short(name, text))?;
        }
        if self.replaces.as_ref() == Some(&intent_id) {
            return Err(Error::invalid_input("replaces", "must name another intent"));
        }
        Ok(Record {
            namespace: self.namespace.clone(),
            intent_id,
            kind: self.request.kind(),
            source_account: self.request.source_account().to_string(),
            amount_cents: self.request.amount().cents(),
            payee_hash: digest(self.request.payee().as_bytes()),
            idempotency_key: key.to_string(),
            body_sha256: digest(&body),
            body: body.to_vec(),
            actor: self.actor.clone(),
            not_before: self.not_before,
            effective_date: self.request.effective_date().map(|day| day.to_string()),
            run_id: self.run_id.clone(),
            replaces: self.replaces.clone(),
            hold: self.hold,
        })
    }
}

/// What a store keeps in an index, and shows in tables.
fn short(name: &str, text: &str) -> Result<(), Error> {
    if text.len() > 200 {
        return Err(Error::invalid_input(name, "must have at most 200 bytes"));
    }
    if text.chars().any(char::is_control) {
        return Err(Error::invalid_input(name, "must not have control characters"));
    }
    Ok(())
}

/// The row of an intent, as every store has it. Its key and its bytes never change.
#[derive(Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of `intent`, see the migrations")]
pub struct Record {
    pub namespace: String,
    pub intent_id: String,
    pub kind: Kind,
    pub source_account: String,
    pub amount_cents: i64,
    pub payee_hash: String,
    pub idempotency_key: String,
    pub body: Vec<u8>,
    pub body_sha256: String,
    pub actor: String,
    pub not_before: Option<DateTime<Utc>>,
    pub effective_date: Option<String>,
    pub run_id: Option<String>,
    pub replaces: Option<String>,
    /// Not a column of `intent`: the first state of its row in `outbox`.
    pub hold: bool,
}

impl Record {
    /// Whether a payment is of the amount and the type that were asked for, as far as it says.
    pub(crate) fn is(&self, payment: &Payment) -> bool {
        let of_type = match &payment.payment_type {
            Some(PaymentType::Ach) => self.kind == Kind::Ach,
            Some(PaymentType::Wire) => self.kind == Kind::Wire,
            _ => true,
        };
        of_type && payment.amount.is_none_or(|amount| amount.cents() == self.amount_cents)
    }

    /// Where the payments of one account and kind wait together.
    pub fn lane(&self) -> String {
        format!("{}/{}", self.source_account, self.kind)
    }
}

/// Without the body, which may have an account number.
impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Record")
            .field("intent_id", &self.intent_id)
            .field("kind", &self.kind)
            .field("idempotency_key", &self.idempotency_key)
            .finish_non_exhaustive()
    }
}
