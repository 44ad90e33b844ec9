//! Whether a response is about the request it answers: a body that names another id,
//! amount, type or account decides nothing.
//!
//! What is absent or cannot be read contradicts nothing.

use super::PaymentType;
use crate::json::{DecodeError, Fields};
use crate::types::{Amount, Id, Money};

pub(super) const PAYMENT_ID: [&str; 2] = ["paymentId", "payment_id"];
pub(super) const SOURCE: [&str; 2] = ["source_account_id", "sourceAccountId"];

/// `expected` is what we asked for, or what another part of the response names.
pub(super) fn same_id<K>(
    fields: &Fields<'_>,
    names: [&str; 2],
    expected: Option<Id<K>>,
) -> Result<(), DecodeError> {
    match (fields.opt_id(&names), expected) {
        (Some(found), Some(expected)) if found != expected => Err(another(names[0])),
        _ => Ok(()),
    }
}

pub(super) fn same_amount(fields: &Fields<'_>, expected: Amount) -> Result<(), DecodeError> {
    match fields.money(&["amount"]) {
        Some(amount) if amount != Money::from(expected) => Err(another("amount")),
        _ => Ok(()),
    }
}

/// `None`: what we asked for is neither an ACH payment nor a wire. A type that this
/// version does not know may be the bank's new name for the same.
pub(super) fn same_type(
    fields: &Fields<'_>,
    expected: Option<&PaymentType>,
) -> Result<(), DecodeError> {
    match fields.open::<PaymentType>(&["type"]) {
        Ok(Some(PaymentType::Other(_)) | None) | Err(_) => Ok(()),
        Ok(found) if found.as_ref() == expected => Ok(()),
        Ok(Some(_)) => Err(another("type")),
    }
}

fn another(member: &str) -> DecodeError {
    DecodeError::new(format!("it is about another `{member}` than this request"))
}
