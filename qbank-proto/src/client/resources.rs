//! The operations of a client, by resource.

use super::{Client, Driver, Pending, PendingWait};
use crate::endpoint::{
    CreateAch, CreateCheckIssue, CreateTransfer, CreateWire, GetBalance, GetPayment, ListAccounts,
    ListCheckExceptions, ListTransactions,
};
use crate::types::{AccountId, PaymentId};

/// `client.accounts()`.
#[derive(Debug)]
pub struct Accounts<'c, D>(pub(super) &'c Client<D>);

impl<'c, D: Driver> Accounts<'c, D> {
    /// Lists the accounts, as of the last nightly load.
    pub fn list(&self) -> Pending<'c, D, ListAccounts> {
        self.0.call(ListAccounts)
    }
}

/// `client.balances()`.
#[derive(Debug)]
pub struct Balances<'c, D>(pub(super) &'c Client<D>);

impl<'c, D: Driver> Balances<'c, D> {
    /// Reads the balance of an account, in real time.
    pub fn get(&self, account: AccountId) -> Pending<'c, D, GetBalance> {
        self.0.call(GetBalance::new(account))
    }
}

/// `client.transactions()`.
#[derive(Debug)]
pub struct Transactions<'c, D>(pub(super) &'c Client<D>);

impl<'c, D: Driver> Transactions<'c, D> {
    /// Lists transactions, as of the last nightly load. The bank does not
    /// paginate: the response holds all.
    pub fn list(&self, filter: ListTransactions) -> Pending<'c, D, ListTransactions> {
        self.0.call(filter)
    }
}

/// `client.payments()`.
#[derive(Debug)]
pub struct Payments<'c, D>(pub(super) &'c Client<D>);

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
        PendingWait::new(self.0, payment)
    }
}

/// `client.transfers()`.
#[derive(Debug)]
pub struct Transfers<'c, D>(pub(super) &'c Client<D>);

impl<'c, D: Driver> Transfers<'c, D> {
    /// Moves money between two own accounts.
    pub fn create(&self, transfer: CreateTransfer) -> Pending<'c, D, CreateTransfer> {
        self.0.call(transfer)
    }
}

/// `client.positive_pay()`.
#[derive(Debug)]
pub struct PositivePay<'c, D>(pub(super) &'c Client<D>);

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
