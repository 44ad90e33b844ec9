//! Requests, responses and expectations that many scripts share.

use std::time::Duration;

use chrono::{DateTime, Utc};
use qbank_proto::endpoint::{
    Beneficiary, CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, GetPayment, ListAccounts,
};
use qbank_proto::{
    AccessToken, AccountId, AuthDate, CallOptions, ConflictPolicy, Error, ErrorKind, Fate,
    IdempotencyKey, PaymentId, Resume, WriteOptions,
};

use super::{Act, NOON, says};

pub const FROM: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";
pub const TO: &str = "7a2d1fab-63b6-4d97-8d20-1b5c8e4f3021";
pub const PAYMENT: &str = "0b9e3c5e-8f0e-4a8e-9a54-6b7c1d2e3f40";
pub const OTHER_PAYMENT: &str = "1c0f4d6f-9a1f-4b9f-8b65-7c8d2e3f4051";
pub const REQUEST: &str = "9d2f6a51-1111-4222-8333-444455556666";
pub const ACCOUNT_NUMBER: &str = "004417829316";

pub fn payment_id() -> PaymentId {
    PAYMENT.parse().unwrap()
}

pub fn ach() -> CreateAch {
    let to: AccountId = TO.parse().unwrap();
    CreateAch::new(FROM.parse().unwrap(), to, "1000.50".parse().unwrap())
}

pub fn wire() -> CreateWire {
    let beneficiary = Beneficiary::new("ACME", "021000021".parse().unwrap(), ACCOUNT_NUMBER);
    let amount = "25".parse().unwrap();
    CreateWire::new(FROM.parse().unwrap(), beneficiary, amount, "INV-7")
}

pub fn transfer() -> CreateTransfer {
    let amount = "250.75".parse().unwrap();
    CreateTransfer::new(FROM.parse().unwrap(), TO.parse().unwrap(), amount)
}

pub fn check_issue() -> CreateCheckIssue {
    CreateCheckIssue::new(
        OTHER_PAYMENT.parse().unwrap(),
        FROM.parse().unwrap(),
        "1001",
        "99.99".parse().unwrap(),
        "2026-01-05".parse().unwrap(),
    )
}

pub fn accounts() -> ListAccounts {
    ListAccounts
}

pub fn get_payment() -> GetPayment {
    GetPayment::new(payment_id())
}

/// An ACH payment was accepted.
pub fn accepted() -> Act {
    says(202).header("location", &format!("/v1/payments/{PAYMENT}"))
}

/// A wire was accepted.
pub fn wired() -> Act {
    says(201).json(&payment_json("WIRE", "25.00", "P_COMPLETED"))
}

/// The bank's record of a payment.
pub fn record(kind: &str, amount: &str, status: &str) -> Act {
    says(200).json(&payment_json(kind, amount, status))
}

pub fn payment_json(kind: &str, amount: &str, status: &str) -> String {
    format!(r#"{{"paymentId":"{PAYMENT}","type":"{kind}","amount":{amount},"status":"{status}"}}"#)
}

/// A standard error.
pub fn refuses(status: u16) -> Act {
    says(status)
        .json(&format!(r#"{{"message":"no","error_code":"ERR_X_001","request_id":"{REQUEST}"}}"#))
}

/// A conflict of keys, as documented.
pub fn conflict() -> Act {
    says(409).header("content-type", "application/problem+json").body(format!(
        r#"{{"type":"https://api.qbankconnect.com/problems/idempotency-conflict","title":"Conflict","status":409,"detail":"in process","transaction_id":"{PAYMENT}"}}"#
    ))
}

/// What a script gives a call: what every call may have, and what a write has besides.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub timeout: Option<Duration>,
    pub deadline: Option<Duration>,
    pub max_retries: Option<u32>,
    pub token: Option<AccessToken>,
    pub on_conflict: Option<ConflictPolicy>,
    pub auth_date: Option<AuthDate>,
    /// When the intent was first sent, if it was sent before.
    pub first_sent: Option<DateTime<Utc>>,
}

impl Options {
    pub fn of_call(&self) -> CallOptions {
        let mut options = CallOptions::new();
        options.timeout = self.timeout;
        options.deadline = self.deadline;
        options.max_retries = self.max_retries;
        options.token.clone_from(&self.token);
        options
    }

    pub fn of_write(&self, key: IdempotencyKey) -> WriteOptions {
        let mut options = match self.first_sent {
            Some(first_sent) => WriteOptions::resume(Resume::new(key, first_sent)),
            None => WriteOptions::new(key),
        };
        options.on_conflict = self.on_conflict;
        options.auth_date = self.auth_date;
        options
    }
}

pub fn options() -> Options {
    Options::default()
}

pub fn with(change: impl FnOnce(&mut Options)) -> Options {
    let mut options = Options::default();
    change(&mut options);
    options
}

pub fn retries(max_retries: u32) -> Options {
    with(|options| options.max_retries = Some(max_retries))
}

/// Continues an intent that was first sent so many seconds ago.
pub fn resumed(seconds_ago: u64) -> Options {
    with(|options| options.first_sent = Some(ago(seconds_ago)))
}

pub fn ago(seconds: u64) -> DateTime<Utc> {
    let at = i64::try_from(NOON.as_secs() - seconds).unwrap();
    DateTime::from_timestamp(at, 0).unwrap()
}

/// Kind, fate and number of sends of an error.
#[track_caller]
pub fn expect(error: &Error, kind: ErrorKind, fate: Fate, attempts: usize) {
    assert_eq!(
        (error.kind(), error.fate(), error.attempts().len()),
        (kind, fate, attempts),
        "{error}"
    );
}
