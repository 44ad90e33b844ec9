//! Writes: one intent, done once, whatever the number of requests that carry it.

use std::time::Duration;

use chrono::NaiveDate;
use http::{HeaderMap, StatusCode};
use qbank_proto::{AccountId, Amount, IdempotencyKey, RequestId};
use serde::Serialize;
use uuid::Uuid;

use super::{description, positive_pay};
use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::keys::{Created, Fingerprint, key_of};
use crate::bank::ledger::{EntryKind, LedgerEntry};
use crate::bank::payments::{Payment, Rail};
use crate::bank::payments::{RejectedBy, Rejection, RejectionReason, Timeline, rejection};
use crate::bank::time::timestamp;
use crate::config::fixtures::{ACH_CLEARING, WIRE_CLEARING};
use crate::message::error::ApiError;
use crate::message::fields::Fields;
use crate::message::headers::has_media_type;
use crate::message::response::ApiResponse;
use crate::message::route::{BASE, Route};

/// The longest text that a request may carry in a member.
const LONGEST_TEXT: usize = 140;

/// A write that is past authentication.
pub(super) struct WriteRequest<'a> {
    pub(super) client: ClientIndex,
    pub(super) route: Route,
    pub(super) headers: &'a HeaderMap,
    pub(super) body: &'a [u8],
    pub(super) body_sha256: [u8; 32],
    pub(super) now: Duration,
    pub(super) request_id: RequestId,
    /// ApiResponse as if another request with this key were in process.
    pub(super) in_flight: bool,
}

/// Does the write, or responds with what was done under its key before.
pub(super) fn execute(bank: &mut Bank, write: &WriteRequest<'_>) -> Result<ApiResponse, ApiError> {
    check_headers(write.headers)?;
    let key = key_of(write.headers)?;
    let fingerprint = Fingerprint { route: write.route, body_sha256: write.body_sha256 };

    if let Some(held) = bank.keys.find(write.client, key, fingerprint)? {
        if write.in_flight || !bank.is_final(held.created) {
            return Err(in_process(bank, held.created));
        }
        return Ok(response(bank, write.now, held.created));
    }
    bank.has_room()?;
    let created = match write.route {
        Route::Ach => ach(bank, write, key),
        Route::Wire => wire(bank, write, key),
        Route::Transfer => transfer(bank, write, key),
        _ => positive_pay::issue(bank, write.client, write.body).map(Created::Issue),
    }?;
    bank.keys.hold(write.now, write.client, key, fingerprint, created);
    if write.in_flight {
        return Err(in_process(bank, created));
    }
    Ok(response(bank, write.now, created))
}

/// What a conflict calls `transaction_id`.
fn in_process(bank: &Bank, created: Created) -> ApiError {
    let id = match created {
        Created::Payment(place) => bank.payments.at(place).map(|it| it.id.as_uuid()),
        Created::Transfer(place) => bank.book.entries().get(place).map(|it| it.entry_id),
        Created::Issue(id) => Some(id.as_uuid()),
    };
    ApiError::InProcess {
        transaction_id: id.unwrap_or_default(),
        is_payment: matches!(created, Created::Payment(_)),
    }
}

/// The response to an accepted write, the first time and every time after.
fn response(bank: &Bank, now: Duration, created: Created) -> ApiResponse {
    match created {
        Created::Payment(place) => bank.payments.at(place).map(|payment| match payment.rail {
            // Where the payment is, and no body.
            Rail::Ach => ApiResponse::empty(StatusCode::ACCEPTED)
                .location(&format!("{BASE}/payments/{}", payment.id)),
            // A wire is final from the start, so its resource stays as it is.
            Rail::Wire => {
                let actor = bank.clients.id(payment.client);
                ApiResponse::json(StatusCode::CREATED, &payment.resource(now, actor))
            }
        }),
        Created::Transfer(place) => bank
            .book
            .entries()
            .get(place)
            .map(|entry| transferred(bank.clients.id(entry.client), entry)),
        Created::Issue(_) => None,
    }
    .unwrap_or_else(|| ApiResponse::empty(StatusCode::ACCEPTED))
}

/// The body of a transfer's response is not documented.
fn transferred(actor: &str, entry: &LedgerEntry) -> ApiResponse {
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
    ApiResponse::json(StatusCode::CREATED, &transfer)
}

/// A validated request to pay.
struct Intent<'a> {
    rail: Rail,
    from: AccountId,
    to: AccountId,
    amount: Amount,
    effective: Option<NaiveDate>,
    rejection: Option<Rejection>,
    reference: Option<&'a str>,
}

