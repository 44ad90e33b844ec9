//! The control surface: what only a sandbox has, under `/_sandbox`. It reads the bank,
//! moves its clock, and orders faults, checks and webhooks.

mod checks;
#[cfg(feature = "server")]
mod description;
mod index;
mod webhooks;

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use qbank_proto::{AccountId, Money, PaymentId};
use serde::Serialize;
use uuid::Uuid;

use crate::bank::Bank;
use crate::bank::payments::PaymentStatus;
use crate::bank::payments::rejection::{MAGIC, Rejection};
use crate::bank::time::timestamp;
use crate::message::MAX_BODY;
use crate::message::error::ApiError;
use crate::message::fields::Fields;
use crate::message::response::ApiResponse;

/// The longest step of the clock: ten years.
const LONGEST_STEP: u64 = 10 * 366 * 24 * 60 * 60;

/// The path below `/_sandbox`, if it is one.
pub(crate) fn below(path: &str) -> Option<&str> {
    let rest = path.strip_prefix("/_sandbox")?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

/// Any content type is taken: these requests are typed by hand.
pub(crate) fn respond(
    bank: &mut Bank,
    now: Duration,
    below: &str,
    request: &Request<Bytes>,
) -> Result<ApiResponse, ApiError> {
    let body = request.body();
    if body.len() > MAX_BODY {
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR_REQ_004", "Too large."));
    }
    if let Some(id) = below.strip_prefix("/payments/") {
        return match request.method().as_str() {
            "GET" => payment(bank, id),
            _ => Err(ApiError::method_not_allowed("GET")),
        };
    }
    match (below, request.method().as_str()) {
        ("" | "/", "GET") => Ok(ApiResponse::json(StatusCode::OK, &index::INDEX)),
        ("/ledger", "GET") => Ok(ApiResponse::json(StatusCode::OK, &bank.ledger())),
        #[cfg(feature = "server")]
        ("/openapi.yaml", "GET") => Ok(description::yaml()),
        #[cfg(feature = "server")]
        ("/docs", "GET") => Ok(description::page()),
        ("/magic", "GET") => Ok(ApiResponse::json(StatusCode::OK, &MAGIC)),
        ("/clients", "GET") => Ok(clients(bank)),
        ("/requests", "GET") => Ok(ApiResponse::json(StatusCode::OK, bank.journal.requests())),
        ("/requests", "DELETE") => {
            bank.journal.clear();
            Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
        }
        ("/faults", "GET") => Ok(bank.faults.list()),
        ("/faults", "POST") => bank.faults.add(body),
        ("/faults", "DELETE") => {
            bank.faults.clear();
            Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
        }
        ("/advance", "POST") => advance(bank, now, body),
        ("/accounts", "POST") => account(bank, body),
        ("/checks", "POST") => checks::present(bank, body),
        ("/webhooks", "GET") => Ok(bank.webhooks.list()),
        ("/webhooks", "POST") => webhooks::register(bank, body),
        ("/webhooks", "DELETE") => {
            bank.webhooks.clear();
            Ok(ApiResponse::empty(StatusCode::NO_CONTENT))
        }
        ("/webhooks/trigger", "POST") => webhooks::trigger(bank, body),
        ("/webhooks/resend", "POST") => webhooks::resend(bank, body),
        ("/webhooks/trouble", "POST") => webhooks::trouble(bank, body),
        ("/deliveries", "GET") => Ok(ApiResponse::json(StatusCode::OK, bank.webhooks.records())),
        _ => Err(allow(below).map_or_else(
            || ApiError::not_found("ERR_REQ_003", "There is nothing at this path."),
            ApiError::method_not_allowed,
        )),
    }
}

/// The methods of a path, if there is something at it.
fn allow(below: &str) -> Option<&'static str> {
    Some(match below {
        "" | "/" | "/ledger" | "/deliveries" | "/magic" | "/clients" => "GET",
        #[cfg(feature = "server")]
        "/openapi.yaml" | "/docs" => "GET",
        "/requests" => "GET, DELETE",
        "/faults" | "/webhooks" => "GET, POST, DELETE",
        "/advance" | "/accounts" | "/checks" | "/webhooks/trigger" | "/webhooks/resend"
        | "/webhooks/trouble" => "POST",
        _ => return None,
    })
}

