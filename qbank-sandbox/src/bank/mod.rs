//! The bank's state and its time: accounts and ledger, payments and their timelines,
//! idempotency keys, tokens, checks, webhooks. A pure machine: no I/O, no clock, no
//! randomness.

pub(crate) mod access;
mod core_run;
pub(crate) mod ids;
pub(crate) mod journal;
pub(crate) mod keys;
pub(crate) mod ledger;
pub(crate) mod payments;
pub(crate) mod positive_pay;
pub(crate) mod time;
pub(crate) mod webhooks;

use std::fmt;
use std::time::Duration;

use http::StatusCode;
use qbank_proto::{AccountId, Money, PaymentId};

use crate::config::{BankConfig, ControlAccess};
use crate::faults::{BankFault, Faults};
use crate::message::error::ApiError;
use access::{Clients, Tokens};
use ids::Ids;
use journal::{Journal, ReceivedRequest};
use keys::{Created, Keys};
use ledger::{Book, Ledger, LedgerEntry, LedgerReversal, Postings};
use payments::{PaymentStatus, Payments, Rejection};
use positive_pay::PositivePay;
use time::Clock;
use webhooks::{Delivery, DeliveryRecord, Event, Outbox, Receiver, outbox};

/// The bank, without I/O, clock or randomness: the same seed and the same requests
/// at the same times give the same responses.
pub struct Bank {
    pub(crate) start: Duration,
    pub(crate) clock: Clock,
    pub(crate) ids: Ids,
    pub(crate) clients: Clients,
    pub(crate) tokens: Tokens,
    pub(crate) book: Book,
    pub(crate) postings: Postings,
    pub(crate) payments: Payments,
    pub(crate) positive_pay: PositivePay,
    pub(crate) keys: Keys,
    pub(crate) faults: Faults,
    pub(crate) journal: Journal,
    pub(crate) webhooks: Outbox,
    pub(crate) control: ControlAccess,
    pub(crate) constant_descriptions: bool,
    most_intents: usize,
}

impl Bank {
    /// Opens a bank whose accounts are funded.
    pub fn new(config: BankConfig) -> Self {
        let clock = Clock::new(config.start);
        let start = clock.now();
        let mut ids = Ids::new(config.seed);
        let clients = Clients::new(&config.clients);
        let book = Book::new(&config.clients, config.fund, &clients, &mut ids);
        Self {
            postings: Postings::history(start, &book, &mut ids),
            positive_pay: PositivePay::new(start, &book, &mut ids),
            book,
            start,
            clock,
            ids,
            clients,
            tokens: Tokens::new(config.token_lifetime),
            payments: Payments::default(),
            keys: Keys::new(config.key_lifetime),
            faults: Faults::default(),
            journal: Journal::default(),
            webhooks: Outbox::default(),
            control: config.control,
            constant_descriptions: config.constant_descriptions,
            most_intents: config.most_intents,
        }
    }

    /// Lets time pass up to `now`; gives the webhook deliveries that are due, each
    /// once. A few hundred at most: while there are any, there may be more. What came
    /// of each goes to [`Bank::record_delivery`], which plans the next attempt for a
    /// receiver whose status is not exactly 200.
    pub fn tick(&mut self, now: Duration) -> Vec<Delivery> {
        self.observe(now);
        outbox::due(self, self.clock.now())
    }

    /// Moves the bank's clock ahead of the outer world's, through its batches.
    pub fn advance(&mut self, now: Duration, by: Duration) {
        self.clock.advance(now, by);
        self.progress();
    }

    /// Makes requests to come fail; see [`BankFault`].
    pub fn inject(&mut self, fault: BankFault) {
        self.faults.push(fault);
    }

    /// The bank's own time at the last thing that happened.
    pub fn now(&self) -> Duration {
        self.clock.now()
    }

    /// The accounts, the entries and their total, as they are now.
    pub fn ledger(&self) -> Ledger {
        self.book.picture()
    }

