//! What every sandbox starts with, unless its configuration differs: two clients and
//! their funded accounts.

use qbank_proto::{AccountId, Money};
use uuid::Uuid;

use crate::config::{AccountConfig, AccountType, ClientConfig};

/// The client id of the default sandbox.
pub const CLIENT_ID: &str = "sandbox";
/// The secret of [`CLIENT_ID`]. It protects no real money and is public.
pub const CLIENT_SECRET: &str = "sandbox-secret";
/// Signs webhooks whose registration names no secret of its own.
pub const WEBHOOK_SECRET: &str = "sandbox-webhook-secret";

/// A checking account with 250,000.00.
pub const OPERATING: AccountId = account(1);
/// A checking account with 40,000.00.
pub const PAYROLL: AccountId = account(2);
/// A treasury account with 1,000,000.00.
pub const TREASURY: AccountId = account(3);
/// A savings account with 75,500.25.
pub const SAVINGS: AccountId = account(4);
/// A closed, empty checking account: payments from and to it are refused.
pub const CLOSED: AccountId = account(5);
/// Stands in the ledger for all external recipients of ACH payments; not an account of the client.
pub const ACH_CLEARING: AccountId = account(0x0a01);
/// Stands in the ledger for all external recipients of wires; not an account of the client.
pub const WIRE_CLEARING: AccountId = account(0x0a02);

/// Another client id: neither has access to what the other has.
pub const SECOND_CLIENT_ID: &str = "sandbox-b";
/// The secret of [`SECOND_CLIENT_ID`].
pub const SECOND_CLIENT_SECRET: &str = "sandbox-b-secret";
/// A checking account of the second client with 50,000.00.
pub const SECOND_OPERATING: AccountId = account(0x0b01);
/// A savings account of the second client with 10,000.00.
pub const SECOND_SAVINGS: AccountId = account(0x0b02);
/// Stands in the ledger for the funding of every client but the first, and for
/// [`BankConfig::fund`](crate::BankConfig::fund), so that the total is what the first client
/// opened with.
pub const FUNDING: AccountId = account(0x0a03);

const fn account(n: u128) -> AccountId {
    AccountId::from_uuid(Uuid::from_u128(0xacc0_0000_0000_4000_8000_0000_0000_0000 | n))
}

/// The clients of the default configuration.
pub(crate) fn clients() -> Vec<ClientConfig> {
    let account =
        |id, name, kind, cents| AccountConfig::new(id, name, kind, Money::from_cents(cents));
    vec![
        ClientConfig::new(CLIENT_ID, CLIENT_SECRET)
            .account(account(OPERATING, "Operating", AccountType::Checking, 25_000_000))
            .account(account(PAYROLL, "Payroll", AccountType::Checking, 4_000_000))
            .account(account(TREASURY, "Treasury", AccountType::Treasury, 100_000_000))
            .account(account(SAVINGS, "Reserve", AccountType::Savings, 7_550_025))
            .account(account(CLOSED, "Old Petty Cash", AccountType::Checking, 0).closed()),
        ClientConfig::new(SECOND_CLIENT_ID, SECOND_CLIENT_SECRET)
            .account(account(SECOND_OPERATING, "Operating", AccountType::Checking, 5_000_000))
            .account(account(SECOND_SAVINGS, "Reserve", AccountType::Savings, 1_000_000)),
    ]
}
