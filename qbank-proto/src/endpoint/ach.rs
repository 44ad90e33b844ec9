//! `POST /payments/ach`: an ACH payment, accepted now and settled in batches.

use std::collections::BTreeMap;

use bytes::Bytes;
use chrono::NaiveDate;
use http::{Method, StatusCode};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::about::{same_amount, same_id, same_type};
use super::pasted::{account_number, needed_text, plain_text};
use super::{ApiResponse, Endpoint, Payment, PaymentStatus, PaymentType, Write, to_json};
use crate::error::Error;
use crate::json::{DecodeError, Member, leaves};
use crate::types::{AccountId, Amount, Money, PaymentId, RoutingNumber, Scope, Secret};

/// Pays by ACH.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CreateAch {
    /// The account that pays.
    pub source_account_id: AccountId,
    /// Who is paid.
    pub destination: Destination,
    /// Dollars.
    pub amount: Amount,
    /// The day it should take effect.
    pub effective_date: Option<NaiveDate>,
    /// The payer's own reference.
    pub reference_id: Option<String>,
}

/// Who an ACH payment goes to.
#[derive(Debug, Clone)]
pub enum Destination {
    /// An account that the bank knows by id.
    Account(AccountId),
    /// An account elsewhere.
    Recipient(Recipient),
}

/// An account at another bank.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Recipient {
    /// Whose account it is.
    pub name: String,
    /// The bank's ABA routing number.
    pub bank_id: RoutingNumber,
    /// The account's number there.
    pub account_number: Secret,
    /// Further members.
    more: BTreeMap<String, Further>,
}

/// A further member as it was written, and what of it no error may repeat.
#[derive(Clone)]
struct Further {
    json: Box<RawValue>,
    texts: Vec<String>,
}

impl std::fmt::Debug for Further {
    /// It may be as secret as the account number.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[secret]")
    }
}

impl Serialize for Further {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.json.serialize(serializer)
    }
}

impl Recipient {
    /// An account at another bank, without further members.
    pub fn new(
        name: impl Into<String>,
        bank_id: RoutingNumber,
        account_number: impl Into<Secret>,
    ) -> Self {
        Self {
            name: name.into(),
            bank_id,
            account_number: account_number.into(),
            more: BTreeMap::new(),
        }
    }

    /// Adds a member that the bank agreed on with its client, or replaces it. The
    /// value is JSON, and is sent as it is written: no digit of a number is lost.
    /// `name`, `bank_id` and `account_number` cannot be set here.
    ///
    /// ```
    /// use qbank_proto::endpoint::Recipient;
    /// let recipient = Recipient::new("ACME", "021000021".parse()?, "0012345678")
    ///     .with_member("account_type", r#""checking""#)?
    ///     .with_member("limit", "10.10")?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn with_member(
        mut self,
        name: impl Into<String>,
        json: impl AsRef<str>,
    ) -> Result<Self, Error> {
        let json: Box<RawValue> = serde_json::from_str(json.as_ref())
            .map_err(|_| Error::invalid_input("recipient member", "must be JSON"))?;
        let texts = leaves(json.get().as_bytes());
        let name = name.into();
        if ["name", "bank_id", "account_number"].contains(&name.as_str()) {
            return Err(Error::invalid_input(
                "recipient member",
                "must not be name, bank_id or account_number",
            ));
        }
        self.more.insert(name, Further { json, texts });
        Ok(self)
    }

    /// What is sent, with the account number in clear.
    fn details(&self) -> Details<'_> {
        Details {
            name: &self.name,
            bank_id: &self.bank_id,
            account_number: self.account_number.expose(),
            more: &self.more,
        }
    }
}

impl From<AccountId> for Destination {
    fn from(id: AccountId) -> Self {
        Self::Account(id)
    }
}

impl From<Recipient> for Destination {
    fn from(recipient: Recipient) -> Self {
        Self::Recipient(recipient)
    }
}

impl CreateAch {
    /// Pays `amount` from `source` to `destination`.
    pub fn new(source: AccountId, destination: impl Into<Destination>, amount: Amount) -> Self {
        Self {
            source_account_id: source,
            destination: destination.into(),
            amount,
            effective_date: None,
            reference_id: None,
        }
    }

    /// Asks for it to take effect on this day.
    #[must_use]
    pub const fn effective_date(mut self, date: NaiveDate) -> Self {
        self.effective_date = Some(date);
        self
    }

    /// Adds the payer's own reference.
    #[must_use]
    pub fn reference_id(mut self, reference: impl Into<String>) -> Self {
        self.reference_id = Some(reference.into());
        self
    }
}

impl Endpoint for CreateAch {
    type Effect = Write;
    type Output = AchAccepted;

    const METHOD: Method = Method::POST;
    const PATH: &'static str = "/payments/ach";
    const SCOPE: Option<Scope> = Some(Scope::PaymentsAchWrite);
    const FOLLOWS: bool = true;

