//! Writes: one intent, done once, whatever the number of requests that carry it.

use std::time::Duration;

use chrono::NaiveDate;
use http::{HeaderMap, StatusCode};
use qbank_proto::{AccountId, Amount, IdempotencyKey, RequestId};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::Answer;
use crate::bank::Bank;
use crate::clients::Client;
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::fields::Fields;
use crate::fixtures::{ACH_CLEARING, WIRE_CLEARING};
use crate::keys::{Fingerprint, Made, key_of};
use crate::ledger::{EntryKind, LedgerEntry};
use crate::payments::{Payment, Rail};
use crate::rejection::{self, RejectedBy, Rejection, RejectionReason};
use crate::route::{BASE, Route};
use crate::timeline::Timeline;
use crate::token::has_media_type;

/// The longest text that a request may carry in a member.
const LONGEST_TEXT: usize = 140;

/// A write that is past authentication.
pub(crate) struct Order<'a> {
    pub(crate) client: Client,
    pub(crate) route: Route,
    pub(crate) headers: &'a HeaderMap,
    pub(crate) body: &'a [u8],
    pub(crate) body_sha256: [u8; 32],
    pub(crate) now: Duration,
    pub(crate) request_id: RequestId,
    /// Answer as if another request with this key were in process.
    pub(crate) in_flight: bool,
}

/// Does the order, or answers from what was done under its key before.
pub(crate) fn place(bank: &mut Bank, order: &Order<'_>) -> Result<Answer, Refusal> {
    check_headers(order.headers)?;
    let key = key_of(order.headers)?;
    let fingerprint = Fingerprint { route: order.route, body_sha256: order.body_sha256 };

    if let Some(held) = bank.keys.find(order.client, key, fingerprint)? {
        if order.in_flight || !bank.is_final(held.made) {
            return Err(in_process(bank, held.made));
        }
        return Ok(answer(bank, order.now, held.made));
    }
    bank.has_room()?;
    let made = match order.route {
        Route::Ach => ach(bank, order, key),
        Route::Wire => wire(bank, order, key),
        Route::Transfer => transfer(bank, order, key),
        _ => bank.positive_pay.issue(&bank.book, order.client, order.body).map(Made::Issue),
    }?;
    bank.keys.hold(order.now, order.client, key, fingerprint, made);
    if order.in_flight {
        return Err(in_process(bank, made));
    }
    Ok(answer(bank, order.now, made))
}

/// What a conflict calls `transaction_id`.
fn in_process(bank: &Bank, made: Made) -> Refusal {
    Refusal::InProcess(
        match made {
            Made::Payment(place) => bank.payments.at(place).map(|it| it.id.as_uuid()),
            Made::Transfer(place) => bank.book.entries().get(place).map(|it| it.entry_id),
            Made::Issue(id) => Some(id.as_uuid()),
        }
        .unwrap_or_default(),
    )
}

/// What an accepted write is answered, the first time and every time after.
fn answer(bank: &Bank, now: Duration, made: Made) -> Answer {
    match made {
        Made::Payment(place) => bank.payments.at(place).map(|payment| match payment.rail {
            // Where the payment is, and no body.
            Rail::Ach => Answer::empty(StatusCode::ACCEPTED)
                .location(&format!("{BASE}/payments/{}", payment.id)),
            // A wire is final from the start, so its resource stays as it is.
            Rail::Wire => {
                let actor = bank.clients.id(payment.client);
                Answer::json(StatusCode::CREATED, &payment.resource(now, actor))
            }
        }),
        Made::Transfer(place) => bank
            .book
            .entries()
            .get(place)
            .map(|entry| transferred(bank.clients.id(entry.client), entry)),
        Made::Issue(_) => None,
    }
    .unwrap_or_else(|| Answer::empty(StatusCode::ACCEPTED))
}

/// What the body of a transfer's answer holds is not documented.
fn transferred(actor: &str, entry: &LedgerEntry) -> Answer {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Transfer<'a> {
        transfer_id: Uuid,
        status: &'static str,
        timestamp: String,
        actor: &'a str,
        #[serde(rename = "request_id")]
        request_id: RequestId,
    }
    let transfer = Transfer {
        transfer_id: entry.entry_id,
        status: "COMPLETED",
        timestamp: timestamp(entry.at),
        actor,
        request_id: entry.request_id,
    };
    Answer::json(StatusCode::CREATED, &transfer)
}

/// What a request to pay comes to.
struct Intent {
    rail: Rail,
    from: AccountId,
    to: AccountId,
    amount: Amount,
    effective: Option<NaiveDate>,
    rejection: Option<Rejection>,
}

/// `POST /payments/ach`.
fn ach(bank: &mut Bank, order: &Order<'_>, key: IdempotencyKey) -> Result<Made, Refusal> {
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let amount = fields.amount("amount")?;
    let to: Option<AccountId> = fields.optional_id("destination_account_id")?;
    let recipient = fields.optional_object("recipient_details")?;
    let effective = fields.optional_date("effective_date")?;
    let reference = fields.optional_text("reference_id", LONGEST_TEXT)?;
    fields.end()?;

    bank.book.usable(order.client, from, "source_account_id")?;
    let mut rejection = reference.as_deref().and_then(rejection::by_reference);
    let to = match (to, recipient) {
        (Some(to), None) => {
            bank.book.usable(order.client, to, "destination_account_id")?;
            different(from, to)?;
            to
        }
        (None, Some(recipient)) => {
            // Its further members are free (contract: ACH request), so no `end`.
            rejection = rejection.or(counterparty(recipient)?.1);
            ACH_CLEARING
        }
        _ => {
            let message = "Either `destination_account_id` or `recipient_details` is required.";
            return Err(Refusal::malformed(message));
        }
    };
    pay(bank, order, key, &Intent { rail: Rail::Ach, from, to, amount, effective, rejection })
}

