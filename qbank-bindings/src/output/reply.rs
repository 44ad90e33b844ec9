//! What a call came to.

use qbank_proto::TokenInfo;
use qbank_proto::endpoint::{
    Account, AchAccepted, Balance, CheckException, CheckIssueAccepted, Payment, Transaction,
    TransferAccepted,
};
use serde::{Serialize, Serializer};

use super::View;
use super::error::log;
use super::resource::Record;
use crate::headers::Headers;

/// A good response, with all that is known about it. It serialises as a record, without its
/// body.
#[derive(Debug)]
pub struct Reply(pub(crate) qbank_proto::Reply<Data>);

impl Reply {
    /// The core's reply.
    pub const fn core(&self) -> &qbank_proto::Reply<Data> {
        &self.0
    }
}

impl Serialize for Reply {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let reply = &self.0;
        let mut record = Record::new(serializer)?;
        record.member("data", &reply.value)?;
        record.member("fate", reply.fate.as_str())?;
        record.member("status", &reply.status().as_u16())?;
        record.member("headers", Headers::all(reply.response().extensions()))?;
        record.member("idempotencyKey", &reply.key)?;
        record.member("firstSent", &reply.first_sent.map(|at| at.timestamp_millis()))?;
        record.member("followedConflict", &reply.followed)?;
        record.member("attemptLog", &log(&reply.attempts))?;
        record.end()
    }
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
