//! The bank in the process of a test: its drivers do without a socket, a thread and a
//! runtime, in virtual time.
//!
//! ```
//! use std::time::Duration;
//! use qbank_proto::endpoint::CreateAch;
//! use qbank_proto::{Client, Fate};
//! use qbank_sandbox::{BankConfig, BankFault, InProcess, OPERATING, PAYROLL};
//!
//! let bank = InProcess::new(BankConfig::default());
//! let client = Client::with_driver(bank.config(), bank.blocking())?;
//!
//! // The response to the payment is lost; the client finds out what became of it.
//! bank.inject(BankFault::drop_after_commit().on("/payments/ach"));
//! let payment = CreateAch::new(OPERATING, PAYROLL, "12.50".parse()?);
//! let reply = client.payments().create_ach(payment).send()?;
//! assert_eq!(reply.fate, Fate::Accepted);
//! assert_eq!(bank.entries().len(), 1);
//!
//! // A day later it has settled, and the webhook is due.
//! bank.advance(Duration::from_secs(24 * 60 * 60));
//! assert_eq!(bank.deliveries().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Virtual time
//!
//! The drivers read both clocks from the bank. A wait (the pause before a retry, a slow
//! response, a payment that is polled) does not sleep: it moves the clock ahead, once
//! every call that is under way waits. A test of a deadline of three minutes takes
//! microseconds, and gives the same result every time. [`BankConfig::start`] is where
//! the clock begins, so a moment that an application saves must come from the driver
//! ([`Driver::now`](qbank_proto::Driver::now)), not from the system.
//!
//! Calls of several threads and of several tasks share the clock, and with it the rule:
//! a call counts from the moment it is made until its result, or until its future is
//! dropped. A future that is not polled for long does not hold the others up.
//!
//! # Faults
//!
//! [`InProcess::inject`] takes every [`BankFault`]; those that need the connection come
//! to the client as the [`Fault`](qbank_proto::Fault) that a transport would report.
//! [`InProcess::set_reachable`] takes the network away: nothing is sent then.
//!
//! # A driver of your own
//!
//! Where a test needs a response that no bank gives, a fake driver is a page of code:
//! poll the machine, give it the response, return its output.
//!
//! ```
//! use std::sync::{Arc, Mutex};
//! use std::task::Waker;
//! use std::time::Duration;
//! use bytes::Bytes;
//! use http::Response;
//! use qbank_proto::endpoint::CreateAch;
//! use qbank_proto::{
//!     AccessToken, Blocking, Client, Config, Credentials, Driver, Entropy, Environment, Fate,
//!     Machine, Now, Step,
//! };
//! use qbank_sandbox::{OPERATING, PAYROLL};
//!
//! /// Gives every request the same response, and keeps what was sent.
//! #[derive(Clone)]
//! struct Fake {
//!     response: Response<Bytes>,
//!     sent: Arc<Mutex<Vec<http::Request<Bytes>>>>,
//! }
//!
//! impl Driver for Fake {
//!     type Flavor = Blocking;
//!
//!     fn drive<M>(&self, mut machine: M) -> M::Output
//!     where
//!         M: Machine + Send + 'static,
//!         M::Output: Send + 'static,
//!     {
//!         let mut now = self.now();
//!         loop {
//!             match machine.poll(now, Waker::noop()) {
//!                 Step::Send(exchange) => {
//!                     self.sent.lock().unwrap().push(exchange.request);
//!                     machine.settle(now, exchange.ticket, Ok(self.response.clone()));
//!                 }
//!                 Step::Authorize { ticket, .. } => {
//!                     machine.supply(now, ticket, Err("no token supplier".into()));
//!                 }
//!                 // Time passes at once.
//!                 Step::Wait(limit) => {
//!                     now.mono += limit;
//!                     now.unix += limit;
//!                 }
//!                 Step::Done(output) => return output,
//!             }
//!         }
//!     }
//!
//!     fn entropy(&self) -> Entropy {
//!         Entropy::from_bytes([7; 24]) // one key is enough for one payment
//!     }
//!
//!     fn now(&self) -> Now {
//!         Now { mono: Duration::ZERO, unix: Duration::from_secs(1_767_621_600) }
//!     }
//! }
//!
//! let fake = Fake {
//!     response: Response::builder().status(418).body(Bytes::new())?,
//!     sent: Arc::default(),
//! };
//! let token = Credentials::Token(AccessToken::new("token")?);
//! let client = Client::with_driver(Config::new(Environment::Production, token), fake.clone())?;
//! let payment = CreateAch::new(OPERATING, PAYROLL, "12.50".parse()?);
//! let error = client.payments().create_ach(payment).send().unwrap_err();
//! assert_eq!(error.fate(), Fate::Refused);
//! assert_eq!(fake.sent.lock().unwrap().len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod driver;
mod exchange;
mod list;
mod scheduler;

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{Request, Response, StatusCode};
use qbank_proto::{
    AccessToken, AccountId, BoxError, Config, Credentials, Environment, Money, Now, PaymentId,
};
use serde::Deserialize;

