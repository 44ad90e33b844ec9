//! Writes: one intent, done once, whatever the number of requests that carry it.

use std::time::Duration;

use http::{HeaderMap, StatusCode};
use qbank_proto::{AccountId, IdempotencyKey, PaymentId, RequestId};
use serde::Serialize;
use uuid::Uuid;

use crate::answer::Answer;
use crate::bank::Bank;
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::fields::Fields;
use crate::fixtures::{ACH_CLEARING, CLIENT_ID, WIRE_CLEARING};
use crate::keys::{Fingerprint, Made, key_of};
use crate::ledger::{EntryKind, LedgerEntry};
use crate::payments::{Payment, Rail, Timeline};
use crate::route::{BASE, Route};
use crate::token::has_media_type;

/// The longest text that a request may carry in a member.
const LONGEST_TEXT: usize = 140;

/// A write that is past authentication.
pub(crate) struct Order<'a> {
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

    if let Some(held) = bank.keys.find(key, fingerprint)? {
        if order.in_flight || !bank.is_final(held.made) {
            return Err(Refusal::InProcess(held.made.transaction_id()));
        }
        return Ok(held.answer.clone());
    }

    let (made, answer) = match order.route {
        Route::Ach => ach(bank, order, key),
        Route::Wire => wire(bank, order, key),
        Route::Transfer => transfer(bank, order, key),
        _ => issue(bank, order),
    }?;
    bank.keys.hold(key, fingerprint, answer.clone(), made);
    if order.in_flight {
        return Err(Refusal::InProcess(made.transaction_id()));
    }
    Ok(answer)
}

/// `POST /payments/ach`: 202, where the payment is, and no body.
fn ach(bank: &mut Bank, order: &Order<'_>, key: IdempotencyKey) -> Result<(Made, Answer), Refusal> {
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let amount = fields.amount("amount")?;
    let to: Option<AccountId> = fields.optional_id("destination_account_id")?;
    let recipient = fields.optional_object("recipient_details")?;
    fields.optional_date("effective_date")?;
    fields.optional_text("reference_id", LONGEST_TEXT)?;
    fields.end()?;

    bank.book.usable(from, "source_account_id")?;
    let to = match (to, recipient) {
        (Some(to), None) => {
            bank.book.usable(to, "destination_account_id")?;
            different(from, to)?;
            to
        }
        (None, Some(recipient)) => {
            // Its further members are free (contract: ACH request), so no `end`.
            counterparty(recipient)?;
            ACH_CLEARING
        }
        _ => {
            let message = "Either `destination_account_id` or `recipient_details` is required.";
            return Err(Refusal::malformed(message));
        }
    };
    let timeline = Timeline::of_ach(order.now);
    let payment = Payment {
        id: bank.ids.id(),
        rail: Rail::Ach,
        amount,
        timeline,
        request_id: order.request_id,
    };
    let id = pay(bank, order, key, from, to, payment)?;
    let answer = Answer::empty(StatusCode::ACCEPTED).location(&format!("{BASE}/payments/{id}"));
    Ok((Made::Payment(id), answer))
}

/// `POST /payments/wire`: 201 and the payment, which is final.
fn wire(
    bank: &mut Bank,
    order: &Order<'_>,
    key: IdempotencyKey,
) -> Result<(Made, Answer), Refusal> {
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let beneficiary = fields.object("beneficiary_details")?;
    let amount = fields.amount("amount")?;
    fields.text("reference_code", LONGEST_TEXT)?;
    fields.end()?;
    counterparty(beneficiary)?.end()?;

    bank.book.usable(from, "source_account_id")?;
    let payment = Payment {
        id: bank.ids.id(),
        rail: Rail::Wire,
        amount,
        timeline: Timeline::at_once(order.now),
        request_id: order.request_id,
    };
    let answer = Answer::json(StatusCode::CREATED, &payment.resource(order.now));
    let id = pay(bank, order, key, from, WIRE_CLEARING, payment)?;
    Ok((Made::Payment(id), answer))
}

/// `POST /transfers`: 201. What the body holds is not documented.
fn transfer(
    bank: &mut Bank,
    order: &Order<'_>,
    key: IdempotencyKey,
) -> Result<(Made, Answer), Refusal> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Transfer {
        transfer_id: Uuid,
        status: &'static str,
        timestamp: String,
        actor: &'static str,
        #[serde(rename = "request_id")]
        request_id: RequestId,
    }
    let mut fields = Fields::parse(order.body)?;
    let from: AccountId = fields.id("from_account_id")?;
    let to: AccountId = fields.id("to_account_id")?;
    let amount = fields.amount("amount")?;
    fields.end()?;
    bank.book.usable(from, "from_account_id")?;
    bank.book.usable(to, "to_account_id")?;
    different(from, to)?;

    let entry_id = bank.ids.uuid();
    bank.book.post(LedgerEntry {
        entry_id,
        intent_key: key,
        kind: EntryKind::Transfer,
        amount,
        from,
        to,
        payment_id: None,
        at: order.now,
        request_id: order.request_id,
    })?;
    let transfer = Transfer {
        transfer_id: entry_id,
        status: "COMPLETED",
        timestamp: timestamp(order.now),
        actor: CLIENT_ID,
        request_id: order.request_id,
    };
    Ok((Made::Transfer(entry_id), Answer::json(StatusCode::CREATED, &transfer)))
}

/// `POST /positivepay/issues`: 202 and no body.
fn issue(bank: &mut Bank, order: &Order<'_>) -> Result<(Made, Answer), Refusal> {
    let issue = bank.positive_pay.issue(&bank.book, order.body)?;
    Ok((Made::Issue(issue), Answer::empty(StatusCode::ACCEPTED)))
}

/// The money and the payment come into being together, or neither does.
fn pay(
    bank: &mut Bank,
    order: &Order<'_>,
    key: IdempotencyKey,
    from: AccountId,
    to: AccountId,
    payment: Payment,
) -> Result<PaymentId, Refusal> {
    let id = payment.id;
    bank.book.post(LedgerEntry {
        entry_id: bank.ids.uuid(),
        intent_key: key,
        kind: match payment.rail {
            Rail::Ach => EntryKind::Ach,
            Rail::Wire => EntryKind::Wire,
        },
        amount: payment.amount,
        from,
        to,
        payment_id: Some(id),
        at: order.now,
        request_id: order.request_id,
    })?;
    bank.payments.add(payment);
    Ok(id)
}

/// Name, bank and account of somebody outside; gives back the members left over.
fn counterparty(mut fields: Fields) -> Result<Fields, Refusal> {
    fields.text("name", LONGEST_TEXT)?;
    fields.routing_number("bank_id")?;
    fields.text("account_number", 34)?;
    Ok(fields)
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
        return Err(Refusal::malformed("The Content-Type must be application/json."));
    }
    let auth_date = headers.get("x-fapi-auth-date").map(|value| value.to_str().unwrap_or_default());
    if auth_date.is_some_and(|text| httpdate::parse_http_date(text).is_err()) {
        return Err(Refusal::malformed("The x-fapi-auth-date header must be an HTTP-date."));
    }
    Ok(())
}
