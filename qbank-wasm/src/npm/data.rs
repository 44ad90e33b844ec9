//! What the bank's resources are in JavaScript: members in camel case, dollars as
//! decimal strings, since JavaScript's numbers are binary floats. What the bank did
//! not say is not there.

use qbank_proto::chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use qbank_proto::endpoint::{
    Audit, CheckIssueAccepted, Payment, PaymentStatus, PaymentType, TransferAccepted,
};
use qbank_proto::webhook::{Event, EventType};
use qbank_proto::{Id, JsonObject, Money};

/// A value that is told to JavaScript.
pub(super) trait Data {
    /// As JSON.
    fn data(&self) -> String;
}

impl Data for Payment {
    fn data(&self) -> String {
        payment(self)
    }
}

pub(super) fn payment(payment: &Payment) -> String {
    let mut json = Members::new();
    json.id("paymentId", payment.payment_id);
    json.text("type", payment.payment_type.as_ref().map(PaymentType::as_str));
    json.money("amount", payment.amount);
    json.text("status", payment.status.as_ref().map(PaymentStatus::as_str));
    json.moment("creationDate", payment.creation_date);
    json.moment("completionDate", payment.completion_date);
    json.audit(&payment.audit);
    json.finish()
}

impl Data for TransferAccepted {
    fn data(&self) -> String {
        let mut json = Members::new();
        json.opt_id("paymentId", self.location);
        json.finish()
    }
}

impl Data for CheckIssueAccepted {
    fn data(&self) -> String {
        let mut json = Members::new();
        json.id("issueId", self.issue_id);
        json.finish()
    }
}

impl Data for Event {
    fn data(&self) -> String {
        let mut json = Members::new();
        json.id("eventId", self.event_id);
        json.text("eventType", self.event_type.as_ref().map(EventType::as_str));
        json.text("resourceType", self.resource_type.as_deref());
        json.0.json("data", &payment(&self.data));
        json.finish()
    }
}

/// A JSON array.
pub(super) struct List(String);

impl List {
    pub(super) const fn new() -> Self {
        Self(String::new())
    }

    pub(super) fn push(&mut self, json: &str) {
        self.0.push(if self.0.is_empty() { '[' } else { ',' });
        self.0.push_str(json);
    }

    pub(super) fn finish(mut self) -> String {
        if self.0.is_empty() {
            self.0.push('[');
        }
        self.0.push(']');
        self.0
    }
}

/// The members that are there.
pub(super) struct Members(JsonObject);

impl Members {
    pub(super) const fn new() -> Self {
        Self(JsonObject::new())
    }

    pub(super) fn finish(self) -> String {
        self.0.finish()
    }

    pub(super) fn text(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text {
            self.0.text(name, text);
        }
    }

    pub(super) fn id<K>(&mut self, name: &str, id: Id<K>) {
        self.text(name, Some(&id.to_string()));
    }

    pub(super) fn opt_id<K>(&mut self, name: &str, id: Option<Id<K>>) {
        if let Some(id) = id {
            self.id(name, id);
        }
    }

    pub(super) fn money(&mut self, name: &str, money: Option<Money>) {
        if let Some(money) = money {
            self.0.text(name, &money.to_string());
        }
    }

    pub(super) fn day(&mut self, name: &str, day: Option<NaiveDate>) {
        if let Some(day) = day {
            self.0.text(name, &day.to_string());
        }
    }

    pub(super) fn moment(&mut self, name: &str, moment: Option<DateTime<Utc>>) {
        if let Some(moment) = moment {
            self.0.text(name, &moment.to_rfc3339_opts(SecondsFormat::AutoSi, true));
        }
    }

    fn audit(&mut self, audit: &Audit) {
        self.moment("timestamp", audit.timestamp);
        self.text("actor", audit.actor.as_deref());
        self.opt_id("requestId", audit.request_id);
    }
}

#[cfg(test)]
mod tests {
    //! A resource has the members that it has in Rust, by the names of JavaScript.

    use std::task::Waker;
    use std::time::Duration;

    use qbank_proto::bytes::Bytes;
    use qbank_proto::endpoint::{
        Effect, Endpoint, GetBalance, GetPayment, ListAccounts, ListCheckExceptions,
        ListTransactions, Read,
    };
    use qbank_proto::http::Response;
    use qbank_proto::{
        AccessToken, Call, CallOptions, Config, Credentials, Entropy, Environment, Machine, Now,
        Session, Step,
    };
    use serde::Serialize;
    use serde_json::Value;

    use super::*;
    use crate::npm::listing::{self, Listed, Listing};
    use qbank_proto::ListEndpoint;

    const ID: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
    const AUDIT: &str = r#""timestamp":"2026-01-05T09:00:00.123Z","actor":"a \"client\"","request_id":"9d2f6a51-1111-4222-8333-444455556666""#;

    /// As serde has it, with the names in camel case and dollars as texts.
    fn expected(value: &impl Serialize) -> Value {
        let text = serde_json::to_string(value).unwrap();
        in_camel_case(serde_json::from_str(&text).unwrap())
    }

