//! The bodies of good answers, through every operation.

use std::fmt::Debug;

use bytes::Bytes;
use http::Response;
use qbank_proto::endpoint::{
    AchAccepted, Beneficiary, CreateCheckIssue, CreateTransfer, CreateWire, Effect, Endpoint,
    GetBalance, GetPayment, ListAccounts, ListCheckExceptions, ListTransactions, Payment,
};
use qbank_proto::webhook::Event;
use qbank_proto::{Call, Error, Fate, Reply, WriteOptions};
use serde::Serialize;

use crate::drive::{ACCOUNT_NUMBER, FROM, JITTER, PAYMENT, ach, drive, key, ready, retries};

/// What an operation decoded, written in the bank's canonical names and decoded
/// again, is the same. What cannot be decoded is a typed error; of a write its
/// fate is unknown.
pub fn resource(input: &[u8]) {
    let Some((first, body)) = input.split_first() else { return };
    let (from, to) = (FROM.parse().unwrap(), PAYMENT.parse().unwrap());
    let amount = "25".parse().unwrap();
    match first % 10 {
        0 => stays(ListAccounts, 200, body),
        1 => stays(GetBalance::new(from), 200, body),
        2 => stays(ListTransactions::new(), 200, body),
        3 => stays(GetPayment::new(PAYMENT.parse().unwrap()), 200, body),
        4 => stays(ListCheckExceptions, 200, body),
        5 => {
            let who = Beneficiary::new("ACME", "021000021".parse().unwrap(), ACCOUNT_NUMBER);
            stays(CreateWire::new(from, who, amount, "INV-7"), 201, body);
        }
        6 => {
            let read = |body: &[u8]| answered(ach(), 202, body);
            if let Ok(reply) = read(body) {
                let accepted: AchAccepted = reply.value;
                let again = read(&serde_json::to_vec(&accepted).unwrap());
                assert_eq!(again.unwrap().value, accepted);
            }
        }
        7 => drop(answered(CreateTransfer::new(from, to, amount), 201, body)),
        8 => {
            let issue = PAYMENT.parse().unwrap();
            let date = "2026-01-05".parse().unwrap();
            let issue = CreateCheckIssue::new(issue, from, "1001", amount, date);
            drop(answered(issue, 202, body));
        }
        _ => {
            let Ok(event) = Event::parse(body) else { return };
            let written = serde_json::to_vec(&event).unwrap();
            assert_eq!(Event::parse(&written).unwrap(), event);
        }
    }
}

fn stays<E: Endpoint + Clone>(endpoint: E, status: u16, body: &[u8])
where
    E::Output: PartialEq + Serialize + Debug,
{
    let first = match answered(endpoint.clone(), status, body) {
        Ok(reply) => reply.value,
        // A payment that failed is an error with the bank's record in it.
        Err(error) => {
            let Some(payment) = error.payment() else { return };
            let written = serde_json::to_vec(payment).unwrap();
            let again = answered(GetPayment::new(payment.payment_id), 200, &written);
            assert_eq!(&again.unwrap().value as &Payment, payment);
            return;
        }
    };
    let written = serde_json::to_vec(&first).unwrap();
    let second = answered(endpoint, status, &written).unwrap().value;
    assert_eq!(second, first, "{}", String::from_utf8_lossy(&written));
    assert_eq!(serde_json::to_vec(&second).unwrap(), written);
}

/// The answer to a call that is sent once.
fn answered<E: Endpoint>(endpoint: E, status: u16, body: &[u8]) -> Result<Reply<E::Output>, Error> {
    let mut response = Response::new(Bytes::copy_from_slice(body));
    *response.status_mut() = status.try_into().unwrap();
    let options = E::Effect::options(retries(0), || WriteOptions::new(key()));
    let mut call = Call::new(&ready(), endpoint, options, JITTER);
    let writes = call.key().is_some();
    let (outcome, sent) = drive(&mut call, |_| Ok(response.clone()));
    assert_eq!(sent.len(), 1);
    match &outcome {
        Ok(reply) => {
            assert_eq!(reply.fate, if writes { Fate::Accepted } else { Fate::NotApplicable });
            assert_eq!(reply.raw(), body);
        }
        Err(error) => {
            let fates: &[Fate] =
                if writes { &[Fate::Unknown, Fate::Refused] } else { &[Fate::NotApplicable] };
            assert!(fates.contains(&error.fate()), "{error}");
            assert!(error.response().is_some());
        }
    }
    outcome
}