    fn body(&self) -> Result<Bytes, Error> {
        let (account, recipient) = match &self.destination {
            Destination::Account(id) => (Some(*id), None),
            Destination::Recipient(recipient) => {
                needed_text("recipient name", &recipient.name)?;
                account_number(&recipient.account_number)?;
                (None, Some(recipient.details()))
            }
        };
        if let Some(reference) = &self.reference_id {
            plain_text("reference id", reference)?;
        }
        to_json(&Body {
            source_account_id: self.source_account_id,
            destination_account_id: account,
            recipient_details: recipient,
            amount: self.amount,
            effective_date: self.effective_date,
            reference_id: self.reference_id.as_deref(),
        })
    }

    /// With a usable `Location` the payment is accepted, whatever the body: the bank names
    /// the payment of this request there. The body's status counts only if the body does not
    /// contradict the request. The bank documents that the body may be empty. The id comes
    /// from the `Location`, else from the body, else it is not known.
    fn decode(&self, response: &ApiResponse<'_>) -> Result<AchAccepted, DecodeError> {
        match self.read(response) {
            Err(_) if response.location.is_some() => {
                Ok(AchAccepted { payment_id: response.location, status: None })
            }
            read => read,
        }
    }

    fn follow(&self, payment: &Payment) -> Option<AchAccepted> {
        let ours = payment.payment_type == Some(PaymentType::Ach)
            && payment.amount == Some(Money::from(self.amount))
            && payment.source_account_id.is_none_or(|id| id == self.source_account_id)
            && match (&self.destination, payment.destination_account_id) {
                (Destination::Account(ours), Some(theirs)) => *ours == theirs,
                _ => true,
            };
        ours.then(|| AchAccepted {
            payment_id: Some(payment.payment_id),
            status: payment.status.clone(),
        })
    }

    fn failed(accepted: &AchAccepted) -> bool {
        accepted.status == Some(PaymentStatus::Failed)
    }

    fn payment_id(accepted: &AchAccepted) -> Option<PaymentId> {
        accepted.payment_id
    }

    fn secrets(&self) -> Vec<&str> {
        match &self.destination {
            Destination::Account(_) => Vec::new(),
            Destination::Recipient(recipient) => {
                let more = recipient.more.values().flat_map(|further| &further.texts);
                std::iter::once(recipient.account_number.expose())
                    .chain(more.map(String::as_str))
                    .collect()
            }
        }
    }
}

impl CreateAch {
    fn read(&self, response: &ApiResponse<'_>) -> Result<AchAccepted, DecodeError> {
        let document = response.success_or_empty(StatusCode::ACCEPTED)?;
        let about: About<'_> = document.object()?;
        let id = about.id.or(about.id_other);
        same_id(id, "paymentId", response.location)?;
        same_type(about.payment_type, Some(&PaymentType::Ach))?;
        same_amount(about.amount, self.amount)?;
        same_id(about.source_account_id, "source_account_id", Some(self.source_account_id))?;
        if let Destination::Account(ours) = &self.destination {
            same_id(about.destination_account_id, "destination_account_id", Some(*ours))?;
        }
        let payment_id = response.location.or_else(|| id.id().lenient());
        if payment_id.is_none() && response.status != StatusCode::ACCEPTED {
            return Err(DecodeError::new("neither Location nor body names the payment"));
        }
        Ok(AchAccepted { payment_id, status: about.status.open().lenient() })
    }
}

#[derive(Serialize)]
struct Body<'a> {
    source_account_id: AccountId,
    #[serde(skip_serializing_if = "Option::is_none")]
    destination_account_id: Option<AccountId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    recipient_details: Option<Details<'a>>,
    amount: Amount,
    #[serde(skip_serializing_if = "Option::is_none")]
    effective_date: Option<NaiveDate>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference_id: Option<&'a str>,
}

#[derive(Serialize)]
struct Details<'a> {
    name: &'a str,
    bank_id: &'a RoutingNumber,
    account_number: &'a str,
    #[serde(flatten)]
    more: &'a BTreeMap<String, Further>,
}

/// What the payment is known by, in a response.
#[derive(Default, Deserialize)]
#[serde(default)]
struct About<'a> {
    #[serde(borrow, rename = "paymentId")]
    id: Member<'a>,
    #[serde(rename = "payment_id")]
    id_other: Member<'a>,
    #[serde(rename = "type")]
    payment_type: Member<'a>,
    amount: Member<'a>,
    status: Member<'a>,
    #[serde(alias = "sourceAccountId")]
    source_account_id: Member<'a>,
    #[serde(alias = "destinationAccountId")]
    destination_account_id: Member<'a>,
}