use crate::bank::Bank;
use crate::bank::ids::Ids;
use crate::bank::journal::ReceivedRequest;
use crate::bank::ledger::{Ledger, LedgerEntry};
use crate::bank::payments::PaymentStatus;
use crate::bank::webhooks::{Delivery, Receiver};
use crate::config::{BankConfig, ClientConfig};
use crate::faults::BankFault;
use crate::message::route::BASE;
pub use driver::{AsyncDriver, BlockingDriver};
pub use list::{AsyncList, BlockingList};
use scheduler::Scheduler;

/// The bank for the tests of an application: see the [module](self). Cheap to clone;
/// the clones are one bank.
#[derive(Clone)]
pub struct InProcess {
    shared: Arc<Shared>,
}

/// What the drivers of a bank share.
struct Shared {
    start: Duration,
    scheduler: Scheduler,
    bank: Mutex<Bank>,
    /// Idempotency keys and jitter, apart from the bank's own ids.
    entropy: Mutex<Ids>,
    reachable: Mutex<bool>,
    client: Option<ClientConfig>,
}

impl InProcess {
    /// Opens a bank whose clock begins at [`BankConfig::start`].
    pub fn new(config: BankConfig) -> Self {
        let client = config.clients.first().cloned();
        let (seed, start) = (config.seed, config.start);
        let mut bank = Bank::new(config);
        for client in bank.clients.all() {
            let id = bank.clients.id(client).into();
            bank.webhooks.add_receiver(Receiver::in_process(client, id));
        }
        Self {
            shared: Arc::new(Shared {
                start,
                scheduler: Scheduler::default(),
                bank: Mutex::new(bank),
                entropy: Mutex::new(Ids::new(!seed)),
                reachable: Mutex::new(true),
                client,
            }),
        }
    }

    /// The configuration of a client of this bank: its first client's credentials.
    pub fn config(&self) -> Config {
        let credentials = match &self.shared.client {
            Some(client) => Credentials::client(client.id.clone(), client.secret.clone()),
            None => Credentials::Supplier,
        };
        Config::new(Environment::custom(format!("https://sandbox.example{BASE}")), credentials)
    }

    /// A driver for blocking code. It takes every host for this bank, and asks the bank
    /// itself for a token where the credentials are a supplier.
    pub fn blocking(&self) -> BlockingDriver {
        BlockingDriver::new(Arc::clone(&self.shared))
    }

    /// A driver for async code, on any executor; otherwise as [`InProcess::blocking`].
    pub fn asynchronous(&self) -> AsyncDriver {
        AsyncDriver::new(Arc::clone(&self.shared))
    }

    /// Makes requests to come fail.
    pub fn inject(&self, fault: BankFault) {
        self.bank().inject(fault);
    }

    /// Takes the network away, or gives it back: without it no connection can be made,
    /// and nothing is sent.
    pub fn set_reachable(&self, reachable: bool) {
        *lock(&self.shared.reachable) = reachable;
    }