/// `POST /payments/ach`.
fn ach(
    bank: &mut Bank,
    write: &WriteRequest<'_>,
    key: IdempotencyKey,
) -> Result<Created, ApiError> {
    let mut fields = Fields::parse(write.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let amount = fields.amount("amount")?;
    let to: Option<AccountId> = fields.optional_id("destination_account_id")?;
    let recipient = fields.optional_object("recipient_details")?;
    let effective = fields.optional_date("effective_date")?;
    let reference = fields.optional_text("reference_id", LONGEST_TEXT)?;
    fields.end()?;

    bank.book.usable(write.client, from, "source_account_id")?;
    let mut rejection = reference.as_deref().and_then(rejection::by_reference);
    let to = match (to, recipient) {
        (Some(to), None) => {
            bank.book.usable(write.client, to, "destination_account_id")?;
            different(from, to)?;
            to
        }
        (None, Some(recipient)) => {
            // A recipient may have further members, so no `end`.
            rejection = rejection.or(counterparty(recipient)?.1);
            ACH_CLEARING
        }
        _ => {
            let message = "Either `destination_account_id` or `recipient_details` is required.";
            return Err(ApiError::malformed(message));
        }
    };
    let (rail, reference) = (Rail::Ach, reference.as_deref());
    pay(bank, write, key, &Intent { rail, from, to, amount, effective, rejection, reference })
}

/// `POST /payments/wire`: in real time, so validation rejects it in the response.
fn wire(
    bank: &mut Bank,
    write: &WriteRequest<'_>,
    key: IdempotencyKey,
) -> Result<Created, ApiError> {
    let mut fields = Fields::parse(write.body)?;
    let from: AccountId = fields.id("source_account_id")?;
    let beneficiary = fields.object("beneficiary_details")?;
    let amount = fields.amount("amount")?;
    let reference = fields.text("reference_code", LONGEST_TEXT)?;
    fields.end()?;
    let (beneficiary, by_account) = counterparty(beneficiary)?;
    beneficiary.end()?;

    bank.book.usable(write.client, from, "source_account_id")?;
    let rejection = rejection::by_reference(&reference).or(by_account);
    if let Some(Rejection { by: RejectedBy::Validation, reason }) = rejection {
        return Err(match reason {
            RejectionReason::InsufficientFunds => ApiError::insufficient_funds(),
            RejectionReason::ClosedAccount => {
                ApiError::unprocessable("ERR_ACC_003", "The beneficiary's account is closed.")
            }
            RejectionReason::UnknownRoutingNumber => {
                ApiError::unprocessable("ERR_PAY_002", "No bank has this routing number.")
            }
        });
    }
    let (rail, to, effective) = (Rail::Wire, WIRE_CLEARING, None);
    let reference = Some(&*reference);
    pay(bank, write, key, &Intent { rail, from, to, amount, effective, rejection, reference })
}

/// `POST /transfers`.
fn transfer(
    bank: &mut Bank,
    write: &WriteRequest<'_>,
    key: IdempotencyKey,
) -> Result<Created, ApiError> {
    let mut fields = Fields::parse(write.body)?;
    let from: AccountId = fields.id("from_account_id")?;
    let to: AccountId = fields.id("to_account_id")?;
    let amount = fields.amount("amount")?;
    fields.end()?;
    bank.book.usable(write.client, from, "from_account_id")?;
    bank.book.usable(write.client, to, "to_account_id")?;
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
        client: write.client,
        at: write.now,
        request_id: write.request_id,
        reference: None,
    };
    let place = bank.book.post(entry, false)?;
    bank.postings.add_entry(&bank.book, place);
    Ok(Created::Transfer(place))
}

/// The entry and the payment are created together, or neither is. Only a payment that
/// validation will reject has no entry.
fn pay(
    bank: &mut Bank,
    write: &WriteRequest<'_>,
    key: IdempotencyKey,
    intent: &Intent<'_>,
) -> Result<Created, ApiError> {
    let Intent { rail, from, to, amount, effective, rejection, reference } = *intent;
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
            client: write.client,
            at: write.now,
            request_id: write.request_id,
            reference: reference
                .filter(|_| !bank.constant_descriptions)
                .and_then(description::text),
        };
        // What arrives by ACH can be taken back until it has settled.
        let place = bank.book.post(entry, rail == Rail::Ach)?;
        bank.postings.add_entry(&bank.book, place);
        Some(place)
    };
    let place = bank.payments.add(Payment {
        id,
        client: write.client,
        rail,
        amount,
        from,
        to,
        timeline: match rail {
            Rail::Ach => Timeline::of_ach(write.now, effective),
            Rail::Wire => Timeline::at_once(write.now),
        },
        rejection,
        entry,
        reversal: None,
        request_id: write.request_id,
    });
    // A wire is final before its response.
    bank.progress();
    Ok(Created::Payment(place))
}

/// Name, bank and account of an external party: the members left over, and the
/// rejection of a payment to it.
fn counterparty(mut fields: Fields) -> Result<(Fields, Option<Rejection>), ApiError> {
    fields.text("name", LONGEST_TEXT)?;
    let bank = fields.routing_number("bank_id")?;
    let number = fields.text("account_number", 34)?;
    Ok((fields, rejection::by_account(&bank, &number)))
}

fn different(from: AccountId, to: AccountId) -> Result<(), ApiError> {
    if from == to {
        let message = "The money would stay in the same account.";
        return Err(ApiError::unprocessable("ERR_ACC_004", message));
    }
    Ok(())
}

fn check_headers(headers: &HeaderMap) -> Result<(), ApiError> {
    if !has_media_type(headers, "application/json") {
        let message = "The Content-Type must be application/json.";
        return Err(ApiError::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "ERR_REQ_007", message));
    }
    let auth_date = headers.get("x-fapi-auth-date").map(|value| value.to_str().unwrap_or_default());
    if auth_date.is_some_and(|text| httpdate::parse_http_date(text).is_err()) {
        return Err(ApiError::malformed("The x-fapi-auth-date header must be an HTTP-date."));
    }
    Ok(())
}
