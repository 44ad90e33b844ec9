//! Reads of accounts: the list, as of the last nightly load, and a balance, in real
//! time.

use std::time::Duration;

use http::StatusCode;
use qbank_proto::{AccountId, Money, RequestId};
use serde::Serialize;

use crate::answer::Answer;
use crate::clients::Client;
use crate::clock::timestamp;
use crate::error::Refusal;
use crate::ledger::Book;
use crate::timeline::load_before;

/// `GET /accounts`: an account that was closed today is still active in it.
pub(crate) fn list(
    book: &Book,
    client: Client,
    actor: &str,
    start: Duration,
    now: Duration,
) -> Answer {
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
    let accounts: Vec<Account<'_>> = book
        .own_accounts(client)
        .map(|account| {
            let (active, since) = account.was_active(load_before(now));
            Account {
                account_id: account.account_id,
                account_name: account.name,
                account_type: account.kind(),
                currency: "USD",
                status: if active { "Active" } else { "Closed" },
                timestamp: timestamp(since.unwrap_or(start)),
                actor,
                request_id: account.request_id,
            }
        })
        .collect();
    Answer::json(StatusCode::OK, &accounts)
}

/// `GET /balances/{accountId}`: what has arrived by ACH and not settled is on the
/// account, and not available.
pub(crate) fn balance(book: &Book, client: Client, id: &str) -> Result<Answer, Refusal> {
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
    Ok(Answer::json(StatusCode::OK, &balance))
}

pub(crate) fn account_id(text: &str) -> Result<AccountId, Refusal> {
    text.parse().map_err(|e| Refusal::malformed(format!("`accountId` {e}.")))
}
