//! The call that a transport makes.

use serde::{Deserialize, Serialize};

/// One call of the client, as data.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Which operation.
    pub operation: Operation,
    /// Its arguments. In the JSON they may be left out: then they are the operation's entry in
    /// `scenarios/samples.json`. A transport always gets them complete.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub arguments: Option<Arguments>,
    /// The options of this one call.
    #[serde(default)]
    pub options: Options,
}

impl Call {
    /// The arguments, complete.
    pub fn arguments(&self) -> Arguments {
        self.arguments.clone().unwrap_or_default()
    }
}

/// The operations of the contract, and two of the client's own: `wait` and `authenticate`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// `POST /payments/ach`.
    Ach,
    /// `POST /payments/wire`.
    Wire,
    /// `POST /transfers`.
    Transfer,
    /// `POST /positivepay/issues`.
    CheckIssue,
    /// `GET /balances/{account_id}`.
    Balance,
    /// `GET /accounts`.
    Accounts,
    /// `GET /transactions`, with the filters that the arguments name.
    Transactions,
    /// `GET /payments/{payment_id}`.
    Payment,
    /// `GET /positivepay/exceptions`.
    Exceptions,
    /// Polls a payment until it is final.
    Wait,
    /// Fetches a token, and no more.
    Authenticate,
}

impl Operation {
    /// Every operation.
    pub const ALL: [Operation; 11] = [
        Operation::Ach,
        Operation::Wire,
        Operation::Transfer,
        Operation::CheckIssue,
        Operation::Balance,
        Operation::Accounts,
        Operation::Transactions,
        Operation::Payment,
        Operation::Exceptions,
        Operation::Wait,
        Operation::Authenticate,
    ];

    /// Does it move money, under a key?
    pub fn is_write(self) -> bool {
        use Operation::{Ach, CheckIssue, Transfer, Wire};
        matches!(self, Ach | Wire | Transfer | CheckIssue)
    }
}

/// The arguments of every operation, under the bank's canonical member names; an operation uses
/// those that it has.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Arguments {
    /// ACH, wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source_account_id: Option<String>,
    /// ACH to an account at the bank.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_account_id: Option<String>,
    /// ACH to an account elsewhere.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub recipient_details: Option<Party>,
    /// Wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beneficiary_details: Option<Party>,
    /// Every write: dollars, as a decimal string.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<String>,
    /// ACH: a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective_date: Option<String>,
    /// ACH.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_id: Option<String>,
    /// Wire.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reference_code: Option<String>,
    /// Transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_account_id: Option<String>,
    /// Transfer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to_account_id: Option<String>,
    /// Check issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_id: Option<String>,
    /// Check issue, balance; the filter of transactions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account_id: Option<String>,
    /// Check issue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check_number: Option<String>,
    /// Check issue: a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub issue_date: Option<String>,
    /// The other filter of transactions (`postingDateGte` on the wire): a date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posted_since: Option<String>,
    /// Payment, wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_id: Option<String>,
}

/// Who is paid.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Party {
    /// The name on the account.
    pub name: String,
    /// The ABA routing number.
    pub bank_id: String,
    /// The account number: a secret, so a failure if it shows in a message.
    pub account_number: String,
}

/// The options of a call. What is `None` is the library's own default, which is then what the
/// scenario proves.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Options {
    /// Retries after the first attempt; the library's default is 2.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_retries: Option<u32>,
    /// Per attempt. Here 5 s unless the scenario sets it.
    pub timeout_ms: u64,
    /// Of which to connect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub connect_timeout_ms: Option<u64>,
    /// In total. Here 20 s unless the scenario sets it.
    pub deadline_ms: u64,
    /// The base of the backoff. Here 10 ms, so that a test is quick.
    pub backoff_ms: u64,
    /// The conflict policy.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub on_conflict: Option<OnConflict>,
    /// The key of a write; none: the library makes one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub idempotency_key: Option<String>,
    /// The call is rebuilt after a crash: same arguments, same key (which is then always given).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resume: Option<Resume>,
    /// `x-fapi-auth-date`, as an HTTP-date.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auth_date: Option<String>,
    /// A ready-made token instead of credentials.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_token: Option<String>,
    /// The cap on a buffered response's body.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_body_bytes: Option<u64>,
    /// `wait`: the first pause between two polls. Here 20 ms, so that a test is quick. A driver
    /// that cannot set it may ignore it.
    pub poll_ms: u64,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            max_retries: None,
            timeout_ms: 5_000,
            connect_timeout_ms: None,
            deadline_ms: 20_000,
            backoff_ms: 10,
            on_conflict: None,
            idempotency_key: None,
            resume: None,
            auth_date: None,
            access_token: None,
            max_body_bytes: None,
            poll_ms: 20,
        }
    }
}

/// What to do about a 409.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OnConflict {
    /// Report it, whatever came before.
    Report,
    /// Follow it if an earlier attempt of this call was in doubt: the default.
    FollowOwn,
    /// Follow it always.
    Follow,
}

/// The call was sent before, by a process that is no more.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resume {
    /// How long before now its first send was.
    pub first_sent_seconds_ago: u64,
}
