//! The ledger: double entry, append only.
//!
//! External parties are accounts here too, so that every movement has
//! two sides and the total over all accounts never changes. An intent has at most
//! one entry. A payment that the core rejects keeps its entry, which then names the
//! reversal that gave the money back: balances are always the opening balances plus
//! the entries plus the reversals.

mod account;
mod postings;

use std::collections::BTreeMap;
use std::time::Duration;

use qbank_proto::{AccountId, Amount, IdempotencyKey, Money, PaymentId, RequestId};
use serde::{Serialize, Serializer};
use uuid::Uuid;

pub use account::LedgerAccount;
use account::{Owner, Standing};
pub(crate) use postings::{Past, Posting, Postings, Side, Source};

use crate::bank::access::{ClientIndex, Clients};
use crate::bank::ids::Ids;
use crate::bank::payments::rejection::Rejection;
use crate::config::fixtures::{ACH_CLEARING, FUNDING, WIRE_CLEARING};
use crate::config::{AccountConfig, AccountType, ClientConfig};
use crate::message::error::ApiError;

/// A picture of the ledger, as `GET /_sandbox/ledger` shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Ledger {
    /// Every account, clearing accounts included.
    pub accounts: Vec<LedgerAccount>,
    /// Every movement, in order: one per intent.
    pub entries: Vec<LedgerEntry>,
    /// The entries that were taken back, in order.
    pub reversals: Vec<LedgerReversal>,
    /// The sum of all balances: always what it was at the start.
    #[serde(serialize_with = "as_text")]
    pub total: Money,
}

/// One movement of money: one per intent, and none for an intent that was refused or
/// that validation rejected.
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
    /// The reversal that gave the money back, if the core rejected the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reversal_id: Option<Uuid>,
    #[serde(skip)]
    pub(crate) client: ClientIndex,
    #[serde(skip)]
    pub(crate) at: Duration,
    #[serde(skip)]
    pub(crate) request_id: RequestId,
    /// The payer's reference, as its transactions show it.
    #[serde(skip)]
    pub(crate) reference: Option<Box<str>>,
}

impl LedgerEntry {
    /// Whether the money was given back: such an entry moved none in the end.
    pub fn is_reversed(&self) -> bool {
        self.reversal_id.is_some()
    }
}

/// The money of a payment that the core rejected, given back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct LedgerReversal {
    /// The reversal.
    pub reversal_id: Uuid,
    /// The entry that it takes back.
    pub entry_id: Uuid,
    /// The idempotency key of that entry's intent.
    pub intent_key: IdempotencyKey,
    /// How much: all of it.
    #[serde(serialize_with = "as_text")]
    pub amount: Amount,
    /// The account that gives it back.
    pub from: AccountId,
    /// The account that has it again.
    pub to: AccountId,
    /// The payment, which is `P_FAILED`.
    pub payment_id: Option<PaymentId>,
    /// Who rejected the payment, and why.
    pub rejection: Rejection,
    #[serde(skip)]
    pub(crate) entry: usize,
    #[serde(skip)]
    pub(crate) at: Duration,
}

/// What a reversal adds to its entry.
#[derive(Clone, Copy)]
pub(crate) struct Reversal {
    pub(crate) reversal_id: Uuid,
    pub(crate) rejection: Rejection,
    pub(crate) at: Duration,
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
    reversals: Vec<LedgerReversal>,
}

impl Book {
    pub(crate) fn new(
        clients: &[ClientConfig],
        fund: Option<Amount>,
        owners: &Clients,
        ids: &mut Ids,
    ) -> Self {
        let mut book = Self {
            accounts: Vec::new(),
            index: BTreeMap::new(),
            entries: Vec::new(),
            reversals: Vec::new(),
        };
        let mut lent = 0_i64;
        let mut fund = fund.map_or(0, Amount::cents);
        for (client, config) in owners.all().zip(clients) {
            for account in &config.accounts {
                let cents = account.balance.cents();
                if client == ClientIndex::FIRST && fund != 0 {
                    let funded = cents.saturating_add(std::mem::take(&mut fund));
                    let account = AccountConfig { balance: Money::from_cents(funded), ..*account };
                    if book.open(&account, Some(Owner { client, kind: account.kind }), ids) {
                        lent = lent.saturating_add(funded.saturating_sub(cents));
                    }
                    continue;
                }
                if book.open(account, Some(Owner { client, kind: account.kind }), ids)
                    && client != ClientIndex::FIRST
                {
                    lent = lent.saturating_add(cents);
                }
            }
            // Its accounts and the clearing accounts come first.
            if client == ClientIndex::FIRST {
                book.open_external(ACH_CLEARING, "ACH clearing", 0, ids);
                book.open_external(WIRE_CLEARING, "Wire clearing", 0, ids);
            }
        }
        // A bank without clients has them, too.
        book.open_external(ACH_CLEARING, "ACH clearing", 0, ids);
        book.open_external(WIRE_CLEARING, "Wire clearing", 0, ids);
        book.open_external(FUNDING, "Funding", lent.saturating_neg(), ids);
        book
    }

    fn open_external(&mut self, id: AccountId, name: &'static str, cents: i64, ids: &mut Ids) {
        let kind = AccountType::Checking;
        let account = AccountConfig::new(id, name, kind, Money::from_cents(cents));
        self.open(&account, None, ids);
    }

