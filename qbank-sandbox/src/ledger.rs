//! The ledger: double entry, append only. What it says happened, happened.
//!
//! Everybody outside the bank is an account here too, so that every movement has
//! two sides and the total over all accounts never changes.

use std::collections::BTreeMap;
use std::time::Duration;

use qbank_proto::{AccountId, Amount, IdempotencyKey, Money, PaymentId, RequestId};
use serde::{Serialize, Serializer};
use uuid::Uuid;

use crate::error::Refusal;
use crate::fixtures::{ACH_CLEARING, CLOSED, OPERATING, PAYROLL, SAVINGS, TREASURY, WIRE_CLEARING};
use crate::ids::Ids;

/// A picture of the ledger, as `GET /_sandbox/ledger` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Every account, clearing accounts included.
    pub accounts: Vec<LedgerAccount>,
    /// Every movement, in order.
    pub entries: Vec<LedgerEntry>,
    /// The sum of all balances: always what it was at the start.
    #[serde(serialize_with = "as_text")]
    pub total: Money,
}

/// An account and what is on it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LedgerAccount {
    /// The account.
    pub account_id: AccountId,
    /// What people call it.
    pub name: &'static str,
    /// What is on it; negative for a clearing account that paid in.
    #[serde(serialize_with = "as_text")]
    pub balance: Money,
    #[serde(skip)]
    pub(crate) kind: AccountKind,
    #[serde(skip)]
    pub(crate) active: bool,
    #[serde(skip)]
    pub(crate) request_id: RequestId,
}

/// What sort of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccountKind {
    Checking,
    Savings,
    Treasury,
    /// Not the client's: it stands for the outside.
    External,
}

/// One movement of money: one per intent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LedgerEntry {
    /// The entry.
    pub entry_id: Uuid,
    /// The idempotency key of the intent that it carries out.
    pub intent_key: IdempotencyKey,
    /// What kind of operation moved the money.
    pub kind: EntryKind,
    /// How much.
    #[serde(serialize_with = "as_text")]
    pub amount: Amount,
    /// The account that has less now.
    pub from: AccountId,
    /// The account that has more now.
    pub to: AccountId,
    /// The payment, unless it is a transfer.
    pub payment_id: Option<PaymentId>,
    #[serde(skip)]
    pub(crate) at: Duration,
    #[serde(skip)]
    pub(crate) request_id: RequestId,
}

/// What kind of operation moved the money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum EntryKind {
    /// An ACH payment.
    Ach,
    /// A wire.
    Wire,
    /// A transfer between accounts of the client.
    Transfer,
}

/// The accounts and entries, with what finds them quickly.
#[derive(Debug)]
pub(crate) struct Book {
    accounts: Vec<LedgerAccount>,
    index: BTreeMap<AccountId, usize>,
    entries: Vec<LedgerEntry>,
}

impl Book {
    pub(crate) fn new(ids: &mut Ids) -> Self {
        let accounts: Vec<LedgerAccount> = [
            (OPERATING, "Operating", AccountKind::Checking, 25_000_000),
            (PAYROLL, "Payroll", AccountKind::Checking, 4_000_000),
            (TREASURY, "Treasury", AccountKind::Treasury, 100_000_000),
            (SAVINGS, "Reserve", AccountKind::Savings, 7_550_025),
            (CLOSED, "Old Petty Cash", AccountKind::Checking, 0),
            (ACH_CLEARING, "ACH clearing", AccountKind::External, 0),
            (WIRE_CLEARING, "Wire clearing", AccountKind::External, 0),
        ]
        .into_iter()
        .map(|(account_id, name, kind, cents)| LedgerAccount {
            account_id,
            name,
            balance: Money::from_cents(cents),
            kind,
            active: account_id != CLOSED,
            request_id: ids.id(),
        })
        .collect();
        let index = accounts.iter().enumerate().map(|(at, a)| (a.account_id, at)).collect();
        Self { accounts, index, entries: Vec::new() }
    }

    /// Moves the money, or says why not and moves nothing.
    pub(crate) fn post(&mut self, entry: LedgerEntry) -> Result<(), Refusal> {
        let (from, to) = (self.at(entry.from)?, self.at(entry.to)?);
        let short = || {
            let message = "The account's available balance does not cover the amount.";
            Refusal::unprocessable("ERR_ACC_002", message)
        };
        let amount = entry.amount.cents();
        let debited = self.accounts[from].balance.cents().checked_sub(amount);
        let debited = debited.filter(|cents| *cents >= 0).ok_or_else(short)?;
        let credited = self.accounts[to].balance.cents().checked_add(amount).ok_or_else(short)?;
        self.accounts[from].balance = Money::from_cents(debited);
        self.accounts[to].balance = Money::from_cents(credited);
        self.entries.push(entry);
        Ok(())
    }

    /// An account of the client that can pay and be paid.
    pub(crate) fn usable(&self, id: AccountId, field: &str) -> Result<(), Refusal> {
        if self.own(id).map_err(|_| unknown(field))?.active {
            return Ok(());
        }
        Err(Refusal::unprocessable("ERR_ACC_003", format!("`{field}` is a closed account.")))
    }

    /// An account of the client, closed or not.
    pub(crate) fn own(&self, id: AccountId) -> Result<&LedgerAccount, Refusal> {
        let account = &self.accounts[self.at(id)?];
        if account.kind == AccountKind::External {
            return Err(unknown("accountId"));
        }
        Ok(account)
    }

    pub(crate) fn own_accounts(&self) -> impl Iterator<Item = &LedgerAccount> {
        self.accounts.iter().filter(|account| account.kind != AccountKind::External)
    }

    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    pub(crate) fn total(&self) -> Money {
        Money::from_cents(self.accounts.iter().map(|account| account.balance.cents()).sum())
    }

    pub(crate) fn picture(&self) -> Ledger {
        Ledger {
            accounts: self.accounts.clone(),
            entries: self.entries.clone(),
            total: self.total(),
        }
    }

    /// The only place that finds an account, so that an index is always one of ours.
    fn at(&self, id: AccountId) -> Result<usize, Refusal> {
        self.index.get(&id).copied().ok_or_else(|| unknown("accountId"))
    }
}

impl AccountKind {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "Checking",
            Self::Savings => "Savings",
            Self::Treasury => "Treasury",
            Self::External => "External",
        }
    }
}

fn unknown(field: &str) -> Refusal {
    Refusal::not_found("ERR_ACC_001", format!("`{field}` is not an account of this client."))
}

/// The ledger shows decimal strings; the API shows numbers.
fn as_text<S: Serializer>(money: &impl std::fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(money)
}
