//! `GET /transactions`: what was posted, as of the last nightly load.

use chrono::{DateTime, NaiveDate, Utc};
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};

use super::list::read_list;
use super::{ApiResponse, Audit, Endpoint, ListEndpoint, Read};
use crate::json::{self, DecodeError, Member, Reading};
use crate::types::{AccountId, Money, Scope, TransactionId, open_enum};

/// Lists transactions. The bank does not paginate: the response holds all.
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct ListTransactions {
    /// Only of this account. One version of the bank's specification has it.
    pub account_id: Option<AccountId>,
    /// Only those posted on this date or later. One version has it.
    pub posted_since: Option<NaiveDate>,
}

impl ListTransactions {
    /// All transactions of all accounts.
    pub const fn new() -> Self {
        Self { account_id: None, posted_since: None }
    }

    /// Only of this account.
    #[must_use]
    pub const fn account(mut self, account_id: AccountId) -> Self {
        self.account_id = Some(account_id);
        self
    }

    /// Only those posted on this date or later.
    #[must_use]
    pub const fn posted_since(mut self, date: NaiveDate) -> Self {
        self.posted_since = Some(date);
        self
    }
}

impl Endpoint for ListTransactions {
    type Effect = Read;
    type Output = Vec<Transaction>;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/transactions";
    const SCOPE: Option<Scope> = Some(Scope::TransactionsRead);

    fn target(&self, url: &mut String) {
        url.push_str(Self::PATH);
        // Neither has a character that a query would escape.
        let account = self.account_id.map(|id| ("accountId", id.to_string()));
        let since = self.posted_since.map(|date| ("postingDateGte", date.to_string()));
        for (at, (name, value)) in [account, since].into_iter().flatten().enumerate() {
            url.push(if at == 0 { '?' } else { '&' });
            url.push_str(name);
            url.push('=');
            url.push_str(&value);
        }
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Vec<Transaction>, DecodeError> {
        read_list::<Self>(response)
    }
}

impl ListEndpoint for ListTransactions {
    type Item = Transaction;
    type Members<'de> = TransactionMembers<'de>;

    #[inline]
    fn item(members: TransactionMembers<'_>) -> Result<Transaction, DecodeError> {
        members.read()
    }
}

/// A transaction. Only its id is essential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Transaction {
    /// Identifies the transaction.
    #[serde(rename = "transactionId")]
    pub transaction_id: TransactionId,
    /// Dollars; negative is a debit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub amount: Option<Money>,
    /// The bank's text.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// When it was initiated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transaction_date: Option<DateTime<Utc>>,
    /// The day that funds were credited or debited, for interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value_date: Option<NaiveDate>,
    /// When it became visible through the API.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub posting_date: Option<DateTime<Utc>>,
    /// Posted, pending or reversed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<TransactionStatus>,
    /// Who, when, by which request.
    #[serde(flatten)]
    pub audit: Audit,
}

impl Transaction {
    /// A transaction of which only the id is known; for tests of applications.
    pub fn new(transaction_id: TransactionId) -> Self {
        Self {
            transaction_id,
            amount: None,
            description: None,
            transaction_date: None,
            value_date: None,
            posting_date: None,
            status: None,
            audit: Audit::default(),
        }
    }
}

/// Each documented spelling is a member of its own; others are aliases.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct TransactionMembers<'a> {
    #[serde(borrow, rename = "transactionId")]
    id: Member<'a>,
    #[serde(rename = "transaction_id")]
    id_other: Member<'a>,
    amount: Member<'a>,
    description: Member<'a>,
    #[serde(alias = "transactionDate")]
    transaction_date: Member<'a>,
    #[serde(alias = "valueDate")]
    value_date: Member<'a>,
    #[serde(alias = "postingDate")]
    posting_date: Member<'a>,
    status: Member<'a>,
    timestamp: Member<'a>,
    actor: Member<'a>,
    #[serde(alias = "requestId")]
    request_id: Member<'a>,
}

impl TransactionMembers<'_> {
    #[inline]
    fn read(self) -> Result<Transaction, DecodeError> {
        Ok(Transaction {
            transaction_id: self.id.or(self.id_other).id().essential("transactionId")?,
            amount: self.amount.money().strict("amount")?,
            description: self.description.text().strict("description")?,
            transaction_date: self.transaction_date.moment().strict("transaction_date")?,
            value_date: self.value_date.day().strict("value_date")?,
            posting_date: self.posting_date.moment().strict("posting_date")?,
            status: self.status.open().strict("status")?,
            audit: Audit::read(self.timestamp, self.actor, self.request_id, Reading::Strict)?,
        })
    }
}

impl<'de> Deserialize<'de> for Transaction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, |it| it.object::<TransactionMembers<'_>>()?.read())
    }
}

open_enum! {
    /// Where a transaction stands.
    pub enum TransactionStatus {
        /// On the books.
        Posted = "POSTED",
        /// Not yet on the books.
        Pending = "PENDING",
        /// Taken back.
        Reversed = "REVERSED",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, target};

    const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

    #[test]
    fn filters_become_the_query() {
        assert_eq!(target(&ListTransactions::new()), "/transactions");
        let filtered = ListTransactions::new()
            .account(ID.parse().unwrap())
            .posted_since("2026-01-05".parse().unwrap());
        assert_eq!(
            target(&filtered),
            format!("/transactions?accountId={ID}&postingDateGte=2026-01-05")
        );
    }

    #[test]
    fn wire_vector() {
        let body = format!(
            r#"[{{"transaction_id":"{ID}","amount":-0.1,"description":"Caf\u00e9",
                 "transaction_date":"2026-01-05T09:00:00Z","value_date":"2026-01-06",
                 "posting_date":"2026-01-07T01:00:00Z","status":"POSTED"}}]"#
        );
        let transactions = read(&ListTransactions::new(), 200, &body).unwrap();
        let transaction = &transactions[0];
        assert_eq!(transaction.amount, Some(Money::from_cents(-10)));
        assert_eq!(transaction.description.as_deref(), Some("Café"));
        assert_eq!(transaction.value_date, "2026-01-06".parse().ok());
        assert_eq!(transaction.status, Some(TransactionStatus::Posted));
    }
}
