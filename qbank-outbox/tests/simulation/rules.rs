//! What must hold, whatever happened.

use std::collections::{BTreeMap, BTreeSet};

use qbank_outbox::{State, verify};
use qbank_proto::Fate;
use qbank_sandbox::{Bank, PaymentStatus};

use super::model::Model;

/// What the simulation saw, and the store does not know.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Rows that were to be reconciled at some time.
    pub(super) doubted: BTreeSet<i64>,
    /// Rows that an operator has decided.
    pub(super) decided: BTreeSet<i64>,
    /// Rows that an operator called off.
    pub(super) cancelled: BTreeSet<i64>,
    /// Rows of which a worker has handed a good answer to the store.
    pub(super) answered: BTreeSet<i64>,
    /// Keys that the bank refused, by its own word about the request.
    pub(super) refused: BTreeSet<String>,
}

/// At the end, when everything was worked off.
pub(super) fn check(model: &Model, bank: &Bank, seen: &Seen) -> Result<(), String> {
    let mut entries: BTreeMap<String, usize> = BTreeMap::new();
    for entry in bank.entries() {
        *entries.entry(entry.intent_key.to_string()).or_default() += 1;
    }
    let known: usize = model.intents.iter().filter_map(|it| entries.get(&it.idempotency_key)).sum();
    if known != bank.entries().len() {
        return Err("the bank has a payment that no intent has the key of".to_owned());
    }
    for row in &model.rows {
        let id = row.id;
        let paid = entries.get(&model.intent(id).idempotency_key).copied().unwrap_or_default();
        let state = row.state;
        let wrong = |what: &str| {
            let audit = audit_of(model, id);
            Err(format!("row {id} is {state}, paid {paid} times: {what}\n{audit}"))
        };
        if paid > 1 {
            return wrong("paid twice");
        }
        match state {
            State::Accepted | State::Settled if paid == 0 => return wrong("it is not at the bank"),
            State::Queued | State::Held | State::Cancelled | State::Refused if paid > 0 => {
                return wrong("it is at the bank");
            }
            State::Refused
                if !seen.refused.contains(&model.intent(id).idempotency_key)
                    && !seen.decided.contains(&id) =>
            {
                return wrong("nobody ever refused it");
            }
            State::Claimed | State::Sending | State::Resend | State::Queued => {
                return wrong("it is not worked off");
            }
            State::Reconcile if row.fate < Fate::Unknown => {
                return wrong("nothing is in doubt");
            }
            _ => {}
        }
        if seen.cancelled.contains(&id) && (state != State::Cancelled || paid > 0) {
            return wrong("it was cancelled");
        }
        let status = row.payment_id.and_then(|payment| bank.payment_status(payment));
        match (state, status) {
            (State::Settled, Some(status)) if !status.is_final() => {
                return wrong("the bank has not settled it");
            }
            (State::Settled, Some(PaymentStatus::Failed)) => return wrong("it failed"),
            (State::Failed, status) if status != Some(PaymentStatus::Failed) => {
                return wrong("it did not fail");
            }
            _ => {}
        }
        let good = matches!(state, State::Accepted | State::Settled);
        if seen.answered.contains(&id) && !good {
            return wrong("a good answer was lost");
        }
        verify(&model.evidence(id)).map_err(|why| format!("row {id}: {why}"))?;
    }
    Ok(())
}

/// Its audit, line by line.
pub(super) fn audit_of(model: &Model, id: i64) -> String {
    let links = model.audit.iter().filter(|link| link.outbox_id == id);
    let line = |link: &qbank_outbox::Link| {
        let (at, from) = (link.timestamp.time(), link.from.map_or("", |from| from.as_str()));
        format!("  {at} {} {}: {from} -> {} {}\n", link.actor, link.event, link.to, link.detail)
    };
    links.map(line).collect()
}
