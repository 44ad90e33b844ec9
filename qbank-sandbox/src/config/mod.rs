//! How a bank starts: its clients, their accounts, its seed and its lifetimes.

mod access;
pub(crate) mod fixtures;

use std::time::Duration;

use qbank_proto::{AccountId, Amount, Money, Scope, Secret};

pub use access::{ControlAccess, InvalidOrigin, Origin};

/// How a bank starts.
#[derive(Debug, Clone)]
pub struct BankConfig {
    /// Every id and token follows from it.
    pub seed: u64,
    /// The unix time at which the bank opens: what lies before it is history. The
    /// server sets it from the system's clock.
    pub start: Duration,
    /// How long a token is valid.
    pub token_lifetime: Duration,
    /// How long an idempotency key is remembered after its request was accepted.
    /// While its payment is in process it is remembered in any case.
    pub key_lifetime: Duration,
    /// More intents than this are refused with 503: the ledger forgets nothing, so
    /// something has to bound it.
    pub most_intents: usize,
    /// The clients and their accounts. What one has, no other sees.
    pub clients: Vec<ClientConfig>,
    /// Added to the balance of the first client's first account
    /// ([`OPERATING`](crate::OPERATING)), so that large files can be paid. It comes from
    /// [`FUNDING`](crate::FUNDING): the total of the ledger is the same without it.
    pub fund: Option<Amount>,
    /// Leaves the payer's reference out of the descriptions of transactions: all payments of
    /// a kind have the same one, as at a bank that does not pass references on.
    pub constant_descriptions: bool,
    /// Who may use the control surface.
    pub control: ControlAccess,
}

impl Default for BankConfig {
    /// Seed 1, a Monday afternoon (2026-01-05, 14:00 UTC), tokens for an hour, keys
    /// for thirty days, ten million intents, no further funds, descriptions with the payer's
    /// reference, a control surface for programs, and two clients:
    /// [`CLIENT_ID`](crate::CLIENT_ID) and
    /// [`SECOND_CLIENT_ID`](crate::SECOND_CLIENT_ID).
    fn default() -> Self {
        Self {
            seed: 1,
            start: Duration::from_secs(1_767_621_600),
            token_lifetime: Duration::from_secs(3_600),
            key_lifetime: Duration::from_secs(30 * 24 * 3_600),
            most_intents: 10_000_000,
            clients: fixtures::clients(),
            fund: None,
            constant_descriptions: false,
            control: ControlAccess::default(),
        }
    }
}

/// A client of the bank.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ClientConfig {
    /// The client id.
    pub id: String,
    /// Its secret.
    pub secret: Secret,
    /// The scopes that it may ask for; none named means all.
    pub scopes: Vec<Scope>,
    /// Its accounts. An id that another client has is left out.
    pub accounts: Vec<AccountConfig>,
}

impl ClientConfig {
    /// A client that may ask for every scope and has no account yet.
    pub fn new(id: impl Into<String>, secret: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            secret: Secret::new(secret),
            scopes: Vec::new(),
            accounts: Vec::new(),
        }
    }

    /// Gives it an account.
    #[must_use]
    pub fn account(mut self, account: AccountConfig) -> Self {
        self.accounts.push(account);
        self
    }

    /// Allows it these scopes and no others.
    #[must_use]
    pub fn scopes(mut self, scopes: impl IntoIterator<Item = Scope>) -> Self {
        self.scopes = scopes.into_iter().collect();
        self
    }
}

/// An account as it is when the bank opens.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct AccountConfig {
    /// The account.
    pub id: AccountId,
    /// What people call it.
    pub name: &'static str,
    /// What sort of account it is.
    pub kind: AccountType,
    /// What is on it.
    pub balance: Money,
    /// Whether it can pay and be paid.
    pub active: bool,
}

impl AccountConfig {
    /// An active account.
    pub fn new(id: AccountId, name: &'static str, kind: AccountType, balance: Money) -> Self {
        Self { id, name, kind, balance, active: true }
    }

    /// Closed: payments from and to it are refused.
    #[must_use]
    pub fn closed(self) -> Self {
        Self { active: false, ..self }
    }
}

/// What sort of account it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum AccountType {
    /// For payments.
    Checking,
    /// For reserves.
    Savings,
    /// For the treasury.
    Treasury,
}

impl AccountType {
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Checking => "Checking",
            Self::Savings => "Savings",
            Self::Treasury => "Treasury",
        }
    }
}
