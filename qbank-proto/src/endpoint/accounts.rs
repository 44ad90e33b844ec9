//! `GET /accounts`: the accounts of the client, as of the last nightly load.

use http::Method;
use serde::Serialize;

use super::{ApiResponse, Audit, Endpoint, Read};
use crate::endpoint::ListEndpoint;
use crate::json::{DecodeError, Fields};
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

    fn decode(&self, answer: &ApiResponse<'_>) -> Result<Vec<Account>, DecodeError> {
        Fields::read_list(answer.content()?, Account::read)
    }
}

impl ListEndpoint for ListAccounts {
    type Item = Account;

    fn item(fields: &Fields<'_>) -> Result<Account, DecodeError> {
        Account::read(fields)
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
    fn read(fields: &Fields<'_>) -> Result<Self, DecodeError> {
        Ok(Self {
            account_id: fields.id(&["accountId", "account_id"])?,
            account_name: fields.string(&["accountName", "account_name", "friendly_name"])?,
            account_type: fields.open(&["accountType", "account_type"])?,
            currency: fields.string(&["currency"])?,
            status: fields.open(&["status"])?,
            audit: Audit::read(fields),
        })
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
