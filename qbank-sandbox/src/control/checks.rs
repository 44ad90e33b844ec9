//! `POST /_sandbox/checks`: a check is presented.

use http::StatusCode;
use qbank_proto::{AccountId, ExceptionId};
use serde::Serialize;

use crate::bank::Bank;
use crate::bank::positive_pay::MismatchReason;
use crate::bank::time::{load_after, timestamp};
use crate::message::error::ApiError;
use crate::message::fields::Fields;
use crate::message::response::ApiResponse;

pub(super) fn present(bank: &mut Bank, body: &[u8]) -> Result<ApiResponse, ApiError> {
    #[derive(Serialize)]
    struct Presented {
        matched: bool,
        reason_code: Option<MismatchReason>,
        #[serde(rename = "exceptionId")]
        exception_id: Option<ExceptionId>,
        /// When the exception can be read.
        visible: Option<String>,
    }
    let mut fields = Fields::parse(body)?;
    let account: AccountId = fields.id("account_id")?;
    let check_number: Box<str> = fields.text("check_number", 32)?.into();
    let amount = fields.amount("amount")?;
    fields.end()?;
    if bank.book.account(account).is_none_or(|account| account.owner.is_none()) {
        let message = "`account_id` is not an account of a client.";
        return Err(ApiError::not_found("ERR_ACC_001", message));
    }
    let now = bank.now();
    let check = (account, check_number);
    let mismatch = bank.positive_pay.present(now, &mut bank.ids, check, amount)?;
    let presented = Presented {
        matched: mismatch.is_none(),
        reason_code: mismatch.map(|(reason, _)| reason),
        exception_id: mismatch.map(|(_, id)| id),
        visible: mismatch.map(|_| timestamp(load_after(now))),
    };
    Ok(ApiResponse::json(StatusCode::CREATED, &presented))
}
