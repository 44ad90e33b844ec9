//! A call that is not sent yet.

use std::fmt;
use std::time::Duration;

use super::{Client, Driver, ListDriver, Run};
use crate::call::{Call, Reply, WaitForPayment};
use crate::config::{AuthDate, CallOptions, WriteOptions};
use crate::endpoint::{Effect, Endpoint, ListEndpoint, Write};
use crate::error::Error;
use crate::list::OpenList;
use crate::policy::ConflictPolicy;
use crate::resource::Payment;
use crate::types::{AccessToken, IdempotencyKey, PaymentId, Resume};

/// A call that is not sent yet: say what is different about it, then
/// [`Pending::send`] it.
#[must_use = "nothing is sent before `send`"]
pub struct Pending<'c, D, E: Endpoint> {
    client: &'c Client<D>,
    endpoint: E,
    options: CallOptions,
    /// What a write has besides; a read cannot set any of it.
    intent: Given,
}

#[derive(Default)]
struct Given {
    key: Option<IdempotencyKey>,
    resume: Option<Resume>,
    on_conflict: Option<ConflictPolicy>,
    auth_date: Option<AuthDate>,
}

impl<'c, D: Driver, E: Endpoint> Pending<'c, D, E> {
    pub(super) fn new(client: &'c Client<D>, endpoint: E) -> Self {
        Self { client, endpoint, options: CallOptions::new(), intent: Given::default() }
    }

    /// Limits each attempt.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Limits name resolution, TCP, TLS and proxy together.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.options.connect_timeout = Some(timeout);
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

    /// Sets all that every call may do differently at once.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The call itself, with its key and its bytes to look at, or to keep,
    /// before [`Client::drive`] sends them.
    pub fn call(self) -> Call<E> {
        let driver = self.client.driver();
        let Given { key, resume, on_conflict, auth_date } = self.intent;
        let options = E::Effect::options(self.options, || {
            let mut options = match resume {
                Some(resume) => WriteOptions::resume(resume),
                None => WriteOptions::new(
                    key.unwrap_or_else(|| IdempotencyKey::from_entropy(driver.entropy().key)),
                ),
            };
            options.on_conflict = on_conflict;
            options.auth_date = auth_date;
            options
        });
        Call::new(self.client.session(), self.endpoint, options, driver.jitter())
    }

    /// Sends it, and drives it to its end.
    pub fn send(self) -> Run<D, Result<Reply<E::Output>, Error>> {
        let client = self.client;
        client.drive(self.call())
    }
}

impl<D: ListDriver, L: ListEndpoint> Pending<'_, D, L> {
    /// Sends it, and gives the items one after the other while the response arrives, in
    /// the memory of one. The timeout limits the wait for the response to begin, and the
    /// deadline all of it.
    pub fn stream(self) -> Run<D, Result<D::List<L>, Error>> {
        let opening = Pending::new(self.client, OpenList(self.endpoint)).options(self.options);
        self.client.driver().open::<L, _>(opening.call())
    }
}

impl<D: Driver, E: Endpoint<Effect = Write>> Pending<'_, D, E> {
    /// Uses this key instead of a fresh one.
    pub fn key(mut self, key: IdempotencyKey) -> Self {
        self.intent.key = Some(key);
        self
    }

    /// Continues an intent that was perhaps sent before: what the application saved, or
    /// what [`Error::resume`] gave.
    pub fn resume(mut self, resume: Resume) -> Self {
        self.intent.resume = Some(resume);
        self
    }

    /// Says what to do with a key conflict.
    pub fn on_conflict(mut self, policy: ConflictPolicy) -> Self {
        self.intent.on_conflict = Some(policy);
        self
    }

    /// Tells the bank when the end user last authenticated.
    pub fn auth_date(mut self, date: AuthDate) -> Self {
        self.intent.auth_date = Some(date);
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

impl<'c, D: Driver> PendingWait<'c, D> {
    pub(super) fn new(client: &'c Client<D>, payment: PaymentId) -> Self {
        Self { client, payment, options: CallOptions::new(), accepted: false }
    }

    /// Waits at most so long.
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.options.deadline = Some(deadline);
        self
    }

    /// Limits each poll.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.options.timeout = Some(timeout);
        self
    }

    /// Sets all that every call may do differently at once.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// The bank has accepted this payment before: not seeing it is not absence.
    pub fn accepted(mut self) -> Self {
        self.accepted = true;
        self
    }

    /// The wait itself, for [`Client::drive`].
    pub fn machine(self) -> WaitForPayment {
        let jitter = self.client.driver().jitter();
        let wait = WaitForPayment::new(self.client.session(), self.payment, self.options, jitter);
        if self.accepted { wait.accepted() } else { wait }
    }

    /// Waits.
    pub fn send(self) -> Run<D, Result<Reply<Payment>, Error>> {
        let client = self.client;
        client.drive(self.machine())
    }
}