    /// Lets time pass, for the bank and for its clients.
    pub fn advance(&self, by: Duration) {
        self.shared.scheduler.advance(by);
    }

    /// Both clocks.
    pub fn now(&self) -> Now {
        self.shared.now()
    }

    /// The ledger: accounts, entries, reversals and their total.
    pub fn ledger(&self) -> Ledger {
        self.bank().ledger()
    }

    /// The entries of the ledger: at most one per intent.
    pub fn entries(&self) -> Vec<LedgerEntry> {
        self.bank().entries().to_vec()
    }

    /// What is on an account of a client.
    pub fn balance(&self, account: AccountId) -> Option<Money> {
        self.bank().balance(account)
    }

    /// The status of a payment.
    pub fn payment_status(&self, payment: PaymentId) -> Option<PaymentStatus> {
        self.bank().payment_status(payment)
    }

    /// The requests that arrived, in order, those for tokens included.
    pub fn requests(&self) -> Vec<ReceivedRequest> {
        self.bank().requests().cloned().collect()
    }

    /// The webhook deliveries that are due, each accepted with 200. They are signed with
    /// [`WEBHOOK_SECRET`](crate::WEBHOOK_SECRET).
    pub fn deliveries(&self) -> Vec<Delivery> {
        let mut deliveries = Vec::new();
        self.deliver(|delivery| {
            deliveries.push(delivery.clone());
            StatusCode::OK
        });
        deliveries
    }

    /// Hands the deliveries that are due to a receiver. What it does not accept with
    /// exactly 200 is due again later: after 1 s, 5 s, 30 s and so on.
    pub fn deliver(&self, mut receive: impl FnMut(&Delivery) -> StatusCode) {
        loop {
            let due = self.bank().tick(self.now().unix);
            if due.is_empty() {
                return;
            }
            for delivery in due {
                // The receiver may make calls: the bank is not locked meanwhile.
                let status = receive(&delivery);
                self.bank().record_delivery(self.now().unix, &delivery, Ok(status));
            }
        }
    }

    /// The bank itself. Release it before the next call, which needs it.
    pub fn bank(&self) -> MutexGuard<'_, Bank> {
        self.shared.bank()
    }
}

impl Shared {
    fn now(&self) -> Now {
        let mono = self.scheduler.time();
        Now { mono, unix: self.start.saturating_add(mono) }
    }

    fn bank(&self) -> MutexGuard<'_, Bank> {
        let now = self.now();
        let mut bank = lock(&self.bank);
        bank.observe(now.unix);
        bank
    }

    fn handle(&self, request: Request<Bytes>) -> Response<Bytes> {
        let now = self.now().unix;
        lock(&self.bank).handle(now, request)
    }

    fn random(&self) -> [u8; 24] {
        let mut ids = lock(&self.entropy);
        let mut bytes = [0; 24];
        for part in bytes.chunks_exact_mut(8) {
            part.copy_from_slice(&ids.next().to_le_bytes());
        }
        bytes
    }

    /// The token supplier: a token of the first client.
    fn supply_token(&self) -> Result<AccessToken, BoxError> {
        #[derive(Deserialize)]
        struct Granted {
            access_token: String,
            expires_in: u64,
        }
        let client = self.client.as_ref().ok_or("the bank has no client")?;
        let form = form_urlencoded::Serializer::new(String::new())
            .append_pair("grant_type", "client_credentials")
            .append_pair("client_id", &client.id)
            .append_pair("client_secret", client.secret.expose())
            .finish();
        let request = Request::post(format!("{BASE}/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Bytes::from(form))?;
        let granted: Granted = serde_json::from_slice(self.handle(request).body())
            .map_err(|_| "the bank did not grant a token")?;
        let token = AccessToken::new(&granted.access_token)?;
        Ok(token.expires_in(Duration::from_secs(granted.expires_in)))
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl fmt::Debug for InProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("InProcess").field("now", &self.now()).finish_non_exhaustive()
    }
}