    /// Whether there was none with this id.
    fn open(&mut self, account: &AccountConfig, owner: Option<Owner>, ids: &mut Ids) -> bool {
        if self.index.contains_key(&account.id) {
            return false;
        }
        self.index.insert(account.id, self.accounts.len());
        self.accounts.push(LedgerAccount {
            account_id: account.id,
            name: account.name,
            balance: account.balance,
            owner,
            held: 0,
            standing: Standing::new(account.active),
            request_id: ids.id(),
        });
        true
    }

    /// Moves the money and gives the entry's position, or moves nothing.
    /// `hold` keeps what arrives from being spent before it has settled.
    pub(crate) fn post(&mut self, entry: LedgerEntry, hold: bool) -> Result<usize, ApiError> {
        let (from, to) = (self.at(entry.from)?, self.at(entry.to)?);
        let amount = entry.amount.cents();
        let covered = self.accounts[from].available().cents() >= amount;
        if !covered || !self.shift(from, to, amount) {
            return Err(ApiError::insufficient_funds());
        }
        if hold {
            self.accounts[to].hold(amount);
        }
        self.entries.push(entry);
        Ok(self.entries.len() - 1)
    }

    /// What an entry brought has settled and may be spent.
    pub(crate) fn release(&mut self, entry: usize) {
        if let Some(entry) = self.entries.get(entry)
            && let Some(to) = self.index.get(&entry.to)
        {
            self.accounts[*to].hold(-entry.amount.cents());
        }
    }

    /// Gives the money of an entry back, once; gives the reversal's position.
    pub(crate) fn reverse(&mut self, entry: usize, reversal: Reversal) -> Option<usize> {
        let original = self.entries.get(entry).filter(|entry| entry.reversal_id.is_none())?;
        let (from, to) = (self.at(original.to).ok()?, self.at(original.from).ok()?);
        let amount = original.amount.cents();
        // What was held is still there, and the outside may owe.
        if !self.shift(from, to, amount) {
            return None;
        }
        let original = self.entries.get_mut(entry)?;
        original.reversal_id = Some(reversal.reversal_id);
        self.reversals.push(LedgerReversal {
            reversal_id: reversal.reversal_id,
            entry_id: original.entry_id,
            intent_key: original.intent_key,
            amount: original.amount,
            from: original.to,
            to: original.from,
            payment_id: original.payment_id,
            rejection: reversal.rejection,
            entry,
            at: reversal.at,
        });
        Some(self.reversals.len() - 1)
    }

    /// An account of the client that can pay and be paid.
    pub(crate) fn usable(
        &self,
        client: ClientIndex,
        id: AccountId,
        field: &str,
    ) -> Result<(), ApiError> {
        if self.own(client, id).map_err(|_| unknown(field))?.is_active() {
            return Ok(());
        }
        Err(ApiError::unprocessable("ERR_ACC_003", format!("`{field}` is a closed account.")))
    }

    /// An account of the client, closed or not.
    pub(crate) fn own(
        &self,
        client: ClientIndex,
        id: AccountId,
    ) -> Result<&LedgerAccount, ApiError> {
        let account = self.account(id).filter(|account| account.is_of(client));
        account.ok_or_else(|| unknown("accountId"))
    }

    pub(crate) fn own_accounts(&self, client: ClientIndex) -> impl Iterator<Item = &LedgerAccount> {
        self.accounts.iter().filter(move |account| account.is_of(client))
    }

    /// Any account, of whichever client or of the bank itself.
    pub(crate) fn account(&self, id: AccountId) -> Option<&LedgerAccount> {
        self.index.get(&id).and_then(|at| self.accounts.get(*at))
    }

    /// Closes an account of a client or opens it again.
    pub(crate) fn set_active(&mut self, id: AccountId, active: bool, now: Duration) -> bool {
        let account = self.index.get(&id).and_then(|at| self.accounts.get_mut(*at));
        let Some(account) = account.filter(|account| account.owner.is_some()) else {
            return false;
        };
        account.standing.set(active, now);
        true
    }

    pub(crate) fn entries(&self) -> &[LedgerEntry] {
        &self.entries
    }

    pub(crate) fn reversals(&self) -> &[LedgerReversal] {
        &self.reversals
    }

    pub(crate) fn total(&self) -> Money {
        let cents: i128 = self.accounts.iter().map(|it| i128::from(it.balance.cents())).sum();
        let most = if cents < 0 { i64::MIN } else { i64::MAX };
        Money::from_cents(i64::try_from(cents).unwrap_or(most))
    }

    pub(crate) fn picture(&self) -> Ledger {
        Ledger {
            accounts: self.accounts.clone(),
            entries: self.entries.clone(),
            reversals: self.reversals.clone(),
            total: self.total(),
        }
    }

    /// Both sides, or neither.
    fn shift(&mut self, from: usize, to: usize, amount: i64) -> bool {
        let debited = self.accounts[from].balance.cents().checked_sub(amount);
        let credited = self.accounts[to].balance.cents().checked_add(amount);
        let (Some(debited), Some(credited)) = (debited, credited) else {
            return false;
        };
        self.accounts[from].balance = Money::from_cents(debited);
        self.accounts[to].balance = Money::from_cents(credited);
        true
    }

    /// Finds an account to move money on, so that an index is always one of ours.
    fn at(&self, id: AccountId) -> Result<usize, ApiError> {
        self.index.get(&id).copied().ok_or_else(|| unknown("accountId"))
    }
}

fn unknown(field: &str) -> ApiError {
    ApiError::not_found("ERR_ACC_001", format!("`{field}` is not an account of this client."))
}

/// The ledger shows decimal strings; the API shows numbers.
fn as_text<S: Serializer>(money: &impl std::fmt::Display, s: S) -> Result<S::Ok, S::Error> {
    s.collect_str(money)
}
