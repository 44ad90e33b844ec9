//! What must hold, whatever happened.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::Response;
use http::header::LOCATION;
use qbank_proto::{AccountId, Fate, IdempotencyKey, PaymentId};
use serde::Deserialize;
use uuid::Uuid;

use super::plan::What;
use crate::bank::Bank;
use crate::bank::payments::PaymentStatus;

/// A rule that a run broke.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Rule {
    /// At most one unreversed entry in the ledger for an intent, over all its keys.
    PaidOnce,
    /// What was reported as accepted is in the bank's books, exactly once.
    AcceptedIsThere,
    /// What was reported as refused moved no money in the end.
    RefusedMovedNothing,
    /// What was reported as never sent never arrived.
    NeverSentNeverArrived,
    /// What was reported as in progress is in the bank's books.
    InProgressIsThere,
    /// A payment that is named is that of the intent.
    OwnPayment,
    /// No money comes or goes but by entries.
    MoneyIsConserved,
    /// No key is ever used with two bodies, or for two intents.
    OneBodyPerKey,
    /// A call is not sent more often than it may be.
    RetryLimit,
    /// Every call ends by its deadline.
    Deadline,
    /// Every wait is bounded and longer than zero.
    BoundedWait,
    /// One token request of a session at a time.
    SingleFlight,
    /// A token is asked for only if there is none that serves.
    TokenThrift,
    /// No call waits for a token request that has ended.
    NoLostWakeup,
    /// Nothing is sent to anything but the bank.
    OwnBankOnly,
    /// Everything comes to an end.
    ComesToAnEnd,
    /// Nothing panics.
    NoPanic,
}

/// A broken rule, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Violation {
    /// The rule.
    pub rule: Rule,
    /// When, in virtual time since the start of the schedule.
    pub at: Duration,
    /// What broke it.
    pub what: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} at {:.3} s: {}", self.rule, self.at.as_secs_f64(), self.what)
    }
}

/// Which job of which process.
pub(super) type Intent = (usize, usize);

/// What is known of every key and every intent, apart from what the client believes.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    keys: BTreeMap<IdempotencyKey, Key>,
    intents: BTreeMap<i64, Intent>,
    entries_seen: usize,
    opening: Vec<(AccountId, i64)>,
}

/// What is known of a key.
#[derive(Debug)]
pub(super) struct Key {
    intent: Intent,
    path: String,
    body: Bytes,
    arrived: u32,
    /// The bank accepted it, or responded that it is in process.
    taken: bool,
    payment: Option<PaymentId>,
    /// The last fate that the application got.
    claim: Option<Fate>,
    /// The payment id that it got.
    named: Option<PaymentId>,
    /// The payment was reported as completed.
    settled: bool,
}

type Broken = (Rule, String);

impl Evidence {
    pub(super) fn new(bank: &Bank, intents: impl Iterator<Item = (i64, Intent)>) -> Self {
        let accounts = bank.ledger().accounts;
        Self {
            intents: intents.collect(),
            opening: accounts.iter().map(|it| (it.account_id, it.balance.cents())).collect(),
            ..Self::default()
        }
    }

    /// A write is on its way.
    pub(super) fn sent(
        &mut self,
        intent: Intent,
        key: IdempotencyKey,
        path: &str,
        body: &Bytes,
    ) -> Result<(), Broken> {
        let known = self.keys.entry(key).or_insert_with(|| Key {
            intent,
            path: path.to_owned(),
            body: body.clone(),
            arrived: 0,
            taken: false,
            payment: None,
            claim: None,
            named: None,
            settled: false,
        });
        if known.intent != intent || known.path != path || known.body != *body {
            return Err((Rule::OneBodyPerKey, format!("key {key} went out with two bodies")));
        }
        Ok(())
    }

    /// A write has arrived, and this is the bank's own response.
    pub(super) fn arrived(&mut self, key: IdempotencyKey, response: &Response<Bytes>) {
        let Some(known) = self.keys.get_mut(&key) else { return };
        known.arrived += 1;
        let body = BankJson::of(response.body());
        // The bank's only other 409 is about a check that exists: a standard error.
        let in_process = response.status() == 409 && body.transaction_id.is_some();
        known.taken |= response.status().is_success() || in_process;
        let location = response.headers().get(LOCATION).and_then(|it| it.to_str().ok());
        let located = location.and_then(|it| it.rsplit('/').next()?.parse().ok());
        let in_body = || body.payment_id.or(body.transaction_id.map(PaymentId::from_uuid));
        if let Some(id) = located.or_else(in_body) {
            known.payment = Some(id);
        }
    }

    /// Whether the bank took what was sent under this key, at least once.
    pub(super) fn is_taken(&self, key: IdempotencyKey) -> bool {
        self.keys.get(&key).is_some_and(|known| known.taken)
    }

    pub(super) fn claim(&mut self, key: IdempotencyKey, fate: Fate, named: Option<PaymentId>) {
        if let Some(known) = self.keys.get_mut(&key) {
            known.claim = Some(fate);
            known.named = named.or(known.named);
        }
    }

    /// The payment was reported as completed.
    pub(super) fn settled(&mut self, key: IdempotencyKey) {
        if let Some(known) = self.keys.get_mut(&key) {
            known.settled = true;
        }
    }