/// The bank took the payment. It settles in batches: see `payments().wait`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct AchAccepted {
    /// Identifies the payment, if the response does so in a usable way.
    #[serde(rename = "paymentId")]
    pub payment_id: Option<PaymentId>,
    /// Where it stands; not known when only its acceptance is.
    pub status: Option<PaymentStatus>,
}

impl AchAccepted {
    /// A payment that was accepted; for tests of applications.
    pub const fn new(payment_id: Option<PaymentId>) -> Self {
        Self { payment_id, status: None }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::sent;

    const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
    const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";

    fn ach() -> CreateAch {
        let to: AccountId = TO.parse().unwrap();
        CreateAch::new(FROM.parse().unwrap(), to, "1000.5".parse().unwrap())
    }

    fn decoded(
        status: u16,
        body: Option<&str>,
        location: Option<&str>,
    ) -> Result<Option<String>, ()> {
        let headers = http::HeaderMap::new();
        let response = ApiResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: body.map(str::as_bytes),
            location: location.map(|id| id.parse().unwrap()),
        };
        let accepted = ach().decode(&response).map_err(drop)?;
        Ok(accepted.payment_id.map(|id| id.to_string()))
    }

    #[test]
    fn wire_vector() {
        assert_eq!(
            sent(&ach()),
            format!(
                r#"{{"source_account_id":"{FROM}","destination_account_id":"{TO}","amount":1000.50}}"#
            )
        );
        let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "0012345678")
            .with_member("account_type", r#""savings""#)
            .and_then(|recipient| recipient.with_member("a_limit", "1e2"))
            .and_then(|recipient| recipient.with_member("account_type", r#""checking""#))
            .unwrap();
        let ach = CreateAch::new(FROM.parse().unwrap(), recipient, "0.01".parse().unwrap())
            .effective_date("2026-01-05".parse().unwrap())
            .reference_id("INV-7");
        assert_eq!(
            sent(&ach),
            format!(
                r#"{{"source_account_id":"{FROM}","recipient_details":{{"name":"ACME","bank_id":"021000021","account_number":"0012345678","a_limit":1e2,"account_type":"checking"}},"amount":0.01,"effective_date":"2026-01-05","reference_id":"INV-7"}}"#
            )
        );
    }

    #[test]
    fn no_member_goes_out_twice() {
        for name in ["name", "bank_id", "account_number"] {
            let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "0012345678");
            let error = recipient.with_member(name, "\"x\"").unwrap_err();
            assert!(error.to_string().contains("must not be name"), "{error}");
        }
    }

    #[test]
    fn what_counts_as_accepted() {
        let id = Ok(Some(ID.to_owned()));
        let unnamed = Ok(None);
        let body = format!(r#"{{"paymentId":"{ID}","status":"P_CREATED"}}"#);
        assert_eq!(decoded(202, Some(""), Some(ID)), id);
        assert_eq!(decoded(202, Some(""), None), unnamed);
        assert_eq!(decoded(202, Some(&body), None), id);
        assert_eq!(decoded(202, Some("<html>"), Some(ID)), id);
        assert_eq!(decoded(202, None, Some(ID)), id);
        assert_eq!(decoded(200, Some(&body), None), id);
        assert_eq!(decoded(200, Some(""), Some(ID)), id);
        assert_eq!(decoded(202, Some("{}"), None), unnamed);
    }

    #[test]
    fn what_does_not() {
        for (status, body) in [
            (202, Some("<html>")),
            (202, Some(r#"{"message":"maintenance","error_code":"ERR_MNT"}"#)),
            (202, Some("[]")),
            (202, None),
            (200, Some("")),
            (200, Some("{}")),
            (204, Some("")),
        ] {
            assert_eq!(decoded(status, body, None), Err(()), "{status} {body:?}");
        }
    }

    #[test]
    fn a_further_member_is_any_json_as_it_is_written() {
        let member = |json: &str| {
            let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "1");
            let recipient = recipient.with_member("x", json).ok()?;
            Some(serde_json::to_string(&recipient.details()).unwrap())
        };
        for json in
            ["1", "-0.10", "1e400", "123456789012345678901234567890", "null", r#"{"a":[true,"é"]}"#]
        {
            let sent = format!(
                r#"{{"name":"ACME","bank_id":"021000021","account_number":"1","x":{json}}}"#
            );
            assert_eq!(member(json), Some(sent));
        }
        for json in ["", "checking", "01", "1,\"y\":2", "\"", "{", "undefined", "1 2"] {
            assert_eq!(member(json), None, "{json}");
        }
    }

    #[test]
    fn a_blank_recipient_is_refused_by_field() {
        let blank = Recipient::new(" ", "021000021".parse().unwrap(), "1");
        let ach = CreateAch::new(FROM.parse().unwrap(), blank, "1".parse().unwrap());
        assert!(
            ach.body().unwrap_err().to_string().starts_with("recipient name must not be empty")
        );
    }
}
