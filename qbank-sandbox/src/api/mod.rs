//! The bank's API under `/v1`: path, size, token and scope are checked here, then one
//! file per kind of operation builds the response.

mod accounts;
mod description;
mod positive_pay;
mod token;
mod transactions;
mod writes;

use bytes::Bytes;
use http::{Request, StatusCode};
use qbank_proto::{PaymentId, RequestId};

use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::message::MAX_BODY;
use crate::message::error::ApiError;
use crate::message::response::ApiResponse;
use crate::message::route::Route;

/// A request that has arrived.
pub(crate) struct Arrival<'a> {
    pub(crate) request: &'a Request<Bytes>,
    pub(crate) request_id: RequestId,
    pub(crate) body_sha256: [u8; 32],
    /// Respond as if another request with its key were in process.
    pub(crate) in_flight: bool,
}

/// Path, size, token, scope, then the operation.
pub(crate) fn respond(bank: &mut Bank, arrival: &Arrival<'_>) -> Result<ApiResponse, ApiError> {
    let Arrival { request, request_id, body_sha256, in_flight } = *arrival;
    let (headers, body) = (request.headers(), request.body());
    let now = bank.now();
    let (route, id) = Route::find(request.method(), request.uri().path())?;
    if body.len() > MAX_BODY {
        let message = "The body is larger than 1 MiB.";
        return Err(ApiError::new(StatusCode::PAYLOAD_TOO_LARGE, "ERR_REQ_004", message));
    }
    let Some(needed) = route.scope() else {
        return token::grant(bank, headers, body);
    };
    let bearer = bank.tokens.authenticate(now, headers)?;
    let client = bearer.client;
    if !bearer.scopes.allow(&needed) {
        let message = format!("The access token lacks the scope {needed}.");
        return Err(ApiError::new(StatusCode::FORBIDDEN, "ERR_AUTH_002", message));
    }
    if route.is_write() {
        let write = writes::WriteRequest {
            client,
            route,
            headers,
            body,
            body_sha256,
            now,
            request_id,
            in_flight,
        };
        return writes::execute(bank, &write);
    }
    match route {
        Route::Accounts => Ok(accounts::list(bank, client)),
        Route::Balance => accounts::balance(&bank.book, client, id),
        Route::Transactions => {
            transactions::list(bank, client, request.uri().query().unwrap_or_default())
        }
        Route::Payment => payment(bank, client, id),
        _ => Ok(positive_pay::exceptions(bank, client)),
    }
}

/// `GET /payments/{paymentId}`: a payment of another client is not found.
fn payment(bank: &Bank, client: ClientIndex, id: &str) -> Result<ApiResponse, ApiError> {
    let id: PaymentId = id.parse().map_err(|e| ApiError::malformed(format!("`paymentId` {e}.")))?;
    let own = bank.payments.get(id).filter(|payment| payment.client == client);
    let payment = own.ok_or_else(|| {
        ApiError::not_found("ERR_PAY_001", "There is no payment with this `paymentId`.")
    })?;
    Ok(ApiResponse::json(StatusCode::OK, &payment.resource(bank.now(), bank.clients.id(client))))
}
