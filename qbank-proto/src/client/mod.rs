//! The resource-shaped face of a client, written once for every driver.

mod driver;

use std::fmt;

pub use driver::{Async, Blocking, Driver, Flavor, ListDriver, LocalAsync, Run};

use std::time::Duration;

use chrono::{DateTime, Utc};

use crate::call::{Authenticate, Call, Reply, TokenInfo, WaitForPayment};
use crate::config::{AuthDate, CallOptions, Config, Resume};
use crate::endpoint::{
    CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, Effect, Endpoint, GetBalance,
    GetPayment, ListAccounts, ListCheckExceptions, ListEndpoint, ListTransactions, Write,
};
use crate::error::Error;
use crate::list::OpenList;
use crate::machine::{Entropy, Machine};
use crate::policy::ConflictPolicy;
use crate::resource::Payment;
use crate::session::Session;
use crate::types::{AccessToken, AccountId, IdempotencyKey, PaymentId};

/// A client of the bank: a session, and a driver for its calls. Cheap to clone
/// if the driver is.
///
/// Every operation gives a [`Pending`] call; nothing is sent before
/// [`Pending::send`].
#[derive(Debug, Clone)]
pub struct Client<D> {
    session: Session,
    driver: D,
}

impl<D: Driver> Client<D> {
    /// A client with the driver's defaults.
    pub fn new(config: Config) -> Result<Self, Error>
    where
        D: Default,
    {
        Self::with_driver(config, D::default())
    }

    /// A client with a driver of the application's making.
    pub fn with_driver(config: Config, driver: D) -> Result<Self, Error> {
        Ok(Self { session: Session::new(config)?, driver })
    }

    /// What the client's calls share.
    pub const fn session(&self) -> &Session {
        &self.session
    }

    /// The driver.
    pub const fn driver(&self) -> &D {
        &self.driver
    }

    /// Gets a token now, if there is no fresh one. Calls do this by themselves.
    pub fn authenticate(&self) -> Run<D, Result<TokenInfo, Error>> {
        let options = CallOptions::default();
        self.drive(Authenticate::new(&self.session, &options, self.driver.entropy()))
    }

    /// The accounts.
    pub const fn accounts(&self) -> Accounts<'_, D> {
        Accounts(self)
    }

    /// The balances.
    pub const fn balances(&self) -> Balances<'_, D> {
        Balances(self)
    }

    /// The transactions.
    pub const fn transactions(&self) -> Transactions<'_, D> {
        Transactions(self)
    }

    /// The payments.
    pub const fn payments(&self) -> Payments<'_, D> {
        Payments(self)
    }

    /// The transfers between own accounts.
    pub const fn transfers(&self) -> Transfers<'_, D> {
        Transfers(self)
    }

    /// Positive pay: issued checks and their exceptions.
    pub const fn positive_pay(&self) -> PositivePay<'_, D> {
        PositivePay(self)
    }

    /// Any operation, also one of the application's own.
    pub fn call<E: Endpoint>(&self, endpoint: E) -> Pending<'_, D, E> {
        Pending { client: self, endpoint, key: None, options: CallOptions::default() }
    }

    /// Drives a prepared call, or any other machine.
    pub fn drive<M>(&self, machine: M) -> Run<D, M::Output>
    where
        M: Machine + Send + 'static,
        M::Output: Send + 'static,
    {
        self.driver.drive(machine)
    }
}

/// `client.accounts()`.
#[derive(Debug)]
pub struct Accounts<'c, D>(&'c Client<D>);

impl<'c, D: Driver> Accounts<'c, D> {
    /// Lists the accounts, as of the last nightly load.
    pub fn list(&self) -> Pending<'c, D, ListAccounts> {
        self.0.call(ListAccounts)
    }
}

/// `client.balances()`.
#[derive(Debug)]
pub struct Balances<'c, D>(&'c Client<D>);

impl<'c, D: Driver> Balances<'c, D> {
    /// Reads the balance of an account, in real time.
    pub fn get(&self, account: AccountId) -> Pending<'c, D, GetBalance> {
        self.0.call(GetBalance::new(account))
    }
}

/// `client.transactions()`.
#[derive(Debug)]
pub struct Transactions<'c, D>(&'c Client<D>);

impl<'c, D: Driver> Transactions<'c, D> {
    /// Lists transactions, as of the last nightly load. The bank does not
    /// paginate: the answer holds all.
    pub fn list(&self, filter: ListTransactions) -> Pending<'c, D, ListTransactions> {
        self.0.call(filter)
    }
}

/// `client.payments()`.
#[derive(Debug)]
pub struct Payments<'c, D>(&'c Client<D>);

impl<'c, D: Driver> Payments<'c, D> {
    /// Pays by ACH.
    pub fn create_ach(&self, payment: CreateAch) -> Pending<'c, D, CreateAch> {
        self.0.call(payment)
    }

    /// Pays by wire.
    pub fn create_wire(&self, payment: CreateWire) -> Pending<'c, D, CreateWire> {
        self.0.call(payment)
    }

    /// Reads a payment.
    pub fn get(&self, payment: PaymentId) -> Pending<'c, D, GetPayment> {
        self.0.call(GetPayment::new(payment))
    }

    /// Waits until a payment is final.
    pub fn wait(&self, payment: PaymentId) -> PendingWait<'c, D> {
        PendingWait { client: self.0, payment, options: CallOptions::default(), accepted: false }
    }
}

/// `client.transfers()`.
#[derive(Debug)]
pub struct Transfers<'c, D>(&'c Client<D>);

