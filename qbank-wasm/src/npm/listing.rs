//! Resources that are only read, from the bank's JSON to JavaScript's: a table of members each,
//! where a type each would be several times the code. Whether the tables agree with the
//! types of the core, the tests tell.

use qbank_proto::endpoint::{
    ApiResponse, Endpoint, GetBalance, ListAccounts, ListCheckExceptions, ListTransactions, Read,
};
use qbank_proto::http::Method;
use qbank_proto::{AccountId, DecodeError, Fields, ListEndpoint, Scope};

use super::data::{List, Members};

/// A list of the core, whose items become JSON.
#[derive(Debug)]
pub(super) struct Listing<L>(pub(super) L);

/// All of a list.
#[expect(clippy::needless_pass_by_value, reason = "what an operation gives")]
pub(super) fn told(items: Vec<String>) -> String {
    let mut list = List::new();
    for item in &items {
        list.push(item);
    }
    list.finish()
}

/// The members of an item.
pub(super) trait Listed: Endpoint<Effect = Read> {
    const MEMBERS: &'static [Member];
}

/// Its names in the bank's answers, in the order of preference. One of them is in camel
/// case, which is JavaScript's.
pub(super) type Member = (Kind, &'static [&'static str]);

#[derive(Clone, Copy)]
pub(super) enum Kind {
    /// Essential.
    Id,
    OptId,
    Text,
    Money,
    Day,
    /// The day of a moment.
    DayOf,
    Moment,
    /// What is odd is left out.
    AnyText,
    AnyMoment,
}

impl Listed for ListAccounts {
    const MEMBERS: &'static [Member] = &[
        (Kind::Id, &["accountId", "account_id"]),
        (Kind::Text, &["accountName", "account_name", "friendly_name"]),
        (Kind::Text, &["accountType", "account_type"]),
        (Kind::Text, &["currency"]),
        (Kind::Text, &["status"]),
    ];
}

impl Listed for ListTransactions {
    const MEMBERS: &'static [Member] = &[
        (Kind::Id, &["transactionId", "transaction_id"]),
        (Kind::Money, &["amount"]),
        (Kind::Text, &["description"]),
        (Kind::Moment, &["transaction_date", "transactionDate"]),
        (Kind::Day, &["value_date", "valueDate"]),
        (Kind::Moment, &["posting_date", "postingDate"]),
        (Kind::Text, &["status"]),
    ];
}

impl Listed for ListCheckExceptions {
    const MEMBERS: &'static [Member] = &[
        (Kind::Id, &["exceptionId", "exception_id"]),
        (Kind::OptId, &["account_id", "accountId"]),
        (Kind::Text, &["check_number", "checkNumber"]),
        (Kind::Money, &["presented_amount", "presentedAmount"]),
        (Kind::DayOf, &["presentment_date", "presentmentDate"]),
        (Kind::Text, &["reason_code", "reasonCode"]),
    ];
}

const AUDIT: [Member; 3] = [
    (Kind::AnyMoment, &["timestamp"]),
    (Kind::AnyText, &["actor"]),
    (Kind::OptId, &["request_id", "requestId"]),
];

fn read(fields: &Fields<'_>, members: &[Member], audit: &[Member]) -> Result<String, DecodeError> {
    let mut json = Members::new();
    for (kind, names) in members.iter().chain(audit) {
        let camel = names.iter().find(|name| !name.bytes().any(|byte| byte == b'_'));
        let name = camel.copied().unwrap_or_default();
        match kind {
            // Of which kind, does not show.
            Kind::Id => json.id::<qbank_proto::kind::Account>(name, fields.id(names)?),
            Kind::OptId => json.opt_id::<qbank_proto::kind::Account>(name, fields.opt_id(names)),
            Kind::Text => json.text(name, fields.text(names)?.as_deref()),
            Kind::AnyText => json.text(name, fields.text(names).unwrap_or_default().as_deref()),
            Kind::Money => json.money(name, fields.money(names)),
            Kind::Day => json.day(name, fields.date(names)?),
            Kind::DayOf => json.day(name, fields.timestamp(names)?.map(|time| time.date_naive())),
            Kind::Moment => json.moment(name, fields.timestamp(names)?),
            Kind::AnyMoment => json.moment(name, fields.timestamp(names).unwrap_or_default()),
        }
    }
    Ok(json.finish())
}

impl<L: Listed> Endpoint for Listing<L> {
    type Effect = Read;
    type Output = Vec<String>;

    const METHOD: Method = L::METHOD;
    const PATH: &'static str = L::PATH;
    const SCOPE: Option<Scope> = L::SCOPE;

    fn target(&self, url: &mut String) {
        self.0.target(url);
    }

    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Vec<String>, DecodeError> {
        Fields::read_list(answer.content()?, Self::item)
    }
}

/// The balance of an account.
#[derive(Debug)]
pub(super) struct Balance(pub(super) AccountId);

const BALANCE: [Member; 5] = [
    (Kind::Id, &["accountId", "account_id"]),
    (Kind::Money, &["availableBalance", "available_balance"]),
    (Kind::Money, &["currentBalance", "current_balance", "ledgerBalance", "ledger_balance"]),
    (Kind::Text, &["currency"]),
    (Kind::Moment, &["last_updated_timestamp", "lastUpdatedTimestamp"]),
];

impl Endpoint for Balance {
    type Effect = Read;
    type Output = String;

    const METHOD: Method = GetBalance::METHOD;
    const PATH: &'static str = GetBalance::PATH;
    const SCOPE: Option<Scope> = GetBalance::SCOPE;

    fn target(&self, url: &mut String) {
        GetBalance::new(self.0).target(url);
    }

    fn decode(&self, answer: &ApiResponse<'_>) -> Result<String, DecodeError> {
        let fields = Fields::parse(answer.content()?)?;
        let balance = read(&fields, &BALANCE, &[])?;
        if fields.opt_id(BALANCE[0].1) == Some(self.0) {
            Ok(balance)
        } else {
            Err(DecodeError::new("the answer is about another account"))
        }
    }
}

impl<L: Listed> ListEndpoint for Listing<L> {
    type Item = String;

    fn item(fields: &Fields<'_>) -> Result<String, DecodeError> {
        read(fields, L::MEMBERS, &AUDIT)
    }
}
