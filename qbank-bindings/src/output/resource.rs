//! The bank's resources as records: members in camel case, dollars as decimal strings, since
//! a language's own numbers may be binary floats. What the bank did not say is not there.

use qbank_proto::endpoint::{
    Account, AchAccepted, Audit, Balance, CheckException, CheckIssueAccepted, Payment, Transaction,
    TransferAccepted,
};
use qbank_proto::webhook::Event;
use qbank_proto::{Money, TokenInfo};
use serde::ser::{Serialize, SerializeMap, Serializer};

/// A resource as its record is written.
pub(crate) struct View<'a, T>(pub(crate) &'a T);

impl Serialize for View<'_, Account> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("accountId", &self.0.account_id)?;
        record.known("accountName", self.0.account_name.as_ref())?;
        record.known("accountType", self.0.account_type.as_ref())?;
        record.known("currency", self.0.currency.as_ref())?;
        record.known("status", self.0.status.as_ref())?;
        record.audit(&self.0.audit)?;
        record.end()
    }
}

impl Serialize for View<'_, Balance> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("accountId", &self.0.account_id)?;
        record.dollars("availableBalance", self.0.available_balance)?;
        record.dollars("currentBalance", self.0.current_balance)?;
        record.known("currency", self.0.currency.as_ref())?;
        record.known("lastUpdatedTimestamp", self.0.last_updated.as_ref())?;
        record.end()
    }
}

impl Serialize for View<'_, Transaction> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("transactionId", &self.0.transaction_id)?;
        record.dollars("amount", self.0.amount)?;
        record.known("description", self.0.description.as_ref())?;
        record.known("transactionDate", self.0.transaction_date.as_ref())?;
        record.known("valueDate", self.0.value_date.as_ref())?;
        record.known("postingDate", self.0.posting_date.as_ref())?;
        record.known("status", self.0.status.as_ref())?;
        record.audit(&self.0.audit)?;
        record.end()
    }
}

impl Serialize for View<'_, CheckException> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("exceptionId", &self.0.exception_id)?;
        record.known("accountId", self.0.account_id.as_ref())?;
        record.known("checkNumber", self.0.check_number.as_ref())?;
        record.dollars("presentedAmount", self.0.presented_amount)?;
        record.known("presentmentDate", self.0.presentment_date.as_ref())?;
        record.known("reasonCode", self.0.reason_code.as_ref())?;
        record.audit(&self.0.audit)?;
        record.end()
    }
}

impl Serialize for View<'_, Payment> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("paymentId", &self.0.payment_id)?;
        record.known("type", self.0.payment_type.as_ref())?;
        record.dollars("amount", self.0.amount)?;
        record.known("status", self.0.status.as_ref())?;
        record.known("creationDate", self.0.creation_date.as_ref())?;
        record.known("completionDate", self.0.completion_date.as_ref())?;
        record.audit(&self.0.audit)?;
        record.end()
    }
}

/// Its members are always there.
impl Serialize for View<'_, AchAccepted> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("paymentId", &self.0.payment_id)?;
        record.member("status", &self.0.status)?;
        record.end()
    }
}

impl Serialize for View<'_, TransferAccepted> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.known("paymentId", self.0.location.as_ref())?;
        record.end()
    }
}

impl Serialize for View<'_, CheckIssueAccepted> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("issueId", &self.0.issue_id)?;
        record.end()
    }
}

/// The token but for its text. Its members are always there.
impl Serialize for View<'_, TokenInfo> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("scope", &self.0.scope)?;
        record.member("expiresInMs", &self.0.expires_in.map(super::step::milliseconds))?;
        record.end()
    }
}

impl Serialize for View<'_, Event> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = Record::new(serializer)?;
        record.member("eventId", &self.0.event_id)?;
        record.known("eventType", self.0.event_type.as_ref())?;
        record.known("resourceType", self.0.resource_type.as_ref())?;
        record.member("data", &View(&self.0.data))?;
        record.end()
    }
}

/// The members of a record.
pub(super) struct Record<M>(M);

impl<M: SerializeMap> Record<M> {
    pub(super) fn new<S: Serializer<SerializeMap = M>>(serializer: S) -> Result<Self, S::Error> {
        serializer.serialize_map(None).map(Self)
    }

    pub(super) fn end(self) -> Result<M::Ok, M::Error> {
        self.0.end()
    }

    pub(super) fn member<T>(&mut self, name: &str, value: &T) -> Result<(), M::Error>
    where
        T: Serialize + ?Sized,
    {
        self.0.serialize_entry(name, value)
    }

    /// One that the bank may have left out.
    fn known<T: Serialize>(&mut self, name: &str, value: Option<&T>) -> Result<(), M::Error> {
        value.map_or(Ok(()), |value| self.member(name, value))
    }

    fn dollars(&mut self, name: &str, money: Option<Money>) -> Result<(), M::Error> {
        self.known(name, money.map(|money| money.to_string()).as_ref())
    }

    /// Who, when, by which request.
    fn audit(&mut self, audit: &Audit) -> Result<(), M::Error> {
        self.known("timestamp", audit.timestamp.as_ref())?;
        self.known("actor", audit.actor.as_ref())?;
        self.known("requestId", audit.request_id.as_ref())
    }
}
