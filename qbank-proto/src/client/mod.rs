//! The client that an application holds, written once for every driver: operations by
//! resource, and the [`Driver`] that does the I/O.

mod driver;
mod pending;
mod resources;

pub use driver::{Async, Blocking, Driver, Flavor, ListDriver, LocalAsync, Run};
pub use pending::{Pending, PendingWait};
pub use resources::{Accounts, Balances, Payments, PositivePay, Transactions, Transfers};

use crate::call::{Authenticate, TokenInfo};
use crate::config::{CallOptions, Config};
use crate::endpoint::Endpoint;
use crate::error::Error;
use crate::machine::{Machine, Now};
use crate::session::Session;

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

    /// Both clocks, as the driver reads them.
    pub fn now(&self) -> Now {
        self.driver.now()
    }

    /// Gets a token now, if there is no fresh one. Calls do this by themselves.
    pub fn authenticate(&self) -> Run<D, Result<TokenInfo, Error>> {
        let options = CallOptions::default();
        self.drive(Authenticate::new(&self.session, &options, self.driver.jitter()))
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
        Pending::new(self, endpoint)
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
