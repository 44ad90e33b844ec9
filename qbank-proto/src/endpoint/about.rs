//! Whether a response is about the request that it follows: a body that names another id,
//! amount, type or account decides nothing.
//!
//! What is absent or cannot be read contradicts nothing.

use super::{PaymentStatus, PaymentType};
use crate::json::{DecodeError, DecodeErrorKind, Member};
use crate::types::{Amount, Id, Money, PaymentId};

/// `expected` is what we asked for, or what another part of the response names.
pub(super) fn same_id<K>(
    found: Member<'_>,
    name: &'static str,
    expected: Option<Id<K>>,
) -> Result<(), DecodeError> {
    match (found.id().lenient(), expected) {
        (Some(found), Some(expected)) if found != expected => Err(DecodeError::about_another(name)),
        _ => Ok(()),
    }
}

pub(super) fn same_amount(found: Member<'_>, expected: Amount) -> Result<(), DecodeError> {
    match found.money().lenient() {
        Some(amount) if amount != Money::from(expected) => {
            Err(DecodeError::about_another("amount"))
        }
        _ => Ok(()),
    }
}

/// `None`: what we asked for is neither an ACH payment nor a wire. A type that this
/// version does not know may be the bank's new name for the same.
pub(super) fn same_type(
    found: Member<'_>,
    expected: Option<&PaymentType>,
) -> Result<(), DecodeError> {
    match found.open::<PaymentType>().lenient() {
        Some(PaymentType::Other(_)) | None => Ok(()),
        found if found.as_ref() == expected => Ok(()),
        Some(_) => Err(DecodeError::about_another("type")),
    }
}

/// A good response may report that the payment failed.
pub(super) fn not_failed(
    status: Option<&PaymentStatus>,
    id: Option<PaymentId>,
) -> Result<(), DecodeError> {
    match status {
        Some(PaymentStatus::Failed) => Err(DecodeErrorKind::PaymentFailed(id).into()),
        _ => Ok(()),
    }
}
