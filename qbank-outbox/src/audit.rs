//! The audit: for each intent a chain of what happened to it, each link with the digest of the
//! one before it, so that a changed byte is found and a missing one as well.

use chrono::{DateTime, SecondsFormat, Utc};
use qbank_proto::Fate;
use serde_json::{Value, json};

use crate::digest::{digest, digest_of};
use crate::intent::Record;
use crate::row::{AttemptRow, Row, RowId, State};

/// A row of `audit`.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the columns of `audit`, see the migrations")]
pub struct Link {
    pub outbox_id: RowId,
    pub n: u32,
    pub timestamp: DateTime<Utc>,
    pub actor: String,
    /// The bank's, where its response had one; else of the operation that caused it.
    pub request_id: String,
    pub event: String,
    pub from: Option<State>,
    pub to: State,
    /// JSON: what is known beside it.
    pub detail: String,
    pub prev_hash: String,
    pub hash: String,
}

impl Link {
    /// The digest that it ought to have. Of all its columns, and so of all before it.
    pub fn expected_hash(&self) -> String {
        let content = json!([
            self.outbox_id,
            self.n,
            moment(self.timestamp),
            self.actor,
            self.request_id,
            self.event,
            self.from.map(State::as_str),
            self.to.as_str(),
            self.detail,
        ]);
        digest_of(&[self.prev_hash.as_bytes(), content.to_string().as_bytes()])
    }
}

/// What happened, by whom and because of what.
pub(crate) struct Event<'a> {
    pub(crate) name: &'a str,
    pub(crate) actor: &'a str,
    pub(crate) request_id: &'a str,
    pub(crate) from: Option<State>,
    pub(crate) detail: Value,
}

/// Appends a link to the chain of a row, which has its new state already.
pub(crate) fn append(row: &mut Row, now: DateTime<Utc>, event: Event<'_>) -> Link {
    // What of its row matters for the money: it is held against the row.
    let mut detail = event.detail;
    detail["row"] = row_detail(row);
    let mut link = Link {
        outbox_id: row.id,
        n: row.chain + 1,
        timestamp: now,
        actor: event.actor.to_owned(),
        request_id: event.request_id.to_owned(),
        event: event.name.to_owned(),
        from: event.from,
        to: row.state,
        detail: detail.to_string(),
        prev_hash: row.chain_hash.clone(),
        hash: String::new(),
    };
    link.hash = link.expected_hash();
    row.chain = link.n;
    row.chain_hash.clone_from(&link.hash);
    link
}

/// The first link: what was enqueued.
pub(crate) fn enqueued(row: &mut Row, intent: &Record, now: DateTime<Utc>) -> Link {
    let detail = json!({
        "id": intent.intent_id,
        "namespace": intent.namespace,
        "type": intent.kind.as_str(),
        "idempotency_key": intent.idempotency_key,
        "body_sha256": intent.body_sha256,
        "amount_cents": intent.amount_cents,
        "source_account": intent.source_account,
        "payee_hash": intent.payee_hash,
        "not_before": intent.not_before.map(moment),
        "effective_date": intent.effective_date,
        "run_id": intent.run_id,
        "replaces": intent.replaces,
    });
    append(
        row,
        now,
        Event {
            name: "enqueued",
            actor: &intent.actor,
            request_id: &intent.idempotency_key,
            from: None,
            detail,
        },
    )
}

fn row_detail(row: &Row) -> Value {
    json!({
        "fate": row.fate.as_str(),
        "payment_id": row.payment_id.map(|id| id.to_string()),
        "first_sent_at": row.first_sent_at.map(moment),
    })
}

/// What a link says of an attempt, and what the row of the attempt is compared with.
pub(crate) fn attempt_detail(attempt: &AttemptRow) -> Value {
    json!({
        "lease_token": attempt.lease_token.to_string(),
        "n": attempt.n,
        "started_at": moment(attempt.started_at),
        "ended_at": moment(attempt.ended_at),
        "http_status": attempt.http_status,
        "fault": attempt.fault,
        "fate": attempt.fate.as_str(),
    })
}

