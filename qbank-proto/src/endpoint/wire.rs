//! `POST /payments/wire`: a wire payment, done in real time.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::about::{not_failed, same_amount, same_id, same_type};
use super::pasted::{account_number, needed_text};
use super::{ApiResponse, Endpoint, Payment, PaymentType, Write, to_json};
use crate::error::Error;
use crate::json::{DecodeError, Reading};
use crate::types::{AccountId, Amount, Money, RoutingNumber, Scope, Secret};

/// Pays by wire.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateWire {
    /// The account that pays.
    pub source_account_id: AccountId,
    /// Who is paid.
    pub beneficiary: Beneficiary,
    /// Dollars.
    pub amount: Amount,
    /// The payer's own reference; the bank requires one.
    pub reference_code: String,
}

/// Who a wire goes to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Beneficiary {
    /// Whose account it is.
    pub name: String,
    /// The bank's ABA routing number.
    pub bank_id: RoutingNumber,
    /// The account's number there.
    pub account_number: Secret,
}

impl Beneficiary {
    /// An account at another bank.
    pub fn new(
        name: impl Into<String>,
        bank_id: RoutingNumber,
        account_number: impl Into<Secret>,
    ) -> Self {
        Self { name: name.into(), bank_id, account_number: account_number.into() }
    }
}

impl CreateWire {
    /// Pays `amount` from `source` to `beneficiary`.
    pub fn new(
        source: AccountId,
        beneficiary: Beneficiary,
        amount: Amount,
        reference_code: impl Into<String>,
    ) -> Self {
        Self {
            source_account_id: source,
            beneficiary,
            amount,
            reference_code: reference_code.into(),
        }
    }
}

impl Endpoint for CreateWire {
    type Effect = Write;
    type Output = Payment;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/payments/wire";
    const SCOPE: Option<Scope> = Some(Scope::PaymentsWireWrite);
    const FOLLOWS: bool = true;

    fn body(&self) -> Result<Bytes, Error> {
        let Beneficiary { name, bank_id, account_number: number } = &self.beneficiary;
        needed_text("beneficiary name", name)?;
        account_number(number)?;
        needed_text("reference code", &self.reference_code)?;
        to_json(&Body {
            source_account_id: self.source_account_id,
            beneficiary_details: Details { name, bank_id, account_number: number.expose() },
            amount: self.amount,
            reference_code: &self.reference_code,
        })
    }

    /// The bank documents no `Location`: the body names the payment, and one about another
    /// payment leaves this one unknown. A `Location` that comes all the same must agree.
    fn decode(&self, response: &ApiResponse<'_>) -> Result<Payment, DecodeError> {
        let document = response.document()?;
        let about = response.record(&document)?;
        same_id(about.id(), "paymentId", response.location)?;
        same_type(about.payment_type, Some(&PaymentType::Wire))?;
        same_amount(about.amount, self.amount)?;
        same_id(about.source_account(), "source_account_id", Some(self.source_account_id))?;
        let payment = Payment::of(&about, Reading::Lenient)?;
        not_failed(payment.status.as_ref(), Some(payment.payment_id))?;
        Ok(payment)
    }

    fn follow(&self, payment: &Payment) -> Option<Payment> {
        let ours = payment.payment_type == Some(PaymentType::Wire)
            && payment.amount == Some(Money::from(self.amount))
            && payment.source_account_id.is_none_or(|id| id == self.source_account_id);
        ours.then(|| payment.clone())
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.beneficiary.account_number.expose()]
    }
}

#[derive(Serialize)]
struct Body<'a> {
    source_account_id: AccountId,
    beneficiary_details: Details<'a>,
    amount: Amount,
    reference_code: &'a str,
}

#[derive(Serialize)]
struct Details<'a> {
    name: &'a str,
    bank_id: &'a RoutingNumber,
    account_number: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, sent};

    const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

    fn wire() -> CreateWire {
        let beneficiary = Beneficiary::new("ACME", "021000021".parse().unwrap(), "0012345678");
        CreateWire::new(FROM.parse().unwrap(), beneficiary, "25".parse().unwrap(), "INV-7")
    }

    #[test]
    fn wire_vector() {
        assert_eq!(
            sent(&wire()),
            format!(
                r#"{{"source_account_id":"{FROM}","beneficiary_details":{{"name":"ACME","bank_id":"021000021","account_number":"0012345678"}},"amount":25.00,"reference_code":"INV-7"}}"#
            )
        );
        let payment =
            read(&wire(), 201, &format!(r#"{{"paymentId":"{ID}","type":"WIRE"}}"#)).unwrap();
        assert_eq!(payment.payment_id.to_string(), ID);
    }

    #[test]
    fn without_a_payment_in_the_body_nothing_is_accepted() {
        for (status, body) in [(201, ""), (204, ""), (201, "<html>"), (201, "[]"), (201, "{}")] {
            assert!(read(&wire(), status, body).is_err(), "{status} {body}");
        }
    }

    #[test]
    fn only_a_wire_of_our_amount_is_ours() {
        let mut payment = Payment::new(ID.parse().unwrap());
        assert!(wire().follow(&payment).is_none());
        payment.payment_type = Some(PaymentType::Wire);
        payment.amount = Some(Money::from_cents(2500));
        assert!(wire().follow(&payment).is_some());
        payment.payment_type = Some(PaymentType::Ach);
        assert!(wire().follow(&payment).is_none());
    }
}
