//! `POST /payments/ach`: an ACH payment, accepted now and settled in batches.

use bytes::Bytes;
use chrono::NaiveDate;
use http::{Method, StatusCode};
use serde::Serialize;
use serde::ser::{Error as _, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::about::{PAYMENT_ID, SOURCE, same_amount, same_id, same_type};
use super::{
    ApiResponse, Endpoint, Payment, PaymentStatus, PaymentType, Write, needs_text, plain_text,
};
use crate::error::Error;
use crate::json;
use crate::json::{DecodeError, Fields, JsonObject};
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
    /// Further members, sorted by name.
    extra: Vec<(String, String)>,
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
            extra: Vec::new(),
        }
    }

    /// Adds a member that the bank agreed on with its client, or replaces it. The
    /// value is JSON, and is sent as it is written: no digit of a number is lost.
    /// The members that every recipient has cannot be given twice.
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
        let json = json::value(json.as_ref())
            .map_err(|_| Error::invalid_input("recipient member", "must be JSON"))?;
        let (name, json) = (name.into(), json.to_owned());
        if ["name", "bank_id", "account_number"].contains(&name.as_str()) {
            return Err(Error::invalid_input("recipient member", "is one that is there already"));
        }
        match self.extra.binary_search_by(|(other, _)| other.cmp(&name)) {
            Ok(at) => self.extra[at].1 = json,
            Err(at) => self.extra.insert(at, (name, json)),
        }
        Ok(self)
    }

    fn json(&self) -> String {
        let mut json = JsonObject::new();
        json.text("name", &self.name)
            .text("bank_id", self.bank_id.as_str())
            .text("account_number", self.account_number.expose());
        for (name, value) in &self.extra {
            json.json(name, value);
        }
        json.finish()
    }
}

impl Serialize for Recipient {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("name", &self.name)?;
        members.serialize_entry("bank_id", &self.bank_id)?;
        members.serialize_entry("account_number", &self.account_number)?;
        for (name, json) in &self.extra {
            let json: &RawValue = serde_json::from_str(json).map_err(S::Error::custom)?;
            members.serialize_entry(name, json)?;
        }
        members.end()
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
        let mut body = JsonObject::new();
        body.id("source_account_id", self.source_account_id);
        match &self.destination {
            Destination::Account(id) => body.id("destination_account_id", *id),
            Destination::Recipient(recipient) => {
                needs_text("recipient name", &recipient.name)?;
                needs_text("account number", recipient.account_number.expose())?;
                body.json("recipient_details", &recipient.json())
            }
        };
        body.amount("amount", self.amount);
        if let Some(date) = self.effective_date {
            body.text("effective_date", &date.to_string());
        }
        if let Some(reference) = &self.reference_id {
            plain_text("reference id", reference)?;
            body.text("reference_id", reference);
        }
        Ok(body.finish().into())
    }

    /// A usable `Location` makes it accepted whatever the body, whose state then counts
    /// only if the body is about this payment; an empty body is documented; the id is in
    /// the `Location`, in the body, or unknown.
    fn decode(&self, answer: &ApiResponse<'_>) -> Result<AchAccepted, DecodeError> {
        let accepted = AchAccepted { payment_id: answer.location, status: None };
        let read = answer.fields_unless(StatusCode::ACCEPTED).and_then(|fields| {
            self.matches(&fields, answer.location)?;
            Ok(fields)
        });
        let fields = match read {
            Ok(fields) => fields,
            Err(_) if answer.location.is_some() => return Ok(accepted),
            Err(error) => return Err(error),
        };
        let payment_id = answer.location.or_else(|| fields.opt_id(&PAYMENT_ID));
        if payment_id.is_none() && answer.status != StatusCode::ACCEPTED {
            return Err(DecodeError::new("neither Location nor body names the payment"));
        }
        Ok(AchAccepted { payment_id, status: fields.open(&["status"]).ok().flatten() })
    }

    fn follow(&self, payment: &Payment) -> Option<AchAccepted> {
        let ours = payment.payment_type == Some(PaymentType::Ach)
            && payment.amount == Some(Money::from(self.amount));
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
            Destination::Recipient(recipient) => vec![recipient.account_number.expose()],
        }
    }
}

impl CreateAch {
    fn matches(&self, fields: &Fields<'_>, location: Option<PaymentId>) -> Result<(), DecodeError> {
        same_id(fields, PAYMENT_ID, location)?;
        same_type(fields, Some(&PaymentType::Ach))?;
        same_amount(fields, self.amount)?;
        same_id(fields, SOURCE, Some(self.source_account_id))?;
        match &self.destination {
            Destination::Account(id) => {
                same_id(fields, ["destination_account_id", "destinationAccountId"], Some(*id))
            }
            Destination::Recipient(_) => Ok(()),
        }
    }
}

/// The bank took the payment. It settles in batches: see `payments().wait`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AchAccepted {
    /// Identifies the payment, if the bank said so in a usable way.
    #[serde(rename = "paymentId")]
    pub payment_id: Option<PaymentId>,
    /// Where it stands; not known when only its acceptance is.
    pub status: Option<PaymentStatus>,
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

    fn answer(
        status: u16,
        body: Option<&str>,
        location: Option<&str>,
    ) -> Result<Option<String>, ()> {
        let headers = http::HeaderMap::new();
        let answer = ApiResponse {
            status: StatusCode::from_u16(status).unwrap(),
            headers: &headers,
            body: body.map(str::as_bytes),
            location: location.map(|id| id.parse().unwrap()),
        };
        let accepted = ach().decode(&answer).map_err(drop)?;
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
            assert!(error.to_string().contains("there already"), "{error}");
        }
    }

    #[test]
    fn what_counts_as_accepted() {
        let id = Ok(Some(ID.to_owned()));
        let unnamed = Ok(None);
        let body = format!(r#"{{"paymentId":"{ID}","status":"P_CREATED"}}"#);
        assert_eq!(answer(202, Some(""), Some(ID)), id);
        assert_eq!(answer(202, Some(""), None), unnamed);
        assert_eq!(answer(202, Some(&body), None), id);
        assert_eq!(answer(202, Some("<html>"), Some(ID)), id);
        assert_eq!(answer(202, None, Some(ID)), id);
        assert_eq!(answer(200, Some(&body), None), id);
        assert_eq!(answer(200, Some(""), Some(ID)), id);
        assert_eq!(answer(202, Some("{}"), None), unnamed);
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
            assert_eq!(answer(status, body, None), Err(()), "{status} {body:?}");
        }
    }

    #[test]
    fn a_further_member_is_any_json_as_it_is_written() {
        let member = |json: &str| {
            let recipient = Recipient::new("ACME", "021000021".parse().unwrap(), "1");
            let recipient = recipient.with_member("x", json).ok()?;
            assert_eq!(recipient.json(), serde_json::to_string(&recipient).unwrap());
            Some(recipient.json())
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
