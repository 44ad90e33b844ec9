//! An account of the ledger: whose it is, what is on it, whether it is open.

use std::collections::VecDeque;
use std::time::Duration;

use qbank_proto::{AccountId, Money, RequestId};
use serde::Serialize;

use super::as_text;
use crate::bank::access::ClientIndex;
use crate::config::AccountType;

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
    pub(crate) owner: Option<Owner>,
    /// The cents that have arrived and not settled.
    #[serde(skip)]
    pub(crate) held: i64,
    #[serde(skip)]
    pub(crate) standing: Standing,
    #[serde(skip)]
    pub(crate) request_id: RequestId,
}

/// Whose account it is, and of what sort; without one it stands for the outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Owner {
    pub(super) client: ClientIndex,
    pub(super) kind: AccountType,
}

/// So many closings and openings of an account are remembered.
const MOST_CHANGES: usize = 64;

/// Whether an account can pay and be paid, now and in the past.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Standing {
    first: bool,
    now: bool,
    changes: VecDeque<(Duration, bool)>,
}

impl LedgerAccount {
    /// What may be spent: not what has arrived and not settled.
    pub(crate) fn available(&self) -> Money {
        Money::from_cents(self.balance.cents().saturating_sub(self.held))
    }

    pub(crate) fn is_of(&self, client: ClientIndex) -> bool {
        self.owner.is_some_and(|owner| owner.client == client)
    }

    pub(crate) fn kind(&self) -> &'static str {
        self.owner.map_or("External", |owner| owner.kind.as_str())
    }

    pub(crate) fn is_active(&self) -> bool {
        self.standing.now
    }

    /// Whether it was active then, and since when.
    pub(crate) fn was_active(&self, at: Duration) -> (bool, Option<Duration>) {
        self.standing.at(at)
    }

    /// Keeps so many cents from being spent, or lets them go.
    pub(super) fn hold(&mut self, cents: i64) {
        if self.owner.is_some() {
            self.held = self.held.saturating_add(cents);
        }
    }
}

impl Standing {
    pub(super) fn new(active: bool) -> Self {
        Self { first: active, now: active, changes: VecDeque::new() }
    }

    pub(super) fn set(&mut self, active: bool, now: Duration) {
        if active == self.now {
            return;
        }
        self.now = active;
        self.changes.push_back((now, active));
        if self.changes.len() > MOST_CHANGES
            && let Some((_, active)) = self.changes.pop_front()
        {
            self.first = active;
        }
    }

    fn at(&self, moment: Duration) -> (bool, Option<Duration>) {
        let last = self.changes.iter().rev().find(|(at, _)| *at <= moment);
        last.map_or((self.first, None), |(at, active)| (*active, Some(*at)))
    }
}