    /// The entries of the ledger, without copying them: at most one per intent.
    pub fn entries(&self) -> &[LedgerEntry] {
        self.book.entries()
    }

    /// The entries that were taken back because the core rejected their payments.
    pub fn reversals(&self) -> &[LedgerReversal] {
        self.book.reversals()
    }

    /// The sum over all accounts, clearing accounts included; it never changes.
    pub fn total(&self) -> Money {
        self.book.total()
    }

    /// What is on an account of a client.
    pub fn balance(&self, account: AccountId) -> Option<Money> {
        let account = self.book.account(account).filter(|account| account.owner.is_some());
        account.map(|account| account.balance)
    }

    /// The requests to the API, in order; only the latest hundred thousand.
    pub fn requests(&self) -> impl ExactSizeIterator<Item = &ReceivedRequest> {
        self.journal.requests().iter()
    }

    /// Where a payment is.
    pub fn payment_status(&self, id: PaymentId) -> Option<PaymentStatus> {
        self.payments.get(id).map(|payment| payment.timeline.at(self.now()).0)
    }

    /// Why a payment will fail or has failed.
    pub fn rejection(&self, id: PaymentId) -> Option<Rejection> {
        self.payments.get(id).and_then(|payment| payment.rejection)
    }

    /// The signed event about a payment as it is now, for the first receiver that
    /// its client registered, or unregistered, under
    /// [`WEBHOOK_SECRET`](crate::WEBHOOK_SECRET).
    pub fn event_for(&mut self, id: PaymentId) -> Option<Delivery> {
        let payment = self.payments.get(id)?;
        let client = payment.client;
        let event = Event::about(payment, self.clock.now(), self.clients.id(client));
        let receiver = self.webhooks.receivers_of(client).next().cloned();
        let receiver = receiver.unwrap_or_else(|| Receiver::unregistered(client));
        Some(receiver.delivery(&event, 1, self.ids.uuid()))
    }

    /// Remembers what came of a delivery: the receiver's status, or why there is none.
    pub fn record_delivery(
        &mut self,
        now: Duration,
        delivery: &Delivery,
        outcome: Result<StatusCode, String>,
    ) {
        self.observe(now);
        self.webhooks.record(self.clock.now(), delivery, outcome);
    }

    /// The delivery attempts, in order; only the latest ten thousand.
    pub fn deliveries(&self) -> impl ExactSizeIterator<Item = &DeliveryRecord> {
        self.webhooks.records().iter()
    }

    /// Whether a key may give its first response again.
    pub(crate) fn is_final(&self, created: Created) -> bool {
        match created {
            Created::Payment(place) => is_final(&self.payments, place, self.clock.now()),
            Created::Transfer(_) | Created::Issue(_) => true,
        }
    }

    /// Whether one more intent fits.
    pub(crate) fn has_room(&self) -> Result<(), ApiError> {
        if self.keys.accepted() < self.most_intents {
            return Ok(());
        }
        let message = "The sandbox's ledger is full; start it anew.";
        Err(ApiError::new(StatusCode::SERVICE_UNAVAILABLE, "ERR_SBX_003", message))
    }

    pub(crate) fn observe(&mut self, now: Duration) {
        self.clock.observe(now);
        self.progress();
    }

    /// Does what has become due.
    pub(crate) fn progress(&mut self) {
        let now = self.clock.now();
        core_run::run(self, now);
        let payments = &self.payments;
        self.keys.expire(now, |created| match created {
            Created::Payment(place) => is_final(payments, place, now),
            Created::Transfer(_) | Created::Issue(_) => true,
        });
    }
}

impl fmt::Debug for Bank {
    /// Short, and without tokens: it may hold a million payments.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bank")
            .field("now", &self.now())
            .field("total", &self.total())
            .field("entries", &self.entries().len())
            .finish_non_exhaustive()
    }
}

fn is_final(payments: &Payments, place: usize, now: Duration) -> bool {
    payments.at(place).is_none_or(|payment| payment.timeline.is_final(now))
}