/// `POST /payments/wire`: in real time, so validation says no in the answer.
fn wire(bank: &mut Bank, order: &Order<'_>, key: IdempotencyKey) -> Result<Made, Refusal> {
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let beneficiary = fields.object("beneficiary_details")?;
    let amount = fields.amount("amount")?;
    let reference = fields.text("reference_code", LONGEST_TEXT)?;
    fields.end()?;
    let (beneficiary, by_account) = counterparty(beneficiary)?;
    beneficiary.end()?;

    bank.book.usable(order.client, from, "source_account_id")?;
    let rejection = rejection::by_reference(&reference).or(by_account);
    if let Some(Rejection { by: RejectedBy::Validation, reason }) = rejection {
        return Err(match reason {
            RejectionReason::InsufficientFunds => Refusal::short(),
            RejectionReason::ClosedAccount => {
                Refusal::unprocessable("ERR_ACC_003", "The beneficiary's account is closed.")
            }
            RejectionReason::UnknownRoutingNumber => {
                Refusal::unprocessable("ERR_PAY_002", "No bank has this routing number.")
            }
        });
    }
    let (to, effective) = (WIRE_CLEARING, None);
    pay(bank, order, key, &Intent { rail: Rail::Wire, from, to, amount, effective, rejection })
}

/// `POST /transfers`.
fn transfer(bank: &mut Bank, order: &Order<'_>, key: IdempotencyKey) -> Result<Made, Refusal> {
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("from_account_id")?;
    let to: AccountId = fields.id("to_account_id")?;
    let amount = fields.amount("amount")?;
    fields.end()?;
    bank.book.usable(order.client, from, "from_account_id")?;
    bank.book.usable(order.client, to, "to_account_id")?;
    different(from, to)?;

    let entry = LedgerEntry {
        entry_id: bank.ids.uuid(),
        intent_key: key,
        kind: EntryKind::Transfer,
        amount,
        from,
        to,
        payment_id: None,
        reversal_id: None,
        client: order.client,
        at: order.now,
        request_id: order.request_id,
    };
    let place = bank.book.post(entry, false)?;
    bank.posted.add_entry(&bank.book, place);
    Ok(Made::Transfer(place))
}

/// The money and the payment come into being together, or neither does. Only a
/// payment that validation will reject comes without money.
fn pay(
    bank: &mut Bank,
    order: &Order<'_>,
    key: IdempotencyKey,
    intent: &Intent,
) -> Result<Made, Refusal> {
    let Intent { rail, from, to, amount, effective, rejection } = *intent;
    let (id, entry_id) = (bank.ids.id(), bank.ids.uuid());
    let is_rejected_first = rejection.is_some_and(|it| it.by == RejectedBy::Validation);
    let entry = if is_rejected_first {
        None
    } else {
        let entry = LedgerEntry {
            entry_id,
            intent_key: key,
            kind: match rail {
                Rail::Ach => EntryKind::Ach,
                Rail::Wire => EntryKind::Wire,
            },
            amount,
            from,
            to,
            payment_id: Some(id),
            reversal_id: None,
            client: order.client,
            at: order.now,
            request_id: order.request_id,
        };
        // What arrives by ACH can be taken back until it has settled.
        let place = bank.book.post(entry, rail == Rail::Ach)?;
        bank.posted.add_entry(&bank.book, place);
        Some(place)
    };
    let place = bank.payments.add(Payment {
        id,
        client: order.client,
        rail,
        amount,
        from,
        to,
        timeline: match rail {
            Rail::Ach => Timeline::of_ach(order.now, effective),
            Rail::Wire => Timeline::at_once(order.now),
        },
        rejection,
        entry,
        reversal: None,
        request_id: order.request_id,
    });
    // A wire is final before it is answered.
    bank.progress();
    Ok(Made::Payment(place))
}

/// Name, bank and account of somebody outside; gives back the members left over, and
/// what befalls a payment to there.
fn counterparty(mut fields: Fields) -> Result<(Fields, Option<Rejection>), Refusal> {
    fields.text("name", LONGEST_TEXT)?;
    let bank = fields.routing_number("bank_id")?;
    let number = fields.text("account_number", 34)?;
    Ok((fields, rejection::by_account(&bank, &number)))
}

fn different(from: AccountId, to: AccountId) -> Result<(), Refusal> {
    if from == to {
        let message = "The money would stay in the same account.";
        return Err(Refusal::unprocessable("ERR_ACC_004", message));
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), Refusal> {
    if !has_media_type(headers, "application/json") {
        let message = "The Content-Type must be application/json.";
        return Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "ERR_REQ_007", message));
    }
    let auth_date = headers.get("x-fapi-auth-date").map(|value| value.to_str().unwrap_or_default());
    if auth_date.is_some_and(|text| httpdate::parse_http_date(text).is_err()) {
        return Err(Refusal::malformed("The x-fapi-auth-date header must be an HTTP-date."));
    }
    Ok(())
}
