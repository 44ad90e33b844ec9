//! What a store knows.

use qbank_outbox::{Evidence, Listed, State, StoreError, verify};
use serde_json::{Value, json};

use super::store::Place;
use crate::commands::Context;
use crate::failure::Failure;
use crate::output::{Printer, Rows, Written, plain, print};

pub(super) fn list(
    context: &Context<'_>,
    place: &Place,
    state: Option<State>,
) -> Result<(), Failure> {
    let mut store = place.open()?;
    if context.printer.is_table() {
        let mut rows = Vec::new();
        let mut each = |row| {
            rows.push(row);
            Ok(())
        };
        store.list(state, &mut each)?;
        Printer::rows(&rows);
        return Ok(());
    }
    context.printer.head::<Listed>();
    let mut each = |row: Listed| {
        // Nobody reads the rest.
        let done = context.printer.item(&row) == Written::Done;
        if done { Ok(()) } else { Err(StoreError::Other("the list was not read".into())) }
    };
    Ok(store.list(state, &mut each)?)
}

/// What only a person can say, with what there is to say it by.
pub(super) fn reconcile(context: &Context<'_>, place: &Place) -> Result<(), Failure> {
    list(context, place, Some(State::Reconcile))?;
    if context.printer.is_table() {
        print(
            "Look for each at the bank: by its amount and its day, and by the payment id where \
             there is one.\nThen: qbank outbox decide ID --accepted|--refused --reason R --actor A",
        );
    }
    Ok(())
}

pub(super) fn show(context: &Context<'_>, place: &Place, id: i64) -> Result<(), Failure> {
    let evidence = place.open()?.evidence(id)?;
    let Some(evidence) = evidence else {
        return Err(Failure::usage(StoreError::NoSuchRow(id).to_string()));
    };
    let document = document(&evidence);
    if !context.printer.is_table() {
        Printer::line(&document);
        return Ok(());
    }
    let mut lines = Vec::new();
    for part in ["intent", "outbox"] {
        lines.push(part.to_owned());
        for (name, value) in document[part].as_object().into_iter().flatten() {
            if !value.is_null() {
                let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                lines.push(format!("  {name:<16}  {}", plain(&value)));
            }
        }
    }
    lines.push("audit".to_owned());
    for link in &evidence.links {
        let from = link.from.map_or("", State::as_str);
        let (at, actor) = (link.timestamp.to_rfc3339(), plain(&link.actor));
        lines.push(format!("  {at}  {}: {from} -> {}, by {actor}", link.event, link.to));
    }
    print(&lines.join("\n"));
    Ok(())
}

fn document(evidence: &Evidence) -> Value {
    let Evidence { row, intent, links, attempts, .. } = evidence;
    json!({
        "intent": {
            "id": intent.intent_id,
            "namespace": intent.namespace,
            "type": intent.kind,
            "source_account": intent.source_account,
            "amount_cents": intent.amount_cents,
            "idempotency_key": intent.idempotency_key,
            "body_sha256": intent.body_sha256,
            "pruned": evidence.is_pruned(),
            "actor": intent.actor,
            "not_before": intent.not_before,
            "effective_date": intent.effective_date,
            "run_id": intent.run_id,
            "replaces": intent.replaces,
        },
        "outbox": {
            "outbox_id": row.id,
            "state": row.state,
            "fate": row.fate,
            "lane": row.lane,
            "first_sent_at": row.first_sent_at,
            "next_at": row.next_at,
            "lease_until": row.lease_until,
            "worker": row.worker,
            "claims": row.claims,
            "sends": row.sends,
            "payment_id": row.payment_id,
            "payment_status": row.payment_status,
            "bank_request_id": row.bank_request_id,
            "last_error": row.last_error,
        },
        "attempts": attempts.iter().map(|it| json!({
            "n": it.n,
            "started_at": it.started_at,
            "ended_at": it.ended_at,
            "http_status": it.http_status,
            "fault": it.fault,
            "fate": it.fate,
        })).collect::<Vec<_>>(),
        "audit": links.iter().map(|it| json!({
            "n": it.n,
            "timestamp": it.timestamp,
            "actor": it.actor,
            "request_id": it.request_id,
            "event": it.event,
            "from": it.from,
            "to": it.to,
            "detail": serde_json::from_str::<Value>(&it.detail).unwrap_or_default(),
            "hash": it.hash,
        })).collect::<Vec<_>>(),
    })
}

pub(super) fn verify_audit(context: &Context<'_>, place: &Place) -> Result<(), Failure> {
    const AT_ONCE: u32 = 1000;
    let mut store = place.open()?;
    let (mut after, mut intents, mut links) = (0, 0_u64, 0_usize);
    loop {
        let ids = store.ids_after(after, AT_ONCE)?;
        let Some(last) = ids.last() else { break };
        after = *last;
        for id in ids {
            let broken =
                |why: &str| Failure::Local(format!("the audit of outbox_id {id} is broken: {why}"));
            match store.evidence(id) {
                Ok(Some(evidence)) => {
                    verify(&evidence).map_err(|why| broken(&why))?;
                    links += evidence.links.len();
                }
                Ok(None) => return Err(broken("its intent is missing")),
                Err(StoreError::Other(error)) => return Err(broken(&error.to_string())),
                Err(error) => return Err(error.into()),
            }
            intents += 1;
        }
    }
    context.printer.either(
        &format!("{intents} intents, {links} links: none was changed, none is missing"),
        &json!({ "verified": true, "intents": intents, "links": links }),
    );
    Ok(())
}

impl Rows for Listed {
    const COLUMNS: &'static [&'static str] =
        &["#", "id", "state", "fate", "payment", "sends", "last error"];
    const WIDTHS: &'static [u16] = &[4, 12, 9, 11, 36, 5, 0];
    const OPTIONAL: &'static [usize] = &[6, 5, 3];
    const FATES: &'static [usize] = &[2, 3];
    const MEMBERS: &'static [&'static str] = &[
        "outbox_id",
        "id",
        "state",
        "fate",
        "idempotency_key",
        "payment_id",
        "claims",
        "sends",
        "last_error",
        "first_sent_at",
    ];

    fn cells(&self) -> Vec<String> {
        vec![
            self.outbox_id.to_string(),
            plain(&self.id),
            self.state.to_string(),
            self.fate.to_string(),
            self.payment_id.map(|id| id.to_string()).unwrap_or_default(),
            self.sends.to_string(),
            plain(self.last_error.as_deref().unwrap_or_default()),
        ]
    }
}