impl<'c, D: Driver> Transfers<'c, D> {
    /// Moves money between two own accounts.
    pub fn create(&self, transfer: CreateTransfer) -> Pending<'c, D, CreateTransfer> {
        self.0.call(transfer)
    }
}

/// `client.positive_pay()`.
#[derive(Debug)]
pub struct PositivePay<'c, D>(&'c Client<D>);

impl<'c, D: Driver> PositivePay<'c, D> {
    /// Reports an issued check.
    pub fn create_issue(&self, issue: CreateCheckIssue) -> Pending<'c, D, CreateCheckIssue> {
        self.0.call(issue)
    }

    /// Lists presented checks that match no issued one.
    pub fn exceptions(&self) -> Pending<'c, D, ListCheckExceptions> {
        self.0.call(ListCheckExceptions)
    }
}

/// A call that is not sent yet: say what is different about it, then
/// [`Pending::send`] it.
#[must_use = "nothing is sent before `send`"]
pub struct Pending<'c, D, E: Endpoint> {
    client: &'c Client<D>,
    endpoint: E,
    key: Option<<E::Effect as Effect>::Key>,
    options: CallOptions,
}

impl<D: Driver, E: Endpoint> Pending<'_, D, E> {
    /// Limits each attempt.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Limits the call in total.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Sends again at most so often. 0 means exactly one attempt.
    pub fn max_retries(mut self, max_retries: u32) -> Self {
        self.options.max_retries = Some(max_retries);
        self
    }

    /// Uses this token, for this call alone.
    pub fn token(mut self, token: AccessToken) -> Self {
        self.options.token = Some(token);
        self
    }

    /// Sets all options at once. What only a builder's own methods can say, a
    /// resumed intent above all, stays unless the options say it, too.
    pub fn options(mut self, options: CallOptions) -> Self {
        let before = std::mem::replace(&mut self.options, options);
        self.options.resume = self.options.resume.or(before.resume);
        self.options.auth_date = self.options.auth_date.or(before.auth_date);
        self
    }

    /// The call itself, with its key and its bytes to look at, or to keep,
    /// before [`Client::drive`] sends them.
    pub fn call(self) -> Call<E> {
        let driver = &self.client.driver;
        let known = self.key.or(E::Effect::WITHOUT_KEY);
        let entropy = match known {
            Some(_) => Entropy { key: [0; 16], jitter: driver.jitter() },
            None => driver.entropy(),
        };
        let key = known.unwrap_or_else(|| E::Effect::key(entropy.key));
        Call::new(&self.client.session, self.endpoint, key, self.options, entropy)
    }

    /// Sends it, and drives it to its end.
    pub fn send(self) -> Run<D, Result<Reply<E::Output>, Error>> {
        let client = self.client;
        client.drive(self.call())
    }
}

impl<D: ListDriver, L: ListEndpoint> Pending<'_, D, L> {
    /// Sends it, and gives the items one after the other while the answer arrives, in
    /// the memory of one. The timeout limits the wait for the answer to begin, and the
    /// deadline all of it.
    pub fn stream(self) -> Run<D, Result<D::List<L>, Error>> {
        let client = self.client;
        let (endpoint, options) = (OpenList(self.endpoint), self.options);
        client.driver.open::<L, _>(Pending { client, endpoint, key: None, options }.call())
    }
}

impl<D: Driver, E: Endpoint<Effect = Write>> Pending<'_, D, E> {
    /// Uses this key instead of a fresh one.
    pub fn key(mut self, key: IdempotencyKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Continues an intent that was perhaps sent before, with its key.
    pub fn resume(self, key: IdempotencyKey, first_sent: impl Into<DateTime<Utc>>) -> Self {
        self.resume_with(key, Resume::new(first_sent))
    }

    /// Continues an intent that was perhaps sent before, with its key and bytes.
    pub fn resume_with(mut self, key: IdempotencyKey, resume: Resume) -> Self {
        self.options.resume = Some(resume);
        self.key(key)
    }

    /// Says what to do with a key conflict.
    pub fn on_conflict(mut self, policy: ConflictPolicy) -> Self {
        self.options.on_conflict = Some(policy);
        self
    }

    /// Tells the bank when the end user last authenticated.
    pub fn auth_date(mut self, date: AuthDate) -> Self {
        self.options.auth_date = Some(date);
        self
    }
}

impl<D, E: Endpoint> fmt::Debug for Pending<'_, D, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending").field("endpoint", &self.endpoint).finish_non_exhaustive()
    }
}

/// A wait that has not begun.
#[must_use = "nothing happens before `send`"]
#[derive(Debug)]
pub struct PendingWait<'c, D> {
    client: &'c Client<D>,
    payment: PaymentId,
    options: CallOptions,
    accepted: bool,
}

impl<D: Driver> PendingWait<'_, D> {
    /// Waits at most so long.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Limits each look.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// The bank has accepted this payment before: not seeing it is not absence.
    pub fn accepted(mut self) -> Self {
        self.accepted = true;
        self
    }

    /// The wait itself, for [`Client::drive`].
    pub fn machine(self) -> WaitForPayment {
        let entropy = self.client.driver.entropy();
        let wait = WaitForPayment::new(&self.client.session, self.payment, self.options, entropy);
        if self.accepted { wait.accepted() } else { wait }
    }

    /// Waits.
    pub fn send(self) -> Run<D, Result<Reply<Payment>, Error>> {
        let client = self.client;
        client.drive(self.machine())
    }
}
