//! Payments that fail: who rejects them, why, and how to ask for it.

use qbank_proto::RoutingNumber;
use serde::Serialize;

/// Why a payment fails, as the control surface shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Rejection {
    /// Who rejects it.
    pub by: RejectedBy,
    /// Why.
    pub reason: RejectionReason,
}

/// Who rejects a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectedBy {
    /// The checks right after it was received: no money has moved.
    Validation,
    /// The core, after it took the batch: the money comes back by a reversal.
    Core,
}

/// Why a payment is rejected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RejectionReason {
    /// The payer's funds do not cover it.
    InsufficientFunds,
    /// An account of it is closed.
    ClosedAccount,
    /// No bank has the recipient's routing number.
    UnknownRoutingNumber,
}

use RejectedBy::{Core, Validation};
use RejectionReason::{ClosedAccount, InsufficientFunds, UnknownRoutingNumber};

/// A value that makes a payment fail, as `GET /_sandbox/magic` lists it.
#[derive(Debug, Clone, Copy, Serialize)]
pub(crate) struct Magic {
    field: Field,
    value: &'static str,
    #[serde(flatten)]
    rejection: Rejection,
}

/// Where a magic value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Field {
    #[serde(rename = "reference_id, reference_code")]
    Reference,
    #[serde(rename = "account_number")]
    AccountNumber,
    #[serde(rename = "bank_id")]
    BankId,
}

/// Texts and numbers that are not used by chance, as amounts would be.
pub(crate) const MAGIC: [Magic; 10] = [
    reference("SBX-VALIDATION-FUNDS", Validation, InsufficientFunds),
    reference("SBX-VALIDATION-CLOSED", Validation, ClosedAccount),
    reference("SBX-VALIDATION-ROUTING", Validation, UnknownRoutingNumber),
    reference("SBX-CORE-FUNDS", Core, InsufficientFunds),
    reference("SBX-CORE-CLOSED", Core, ClosedAccount),
    reference("SBX-CORE-ROUTING", Core, UnknownRoutingNumber),
    magic(Field::AccountNumber, "9990000001", Validation, InsufficientFunds),
    magic(Field::AccountNumber, "9990000002", Core, InsufficientFunds),
    magic(Field::AccountNumber, "9990000003", Core, ClosedAccount),
    magic(Field::BankId, "990000000", Core, UnknownRoutingNumber),
];

const fn reference(value: &'static str, by: RejectedBy, reason: RejectionReason) -> Magic {
    magic(Field::Reference, value, by, reason)
}

const fn magic(
    field: Field,
    value: &'static str,
    by: RejectedBy,
    reason: RejectionReason,
) -> Magic {
    Magic { field, value, rejection: Rejection { by, reason } }
}

/// The rejection that a reference asks for.
pub(crate) fn by_reference(reference: &str) -> Option<Rejection> {
    asked_for(Field::Reference, reference)
}

/// The rejection of a payment to this external account.
pub(crate) fn by_account(bank: &RoutingNumber, account_number: &str) -> Option<Rejection> {
    asked_for(Field::AccountNumber, account_number).or_else(|| {
        let unknown = Rejection { by: Core, reason: UnknownRoutingNumber };
        (!is_assigned(bank)).then_some(unknown)
    })
}

fn asked_for(field: Field, value: &str) -> Option<Rejection> {
    let magic = MAGIC.iter().find(|magic| magic.field == field && magic.value == value);
    magic.map(|magic| magic.rejection)
}

/// The first two digits name a Federal Reserve district, the government, a thrift,
/// an electronic route or traveller's checks; the rest was never given out.
fn is_assigned(number: &RoutingNumber) -> bool {
    let first_two = number.as_str().get(..2).and_then(|digits| digits.parse::<u8>().ok());
    matches!(first_two, Some(0..=12 | 21..=32 | 61..=72 | 80))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routing_numbers_outside_the_districts_are_unknown() {
        for (number, known) in
            [("021000021", true), ("011401533", true), ("322271627", true), ("990000000", false)]
        {
            assert_eq!(is_assigned(&number.parse().unwrap()), known, "{number}");
        }
    }
}