/// UTC, with milliseconds.
pub(crate) fn moment(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// All that the tables say of one intent, to be held against its chain.
#[derive(Debug, Clone)]
pub struct Evidence {
    /// Where it stands.
    pub row: Row,
    /// What was enqueued.
    pub intent: Record,
    /// The chain, in order.
    pub links: Vec<Link>,
    /// The attempts, in order.
    pub attempts: Vec<AttemptRow>,
    /// When this was read, by the database's clock.
    pub read_at: DateTime<Utc>,
}

impl Evidence {
    /// Whether its body was replaced by its digest.
    pub fn is_pruned(&self) -> bool {
        self.links.iter().any(|link| link.event == "pruned")
    }
}

/// The kind of an error and the bank's own code of it.
pub type FailureCodes = (String, Option<String>);

impl Evidence {
    /// Whether a worker has it now.
    pub fn is_leased(&self) -> bool {
        self.row.is_leased(self.read_at)
    }

    /// Of the last send that is no success, if the last one is none.
    pub fn failure(&self) -> Option<FailureCodes> {
        let ended = |link: &&Link| matches!(&link.event[..], "ended" | "late_answer");
        let detail = detail_of(self.links.iter().rfind(ended)?);
        let text = |name: &str| detail.get(name).and_then(Value::as_str).map(str::to_owned);
        Some((text("error_kind")?, text("error_code")))
    }
}

fn detail_of(link: &Link) -> Value {
    serde_json::from_str(&link.detail).unwrap_or_default()
}

/// Why a chain is broken.
pub fn verify(evidence: &Evidence) -> Result<(), String> {
    let Evidence { row, intent, links, .. } = evidence;
    let mut before = String::new();
    for (at, link) in links.iter().enumerate() {
        if usize::try_from(link.n) != Ok(at + 1) {
            return Err(format!("link {} is missing", at + 1));
        }
        if link.prev_hash != before || link.hash != link.expected_hash() {
            return Err(format!("link {} was changed, or the one before it", link.n));
        }
        before.clone_from(&link.hash);
    }
    if usize::try_from(row.chain) != Ok(links.len()) || row.chain_hash != before {
        return Err("the end of the chain is missing".to_owned());
    }
    let pruned = evidence.is_pruned();
    let body = if pruned { intent.body_sha256.clone() } else { digest(&intent.body) };
    if body != intent.body_sha256 || (pruned && intent.body != body.as_bytes()) {
        return Err("its body was changed".to_owned());
    }
    let Some(last) = links.last() else {
        // A row of another language that no worker has seen.
        let untouched = row.claims == 0
            && matches!(row.state, State::Queued | State::Held)
            && row.fate == Fate::NeverSent
            && evidence.attempts.is_empty();
        return if untouched { Ok(()) } else { Err("it has no chain".to_owned()) };
    };
    if last.to != row.state {
        return Err(format!("it is {}, and its chain says {}", row.state, last.to));
    }
    if detail_of(last)["row"] != row_detail(row) {
        return Err("its fate, its payment or its first send was changed".to_owned());
    }
    let mut first = Row::new(row.id, String::new(), last.timestamp);
    let first = detail_of(&enqueued(&mut first, intent, last.timestamp));
    let said = links.first().map(detail_of).unwrap_or_default();
    let same = first.as_object().is_some_and(|members| {
        members.iter().all(|(name, value)| name == "row" || said.get(name) == Some(value))
    });
    if !same || links.first().is_none_or(|link| link.actor != intent.actor) {
        return Err("what was enqueued was changed".to_owned());
    }
    for attempt in &evidence.attempts {
        let wanted = attempt_detail(attempt);
        let has = |link: &Link| detail_of(link).get("attempt") == Some(&wanted);
        if !links.iter().any(has) {
            return Err(format!("attempt {} was changed", attempt.n));
        }
    }
    let ended = links.iter().filter(|link| link.detail.contains("\"attempt\":")).count();
    if ended != evidence.attempts.len() {
        return Err("an attempt is missing".to_owned());
    }
    Ok(())
}