    /// Looks at the entries that are new.
    pub(super) fn watch_ledger(&mut self, bank: &Bank) -> Result<(), Broken> {
        let entries = bank.entries();
        for entry in entries.iter().skip(self.entries_seen) {
            let amount = entry.amount.cents();
            let standing = entries
                .iter()
                .filter(|other| other.amount.cents() == amount && !other.is_reversed())
                .count();
            if standing > 1 {
                let (process, job) = self.intents.get(&amount).copied().unwrap_or_default();
                let what = format!(
                    "p{process} job {job} has moved {} {standing} times, now under key {}",
                    entry.amount, entry.intent_key
                );
                return Err((Rule::PaidOnce, what));
            }
        }
        self.entries_seen = entries.len();
        Ok(())
    }

    /// Everything has happened that will.
    pub(super) fn settle(
        &mut self,
        bank: &Bank,
        what: impl Fn(Intent) -> What,
        misled: impl Fn(Intent) -> bool,
    ) -> Result<(), Broken> {
        self.entries_seen = 0;
        self.watch_ledger(bank)?;
        self.conserved(bank)?;
        let mut checks: BTreeMap<Intent, u32> = BTreeMap::new();
        for (key, known) in &self.keys {
            if what(known.intent) == What::Check {
                let times = checks.entry(known.intent).or_default();
                *times += u32::from(known.taken);
                if *times > 1 {
                    return Err((
                        Rule::PaidOnce,
                        format!("the check of key {key} is issued twice"),
                    ));
                }
            }
            known.holds(*key, bank, what(known.intent), misled(known.intent))?;
        }
        Ok(())
    }

    fn conserved(&self, bank: &Bank) -> Result<(), Broken> {
        let mut expected: BTreeMap<AccountId, i64> = self.opening.iter().copied().collect();
        for entry in bank.entries().iter().filter(|entry| !entry.is_reversed()) {
            *expected.entry(entry.from).or_default() -= entry.amount.cents();
            *expected.entry(entry.to).or_default() += entry.amount.cents();
        }
        let total: i64 = self.opening.iter().map(|(_, cents)| cents).sum();
        if bank.total().cents() != total {
            return Err((Rule::MoneyIsConserved, format!("the total is {}", bank.total())));
        }
        for account in bank.ledger().accounts {
            if expected.get(&account.account_id) != Some(&account.balance.cents()) {
                let what = format!("{} holds {}", account.name, account.balance);
                return Err((Rule::MoneyIsConserved, what));
            }
        }
        Ok(())
    }
}

impl Key {
    /// Whether what the application got for this key is true.
    fn holds(
        &self,
        key: IdempotencyKey,
        bank: &Bank,
        what: What,
        misled: bool,
    ) -> Result<(), Broken> {
        let (process, job) = self.intent;
        let own = || bank.entries().iter().filter(|entry| entry.intent_key == key);
        // A check moves no money. What fails later was taken all the same; what fails in
        // validation never had an entry.
        let taken = if what == What::Check { usize::from(self.taken) } else { own().count() };
        let failed = self.payment.is_some_and(|id| has_failed(bank, id));
        let broken =
            |rule, why: &str| Err((rule, format!("p{process} job {job}, key {key}: {why}")));
        match self.claim {
            Some(Fate::Accepted) if taken != 1 && !failed => {
                broken(Rule::AcceptedIsThere, "accepted, but the bank does not have it")
            }
            // Whether a wire fails is decided in the response.
            Some(Fate::Accepted) if failed && (self.settled || what == What::Wire) => {
                broken(Rule::AcceptedIsThere, "reported as done, but it has failed")
            }
            // A gateway made a conflict up.
            Some(Fate::InProgress) if misled => Ok(()),
            Some(Fate::InProgress) if taken != 1 && !failed => {
                broken(Rule::InProgressIsThere, "in progress, but the bank does not have it")
            }
            Some(Fate::NeverSent) if self.arrived > 0 => {
                broken(Rule::NeverSentNeverArrived, "never sent, but the bank has met it")
            }
            Some(Fate::NeverSent | Fate::Refused)
                if own().any(|entry| !entry.is_reversed())
                    || (what == What::Check && taken > 0) =>
            {
                broken(Rule::RefusedMovedNothing, "reported as not moved, but money has moved")
            }
            Some(Fate::Accepted)
                if matches!(what, What::Ach | What::Wire)
                    && self.named.is_some()
                    && self.named != self.payment =>
            {
                broken(Rule::OwnPayment, "the payment that was named is not its own")
            }
            _ => Ok(()),
        }
    }
}

fn has_failed(bank: &Bank, payment: PaymentId) -> bool {
    bank.payment_status(payment) == Some(PaymentStatus::Failed)
}

/// The members of the bank's JSON that the simulator reads.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct BankJson<'a> {
    #[serde(borrow)]
    pub(super) access_token: Option<&'a str>,
    #[serde(rename = "paymentId")]
    pub(super) payment_id: Option<PaymentId>,
    pub(super) transaction_id: Option<Uuid>,
}

impl<'a> BankJson<'a> {
    /// A body that is no JSON object has none of them.
    pub(super) fn of(body: &'a [u8]) -> Self {
        serde_json::from_slice(body).unwrap_or_default()
    }
}
