//! Positive pay: check issues, and the presented checks that did not match theirs.

use http::StatusCode;
use qbank_proto::{AccountId, ExceptionId, IssueId, Money, RequestId};
use serde::Serialize;

use crate::bank::Bank;
use crate::bank::access::ClientIndex;
use crate::bank::positive_pay::MismatchReason;
use crate::bank::time::{date, timestamp};
use crate::message::error::ApiError;
use crate::message::fields::Fields;
use crate::message::response::ApiResponse;

/// `POST /positivepay/issues`.
pub(super) fn issue(
    bank: &mut Bank,
    client: ClientIndex,
    body: &[u8],
) -> Result<IssueId, ApiError> {
    let mut fields = Fields::parse(body)?;
    let id: IssueId = fields.id("issue_id")?;
    let account: AccountId = fields.id("account_id")?;
    let check_number = fields.text("check_number", 32)?;
    let amount = fields.amount("amount")?;
    let date = fields.date("issue_date")?;
    fields.end()?;
    bank.book.usable(client, account, "account_id")?;
    bank.positive_pay.issue(client, id, (account, check_number.into()), amount, date)?;
    Ok(id)
}

/// `GET /positivepay/exceptions`: those of the client, as of the last nightly load.
pub(super) fn exceptions(bank: &Bank, client: ClientIndex) -> ApiResponse {
    #[derive(Serialize)]
    struct Exception<'a> {
        #[serde(rename = "exceptionId")]
        id: ExceptionId,
        account_id: AccountId,
        check_number: &'a str,
        presented_amount: Money,
        presentment_date: String,
        reason_code: MismatchReason,
        timestamp: String,
        actor: &'a str,
        request_id: RequestId,
    }
    let exceptions: Vec<Exception<'_>> = bank
        .positive_pay
        .visible_exceptions(bank.now())
        .iter()
        .filter(|it| bank.book.account(it.account).is_some_and(|account| account.is_of(client)))
        .map(|it| Exception {
            id: it.id,
            account_id: it.account,
            check_number: &it.check_number,
            presented_amount: it.presented,
            presentment_date: date(it.at).to_string(),
            reason_code: it.reason,
            timestamp: timestamp(it.at),
            actor: bank.clients.id(client),
            request_id: it.request_id,
        })
        .collect();
    ApiResponse::json(StatusCode::OK, &exceptions)
}