    fn in_camel_case(value: Value) -> Value {
        match value {
            Value::Array(items) => items.into_iter().map(in_camel_case).collect(),
            Value::Object(members) => members
                .into_iter()
                .map(|(name, value)| {
                    let mut words = name.split('_');
                    let mut camel = words.next().unwrap().to_owned();
                    for word in words {
                        camel.push_str(&word[..1].to_uppercase());
                        camel.push_str(&word[1..]);
                    }
                    (camel, in_camel_case(value))
                })
                .collect(),
            Value::Number(dollars) => format!("{:.2}", dollars.as_f64().unwrap()).into(),
            other => other,
        }
    }

    fn told(data: &impl Data) -> Value {
        serde_json::from_str(&data.data()).unwrap()
    }

    /// What a call makes of this body.
    fn read<E: Endpoint<Effect = Read>>(endpoint: E, body: &str) -> E::Output {
        let token = Credentials::Token(AccessToken::new("token").unwrap());
        let session = Session::new(Config::new(Environment::Production, token)).unwrap();
        let entropy = Entropy::from_bytes([0; 24]);
        let mut call =
            Call::new(&session, endpoint, Read::key([0; 16]), CallOptions::default(), entropy);
        let now = Now { mono: Duration::ZERO, unix: Duration::ZERO };
        let Step::Send(exchange) = call.poll(now, Waker::noop()) else { unreachable!() };
        call.settle(
            now,
            exchange.ticket,
            Ok(Response::new(Bytes::copy_from_slice(body.as_bytes()))),
        );
        let Step::Done(reply) = call.poll(now, Waker::noop()) else { unreachable!() };
        reply.unwrap().value
    }

    /// The same of a list, by its table.
    fn same_list<L>(list: L, body: &str, members: usize)
    where
        L: Listed + ListEndpoint<Item: Serialize> + Copy,
    {
        let typed = expected(&read(list, body));
        let told: Value = serde_json::from_str(&listing::told(read(Listing(list), body))).unwrap();
        assert_eq!(told, typed);
        assert_eq!(told[0].as_object().unwrap().len(), members, "{told}");
    }

    fn same<T: Data + Serialize>(value: &T, members: usize) {
        let told = told(value);
        assert_eq!(told, expected(value));
        let one = told.as_array().map_or(&told, |list| &list[0]);
        assert_eq!(one.as_object().unwrap().len(), members, "{told}");
    }

    #[test]
    fn every_resource_has_the_members_that_serde_gives_it() {
        let payment = format!(
            r#"{{"paymentId":"{ID}","type":"ACH","amount":1000.5,"status":"P_FAILED","creationDate":"2026-01-05T09:00:00Z","completionDate":"2026-01-05T09:00:00.000001Z",{AUDIT}}}"#
        );
        same(&read(GetPayment::new(ID.parse().unwrap()), &payment), 9);
        same(&read(GetPayment::new(ID.parse().unwrap()), &format!(r#"{{"paymentId":"{ID}"}}"#)), 1);
        let balance = format!(
            r#"{{"accountId":"{ID}","availableBalance":-0.5,"currentBalance":7,"currency":"USD","last_updated_timestamp":"2026-01-05T09:00:00.1Z"}}"#
        );
        let typed = expected(&read(GetBalance::new(ID.parse().unwrap()), &balance));
        let told = read(listing::Balance(ID.parse().unwrap()), &balance);
        assert_eq!(serde_json::from_str::<Value>(&told).unwrap(), typed);
        assert_eq!(typed.as_object().unwrap().len(), 5);
        let account = format!(
            r#"[{{"accountId":"{ID}","accountName":"é","accountType":"Savings","currency":"USD","status":"Active",{AUDIT}}},{{"accountId":"{ID}"}}]"#
        );
        same_list(ListAccounts, &account, 8);
        let transaction = format!(
            r#"[{{"transactionId":"{ID}","amount":-12.34,"description":"x","transaction_date":"2026-01-05T09:00:00Z","value_date":"2026-01-06","posting_date":"2026-01-07T01:00:00+01:00","status":"NEW",{AUDIT}}}]"#
        );
        same_list(ListTransactions::new(), &transaction, 10);
        let exception = format!(
            r#"[{{"exceptionId":"{ID}","account_id":"{ID}","check_number":"1","presented_amount":1,"presentment_date":"2026-01-05","reason_code":"NO_ISSUE",{AUDIT}}}]"#
        );
        same_list(ListCheckExceptions, &exception, 9);
        let event = format!(
            r#"{{"event_id":"{ID}","event_type":"paymentStatusUpdate","resource_type":"payment","data":{payment}}}"#
        );
        same(&Event::parse(event.as_bytes()).unwrap(), 4);
    }

    #[test]
    fn an_empty_list_is_a_list() {
        assert_eq!(listing::told(Vec::new()), "[]");
    }
}
