//! `POST /payments/wire`: a wire payment, done in real time.

use bytes::Bytes;
use http::Method;
use serde::Serialize;

use super::about::{PAYMENT_ID, SOURCE, same_amount, same_id, same_type};
use super::{ApiResponse, Endpoint, Payment, PaymentType, Write, needs_text};
use crate::error::Error;
use crate::json::{DecodeError, JsonObject};
use crate::types::{AccountId, Amount, Money, PaymentId, RoutingNumber, Scope, Secret};

/// Pays by wire.
#[derive(Debug, Clone, Serialize)]
#[non_exhaustive]
pub struct CreateWire {
    /// The account that pays.
    pub source_account_id: AccountId,
    /// Who is paid.
    #[serde(rename = "beneficiary_details")]
    pub beneficiary: Beneficiary,
    /// Dollars.
    pub amount: Amount,
    /// The payer's own reference; the bank requires one.
    pub reference_code: String,
}

/// Who a wire goes to.
#[derive(Debug, Clone, Serialize)]
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
        needs_text("beneficiary name", &self.beneficiary.name)?;
        needs_text("account number", self.beneficiary.account_number.expose())?;
        needs_text("reference code", &self.reference_code)?;
        let mut details = JsonObject::new();
        details
            .text("name", &self.beneficiary.name)
            .text("bank_id", self.beneficiary.bank_id.as_str())
            .text("account_number", self.beneficiary.account_number.expose());
        let mut body = JsonObject::new();
        body.id("source_account_id", self.source_account_id)
            .json("beneficiary_details", &details.finish())
            .amount("amount", self.amount)
            .text("reference_code", &self.reference_code);
        Ok(body.finish().into())
    }

    /// The body is all there is: one about another payment leaves this one unknown.
    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Payment, DecodeError> {
        let fields = answer.fields()?;
        same_id(&fields, PAYMENT_ID, answer.location)?;
        same_type(&fields, Some(&PaymentType::Wire))?;
        same_amount(&fields, self.amount)?;
        same_id(&fields, SOURCE, Some(self.source_account_id))?;
        Payment::read(&fields)
    }

    fn follow(&self, payment: &Payment) -> Option<Payment> {
        let ours = payment.payment_type == Some(PaymentType::Wire)
            && payment.amount == Some(Money::from(self.amount));
        ours.then(|| payment.clone())
    }

    fn failed(payment: &Payment) -> bool {
        payment.failed()
    }

    fn payment_id(payment: &Payment) -> Option<PaymentId> {
        Some(payment.payment_id)
    }

    fn secrets(&self) -> Vec<&str> {
        vec![self.beneficiary.account_number.expose()]
    }
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
        assert_eq!(sent(&wire()), serde_json::to_string(&wire()).unwrap());
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
