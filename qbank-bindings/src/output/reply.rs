//! What a call came to.

use qbank_proto::bytes::Bytes;
use qbank_proto::endpoint::{
    Account, AchAccepted, Balance, CheckException, CheckIssueAccepted, Payment, Transaction,
    TransferAccepted,
};
use qbank_proto::{Fate, IdempotencyKey, TokenInfo};
use serde::{Serialize, Serializer};

use super::error::fate;
use super::{Attempt, View, pairs};

/// A good response, with all that is known about it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reply {
    /// What it means.
    pub data: Data,
    /// What became of the money.
    #[serde(serialize_with = "fate")]
    pub fate: Fate,
    /// The status of the response that counted; none of a token.
    pub status: Option<u16>,
    /// Its headers.
    pub headers: Vec<(String, String)>,
    /// The key of the intent, if it was a write.
    pub idempotency_key: Option<IdempotencyKey>,
    /// When it was first sent, in milliseconds since 1970.
    pub first_sent: Option<i64>,
    /// The intent was found in process, and the data is the bank's record of the payment.
    pub followed_conflict: bool,
    /// Each send of the intent.
    pub attempt_log: Vec<Attempt>,
    /// The body of the response that counted.
    #[serde(skip)]
    pub raw: Bytes,
}

/// What a response means, by operation.
#[derive(Debug)]
#[non_exhaustive]
#[expect(missing_docs, reason = "named after what they hold")]
pub enum Data {
    Accounts(Vec<Account>),
    Ach(AchAccepted),
    Balance(Balance),
    CheckExceptions(Vec<CheckException>),
    CheckIssue(CheckIssueAccepted),
    Payment(Payment),
    Token(TokenInfo),
    Transactions(Vec<Transaction>),
    Transfer(TransferAccepted),
    /// A list whose items come while it arrives.
    Stream,
}

impl Reply {
    pub(crate) fn of(reply: qbank_proto::Reply<Data>) -> Self {
        Self {
            fate: reply.fate,
            status: Some(reply.status().as_u16()),
            headers: pairs(reply.headers()),
            idempotency_key: reply.key,
            first_sent: reply.first_sent.map(|at| at.timestamp_millis()),
            followed_conflict: reply.followed,
            attempt_log: Attempt::log(&reply.attempts),
            raw: reply.raw().clone(),
            data: reply.value,
        }
    }

    pub(crate) fn token(info: TokenInfo) -> Self {
        Self {
            data: Data::Token(info),
            fate: Fate::NotApplicable,
            status: None,
            headers: Vec::new(),
            idempotency_key: None,
            first_sent: None,
            followed_conflict: false,
            attempt_log: Vec::new(),
            raw: Bytes::new(),
        }
    }
}

impl Serialize for Data {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Accounts(accounts) => serializer.collect_seq(accounts.iter().map(View)),
            Self::Ach(accepted) => View(accepted).serialize(serializer),
            Self::Balance(balance) => View(balance).serialize(serializer),
            Self::CheckExceptions(list) => serializer.collect_seq(list.iter().map(View)),
            Self::CheckIssue(accepted) => View(accepted).serialize(serializer),
            Self::Payment(payment) => View(payment).serialize(serializer),
            Self::Token(info) => View(info).serialize(serializer),
            Self::Transactions(list) => serializer.collect_seq(list.iter().map(View)),
            Self::Transfer(accepted) => View(accepted).serialize(serializer),
            Self::Stream => serializer.serialize_none(),
        }
    }
}
