//! Webhooks on the control surface: receivers, events on request, trouble.

use http::StatusCode;
use qbank_proto::{Amount, EventId, PaymentId, Secret};
use serde::Serialize;

use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::payments::PaymentStatus;
use crate::bank::payments::{Payment, PaymentResource, Rail};
use crate::bank::time::timestamp;
use crate::bank::webhooks::PendingEvent;
use crate::bank::webhooks::{Event, Receiver, is_loopback};
use crate::config::fixtures::WEBHOOK_SECRET;
use crate::message::error::ApiError;
use crate::message::fields::Fields;
use crate::message::response::ApiResponse;

/// An event is delivered at most so many times by one order.
const MOST_TIMES: u64 = 100;
/// At most so many events are held.
const MOST_HELD: u64 = 1_000;

/// `POST /_sandbox/webhooks`.
pub(super) fn register(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    let mut fields = Fields::parse(body)?;
    let url = fields.text("url", 1_024)?;
    let secret = fields.optional_text("secret", 1_024)?;
    let client = named(bank, &mut fields)?;
    fields.end()?;
    if !is_loopback(&url) {
        let message = "`url` must be an http URL of a loopback address.";
        return Err(ApiError::malformed(message));
    }
    let secret = Secret::new(secret.unwrap_or_else(|| WEBHOOK_SECRET.into()));
    let client_id = bank.clients.id(client).into();
    bank.webhooks.register(Receiver { url, client_id, client, secret })
}

/// `POST /_sandbox/webhooks/trigger`: an event about a payment as it is, or as if it
/// were in another state, or about one that was never made.
pub(super) fn trigger(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    let mut fields = Fields::parse(body)?;
    let id: Option<PaymentId> = fields.optional_id("paymentId")?;
    let status = status(&mut fields)?;
    let rail = rail(&mut fields)?;
    let amount = fields.optional_amount("amount")?;
    let client = named(bank, &mut fields)?;
    let times = fields.optional_number("times", 1, MOST_TIMES)?.unwrap_or(1);
    fields.end()?;
    let now = bank.now();
    let Some(id) = id else {
        let made_up = PaymentResource {
            payment_id: bank.ids.id(),
            rail: rail.unwrap_or(Rail::Ach),
            amount: amount.map_or_else(one_dollar, Ok)?,
            status: PaymentStatus::Completed,
            creation_date: timestamp(now),
            completion_date: Some(timestamp(now)),
            timestamp: timestamp(now),
            actor: bank.clients.id(client),
            request_id: bank.ids.id(),
        };
        let event = Event::in_state(made_up, status.unwrap_or(PaymentStatus::Completed));
        return enqueue(bank, client, event, times);
    };
    if rail.is_some() || amount.is_some() {
        let message = "`type` and `amount` are those of the payment.";
        return Err(ApiError::malformed(message));
    }
    let payment = find(bank, id)?;
    let resource = payment.resource(now, bank.clients.id(payment.client));
    let status = status.unwrap_or(resource.status);
    let client = payment.client;
    enqueue(bank, client, Event::in_state(resource, status), times)
}

/// `POST /_sandbox/webhooks/resend`: the event about a final payment, once more.
pub(super) fn resend(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    let mut fields = Fields::parse(body)?;
    let id: PaymentId = fields.id("paymentId")?;
    let times = fields.optional_number("times", 1, MOST_TIMES)?.unwrap_or(1);
    fields.end()?;
    let now = bank.now();
    let payment = find(bank, id)?;
    if !payment.timeline.is_final(now) {
        let message = "The payment is not final: there is nothing to deliver again.";
        return Err(ApiError::unprocessable("ERR_SBX_005", message));
    }
    let event = Event::about(payment, now, bank.clients.id(payment.client));
    let client = payment.client;
    enqueue(bank, client, event, times)
}

/// `POST /_sandbox/webhooks/trouble`.
pub(super) fn trouble(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    let mut fields = Fields::parse(body)?;
    let kind = fields.text("kind", 32)?;
    let times = fields.number("times", 0, MOST_HELD)?;
    fields.end()?;
    let now = bank.now();
    match &*kind {
        "duplicate" => bank.webhooks.double(times),
        "reorder" => bank.webhooks.reorder(now, times),
        _ => return Err(ApiError::malformed("`kind` must be duplicate or reorder.")),
    }
    Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
}

fn enqueue(
    bank: &mut Bank,
    client: ClientIndex,
    event: Event,
    times: u64,
) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    struct Enqueued {
        event_id: EventId,
        #[serde(rename = "paymentId")]
        payment_id: PaymentId,
        /// How many receivers get it.
        receivers: usize,
    }
    let receivers = bank.webhooks.receivers_of(client).count();
    if receivers == 0 {
        let message = "No receiver is registered: POST /_sandbox/webhooks first.";
        return Err(ApiError::unprocessable("ERR_SBX_004", message));
    }
    if !bank.webhooks.has_room(times) {
        let message = "Too many events wait to be delivered.";
        return Err(ApiError::unprocessable("ERR_SBX_002", message));
    }
    let enqueued = Enqueued { event_id: event.id, payment_id: event.payment_id, receivers };
    bank.webhooks.enqueue(client, &PendingEvent::Ready(event), times);
    Ok(ApiResponse::json(StatusCode::ACCEPTED, &enqueued))
}

fn find(bank: &Bank, id: PaymentId) -> Result<&Payment, ApiError> {
    let message = "There is no payment with this `paymentId`.";
    bank.payments.get(id).ok_or_else(|| ApiError::not_found("ERR_PAY_001", message))
}

/// The client that `client_id` names; the first if it names none.
fn named(bank: &Bank, fields: &mut Fields) -> Result<ClientIndex, ApiError> {
    match fields.optional_text("client_id", 256)? {
        None => Ok(ClientIndex::FIRST),
        Some(id) => bank
            .clients
            .named(&id)
            .ok_or_else(|| ApiError::malformed("`client_id` is not a client of this bank.")),
    }
}

fn status(fields: &mut Fields) -> Result<Option<PaymentStatus>, ApiError> {
    let Some(name) = fields.optional_text("status", 32)? else {
        return Ok(None);
    };
    let known = PaymentStatus::ALL.into_iter().find(|status| status.as_str() == name);
    let message = "`status` must be a state of a payment, such as P_FAILED.";
    known.map(Some).ok_or_else(|| ApiError::malformed(message))
}

fn rail(fields: &mut Fields) -> Result<Option<Rail>, ApiError> {
    match fields.optional_text("type", 32)?.as_deref() {
        None => Ok(None),
        Some("ACH") => Ok(Some(Rail::Ach)),
        Some("WIRE") => Ok(Some(Rail::Wire)),
        Some(_) => Err(ApiError::malformed("`type` must be ACH or WIRE.")),
    }
}

fn one_dollar() -> Result<Amount, ApiError> {
    Amount::from_cents(100).map_err(|e| ApiError::malformed(format!("`amount` {e}.")))
}