/// `POST /_sandbox/advance`: the response is the bank's new time.
fn advance(bank: &mut Bank, now: Duration, body: &[u8]) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    struct Advanced {
        now: String,
    }
    let mut fields = Fields::parse(body)?;
    let seconds = fields.number("seconds", 0, LONGEST_STEP)?;
    fields.end()?;
    bank.advance(now, Duration::from_secs(seconds));
    Ok(ApiResponse::json(StatusCode::OK, &Advanced { now: timestamp(bank.now()) }))
}

/// `POST /_sandbox/accounts`: payments that the core has not decided on will fail if
/// an account of theirs is closed by then.
fn account(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    let mut fields = Fields::parse(body)?;
    let id: AccountId = fields.id("accountId")?;
    let active = match &*fields.text("status", 16)? {
        "Active" => true,
        "Closed" => false,
        _ => return Err(ApiError::malformed("`status` must be Active or Closed.")),
    };
    fields.end()?;
    let now = bank.now();
    if bank.book.set_active(id, active, now) {
        return Ok(ApiResponse::empty(StatusCode::NO_CONTENT));
    }
    Err(ApiError::not_found("ERR_ACC_001", "`accountId` is not an account of a client."))
}

/// `GET /_sandbox/payments/{paymentId}`: what the API does not show.
fn payment(bank: &Bank, id: &str) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Details<'a> {
        payment_id: PaymentId,
        client_id: &'a str,
        status: PaymentStatus,
        /// Those that were reached, and those to come unless it fails.
        states: Vec<State>,
        rejection: Option<Rejection>,
        entry_id: Option<Uuid>,
        reversal_id: Option<Uuid>,
    }
    #[derive(Serialize)]
    struct State {
        status: PaymentStatus,
        timestamp: String,
    }
    let id: PaymentId = id.parse().map_err(|e| ApiError::malformed(format!("`paymentId` {e}.")))?;
    let payment = bank.payments.get(id).ok_or_else(|| {
        ApiError::not_found("ERR_PAY_001", "There is no payment with this `paymentId`.")
    })?;
    let entry = payment.entry.and_then(|place| bank.book.entries().get(place));
    let details = Details {
        payment_id: id,
        client_id: bank.clients.id(payment.client),
        status: payment.timeline.at(bank.now()).0,
        states: payment
            .timeline
            .moments()
            .into_iter()
            .flatten()
            .map(|(status, at)| State { status, timestamp: timestamp(at) })
            .collect(),
        rejection: payment.rejection,
        entry_id: entry.map(|entry| entry.entry_id),
        reversal_id: entry.and_then(|entry| entry.reversal_id),
    };
    Ok(ApiResponse::json(StatusCode::OK, &details))
}

/// `GET /_sandbox/clients`, without their secrets.
fn clients(bank: &Bank) -> ApiResponse {
    #[derive(Serialize)]
    struct Client<'a> {
        client_id: &'a str,
        accounts: Vec<Account<'a>>,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Account<'a> {
        account_id: AccountId,
        name: &'a str,
        available_balance: Money,
        status: &'static str,
    }
    let clients: Vec<Client<'_>> = bank
        .clients
        .all()
        .map(|client| Client {
            client_id: bank.clients.id(client),
            accounts: bank
                .book
                .own_accounts(client)
                .map(|account| Account {
                    account_id: account.account_id,
                    name: account.name,
                    available_balance: account.available(),
                    status: if account.is_active() { "Active" } else { "Closed" },
                })
                .collect(),
        })
        .collect();
    ApiResponse::json(StatusCode::OK, &clients)
}
