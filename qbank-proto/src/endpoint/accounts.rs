//! `GET /accounts`: the accounts of the client, as of the last nightly load.

use http::Method;
use serde::{Deserialize, Deserializer, Serialize};

use super::list::read_list;
use super::{ApiResponse, Audit, Endpoint, ListEndpoint, Read};
use crate::json::{self, DecodeError, Member, Reading};
use crate::types::{AccountId, Scope, open_enum};

/// Lists the accounts.
#[derive(Debug, Clone, Copy, Default)]
pub struct ListAccounts;

impl Endpoint for ListAccounts {
    type Effect = Read;
    type Output = Vec<Account>;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/accounts";
    const SCOPE: Option<Scope> = Some(Scope::AccountsRead);

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Vec<Account>, DecodeError> {
        read_list::<Self>(response)
    }
}

impl ListEndpoint for ListAccounts {
    type Item = Account;
    type Members<'de> = AccountMembers<'de>;

    fn item(members: AccountMembers<'_>) -> Result<Account, DecodeError> {
        members.read()
    }
}

/// An account. Only its id is essential.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Account {
    /// Identifies the account.
    #[serde(rename = "accountId")]
    pub account_id: AccountId,
    /// What its owner calls it.
    #[serde(rename = "accountName", skip_serializing_if = "Option::is_none")]
    pub account_name: Option<String>,
    /// Checking, savings or treasury.
    #[serde(rename = "accountType", skip_serializing_if = "Option::is_none")]
    pub account_type: Option<AccountType>,
    /// ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// Active or closed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<AccountStatus>,
    /// Who, when, by which request.
    #[serde(flatten)]
    pub audit: Audit,
}

impl Account {
    /// An account of which only the id is known; for tests of applications.
    pub fn new(account_id: AccountId) -> Self {
        Self {
            account_id,
            account_name: None,
            account_type: None,
            currency: None,
            status: None,
            audit: Audit::default(),
        }
    }
}

/// Each documented spelling is a member of its own; others are aliases.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct AccountMembers<'a> {
    #[serde(borrow, rename = "accountId")]
    id: Member<'a>,
    #[serde(rename = "account_id")]
    id_other: Member<'a>,
    #[serde(rename = "accountName", alias = "account_name")]
    name: Member<'a>,
    friendly_name: Member<'a>,
    #[serde(rename = "accountType")]
    account_type: Member<'a>,
    #[serde(rename = "account_type")]
    account_type_other: Member<'a>,
    currency: Member<'a>,
    status: Member<'a>,
    timestamp: Member<'a>,
    actor: Member<'a>,
    #[serde(alias = "requestId")]
    request_id: Member<'a>,
}

impl AccountMembers<'_> {
    fn read(self) -> Result<Account, DecodeError> {
        let account_type = self.account_type.or(self.account_type_other);
        Ok(Account {
            account_id: self.id.or(self.id_other).id().essential("accountId")?,
            account_name: self.name.or(self.friendly_name).text().strict("accountName")?,
            account_type: account_type.open().strict("accountType")?,
            currency: self.currency.text().strict("currency")?,
            status: self.status.open().strict("status")?,
            audit: Audit::read(self.timestamp, self.actor, self.request_id, Reading::Strict)?,
        })
    }
}

impl<'de> Deserialize<'de> for Account {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, |it| it.object::<AccountMembers<'_>>()?.read())
    }
}

open_enum! {
    /// What an account is for.
    pub enum AccountType {
        /// Checking.
        Checking = "Checking",
        /// Savings.
        Savings = "Savings",
        /// Treasury.
        Treasury = "Treasury",
    }
}

open_enum! {
    /// Whether an account is open.
    pub enum AccountStatus {
        /// Open.
        Active = "Active",
        /// Closed.
        Closed = "Closed",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::read;

    const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

    #[test]
    fn both_spellings_read_the_same() {
        let camel = format!(
            r#"[{{"accountId":"{ID}","accountName":"Ops","accountType":"Checking",
                 "timestamp":"2026-01-05T01:00:00.000Z","actor":"c","request_id":"{ID}"}}]"#
        );
        let snake = format!(
            r#"[{{"account_id":"{ID}","friendly_name":"Ops","account_type":"Checking",
                 "timestamp":"2026-01-05T01:00:00.000Z","actor":"c","request_id":"{ID}"}}]"#
        );
        assert_eq!(read(&ListAccounts, 200, &camel), read(&ListAccounts, 200, &snake));
        let accounts = read(&ListAccounts, 200, &camel).unwrap();
        assert_eq!(accounts[0].account_type, Some(AccountType::Checking));
        assert_eq!(read(&ListAccounts, 200, "[]").unwrap(), []);
    }
}
