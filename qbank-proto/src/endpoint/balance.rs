//! `GET /balances/{accountId}`: what is in an account now.

use chrono::{DateTime, Utc};
use http::Method;
use serde::{Deserialize, Deserializer, Serialize};

use super::{ApiResponse, Endpoint, Read};
use crate::json::{self, DecodeError, Document, Member};
use crate::types::{AccountId, Money, Scope};

/// Reads the balance of one account, in real time.
#[derive(Debug, Clone, Copy)]
pub struct GetBalance {
    /// Which account.
    pub account_id: AccountId,
}

impl GetBalance {
    /// Reads the balance of this account.
    pub const fn new(account_id: AccountId) -> Self {
        Self { account_id }
    }
}

impl Endpoint for GetBalance {
    type Effect = Read;
    type Output = Balance;

    const METHOD: Method = Method::GET;
    const PATH: &'static str = "/balances/{accountId}";
    const SCOPE: Option<Scope> = Some(Scope::BalancesRead);

    fn target(&self, url: &mut String) {
        url.push_str("/balances/");
        self.account_id.append_to(url);
    }

    fn decode(&self, response: &ApiResponse<'_>) -> Result<Balance, DecodeError> {
        let balance = Balance::read(&response.success()?)?;
        if balance.account_id == self.account_id {
            Ok(balance)
        } else {
            Err(DecodeError::about_another("accountId"))
        }
    }
}

/// The balance of an account, in dollars; may be negative.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Balance {
    /// Which account.
    #[serde(rename = "accountId")]
    pub account_id: AccountId,
    /// What can be spent.
    #[serde(rename = "availableBalance", skip_serializing_if = "Option::is_none")]
    pub available_balance: Option<Money>,
    /// What is on the books (elsewhere `ledger_balance`).
    #[serde(rename = "currentBalance", skip_serializing_if = "Option::is_none")]
    pub current_balance: Option<Money>,
    /// ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    /// As of when.
    #[serde(rename = "last_updated_timestamp", skip_serializing_if = "Option::is_none")]
    pub last_updated: Option<DateTime<Utc>>,
}

impl Balance {
    /// A balance of which only the account is known; for tests of applications.
    pub const fn new(account_id: AccountId) -> Self {
        Self {
            account_id,
            available_balance: None,
            current_balance: None,
            currency: None,
            last_updated: None,
        }
    }

    fn read(document: &Document<'_>) -> Result<Self, DecodeError> {
        let it: Members<'_> = document.object()?;
        let available = it.available.or(it.available_other);
        let current = it.current.or(it.ledger);
        Ok(Self {
            account_id: it.id.or(it.id_other).id().essential("accountId")?,
            available_balance: available.money().strict("availableBalance")?,
            current_balance: current.money().strict("currentBalance")?,
            currency: it.currency.text().strict("currency")?,
            last_updated: it.last_updated.moment().strict("last_updated_timestamp")?,
        })
    }
}

/// Each documented spelling is a member of its own; others are aliases.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Members<'a> {
    #[serde(borrow, rename = "accountId")]
    id: Member<'a>,
    #[serde(rename = "account_id")]
    id_other: Member<'a>,
    #[serde(rename = "availableBalance")]
    available: Member<'a>,
    #[serde(rename = "available_balance")]
    available_other: Member<'a>,
    #[serde(rename = "currentBalance", alias = "current_balance")]
    current: Member<'a>,
    #[serde(rename = "ledger_balance", alias = "ledgerBalance")]
    ledger: Member<'a>,
    currency: Member<'a>,
    #[serde(rename = "last_updated_timestamp", alias = "lastUpdatedTimestamp")]
    last_updated: Member<'a>,
}

impl<'de> Deserialize<'de> for Balance {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        json::deserialize(deserializer, Self::read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::endpoint::vector::{read, target};

    const ID: &str = "6f1c0e9a-52a5-4c86-9c1f-0a4b7d3e2f10";

    #[test]
    fn wire_vector() {
        let endpoint = GetBalance::new(ID.parse().unwrap());
        assert_eq!(target(&endpoint), format!("/balances/{ID}"));
        for body in [
            format!(
                r#"{{"accountId":"{ID}","availableBalance":-10.1,"currentBalance":1e3,"currency":"USD"}}"#
            ),
            format!(
                r#"{{"account_id":"{ID}","available_balance":-10.10,"ledger_balance":1000,"currency":"USD"}}"#
            ),
        ] {
            let balance = read(&endpoint, 200, &body).unwrap();
            assert_eq!(balance.available_balance, Some(Money::from_cents(-1010)));
            assert_eq!(balance.current_balance, Some(Money::from_cents(100_000)));
        }
    }
}
