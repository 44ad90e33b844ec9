//! Reads of accounts: the list, as of the last nightly load, and a balance, in real
//! time.

use http::StatusCode;
use qbank_proto::{AccountId, Money, RequestId};
use serde::Serialize;

use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::ledger::Book;
use crate::bank::time::{load_before, timestamp};
use crate::message::error::ApiError;
use crate::message::response::ApiResponse;

/// `GET /accounts`: an account that was closed today is still active in it.
pub(super) fn list(bank: &Bank, client: ClientIndex) -> ApiResponse {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Account<'a> {
        account_id: AccountId,
        account_name: &'a str,
        account_type: &'a str,
        currency: &'a str,
        status: &'a str,
        timestamp: String,
        actor: &'a str,
        #[serde(rename = "request_id")]
        request_id: RequestId,
    }
    let accounts: Vec<Account<'_>> = bank
        .book
        .own_accounts(client)
        .map(|account| {
            let (active, since) = account.was_active(load_before(bank.now()));
            Account {
                account_id: account.account_id,
                account_name: account.name,
                account_type: account.kind(),
                currency: "USD",
                status: if active { "Active" } else { "Closed" },
                timestamp: timestamp(since.unwrap_or(bank.start)),
                actor: bank.clients.id(client),
                request_id: account.request_id,
            }
        })
        .collect();
    ApiResponse::json(StatusCode::OK, &accounts)
}

/// `GET /balances/{accountId}`: what has arrived by ACH and not settled is on the
/// account but not available.
pub(super) fn balance(book: &Book, client: ClientIndex, id: &str) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Balance {
        account_id: AccountId,
        available_balance: Money,
        current_balance: Money,
        currency: &'static str,
    }
    let account = book.own(client, account_id(id)?)?;
    let balance = Balance {
        account_id: account.account_id,
        available_balance: account.available(),
        current_balance: account.balance,
        currency: "USD",
    };
    Ok(ApiResponse::json(StatusCode::OK, &balance))
}

pub(super) fn account_id(text: &str) -> Result<AccountId, ApiError> {
    text.parse().map_err(|e| ApiError::malformed(format!("`accountId` {e}.")))
}
